/* SPDX-License-Identifier: EUPL-1.2 */
#include "event/message.h"

#include <string.h>
#include "base/mem.h"

const char *message_header(const struct message *m, const char *name, size_t *n)
{
	const char *value = NULL;
	size_t seen = 0;

	for (size_t i = 0; i < m->n_headers; i++) {
		if (!str_same(m->headers[i].name, name))
			continue;
		if (!seen++)
			value = m->headers[i].value;
		if (!n)
			return value;
	}
	if (n)
		*n = seen;
	return value;
}

bool trace_valid(const char *s)
{
	static const char form[] = "xx-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx";

	if (!s || strlen(s) != sizeof form - 1)
		return false;
	for (size_t i = 0; s[i]; i++)
		if (form[i] == '-' ? s[i] != '-' : !strchr("0123456789abcdef", s[i]))
			return false;
	return true;
}

bool trace_named(const char *name)
{
	return str_same(name, "traceparent") || str_same(name, "tracestate");
}

const char *message_trace(const struct message *m)
{
	const char *trace = message_header(m, "ce-traceparent", NULL);

	if (!trace_valid(trace))
		trace = message_header(m, "traceparent", NULL);
	return trace_valid(trace) ? trace : NULL;
}
