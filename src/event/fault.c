/* SPDX-License-Identifier: EUPL-1.2 */
#include "event/fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NAME_MAX_LEN 120	/* a peer chose it, and it goes back in an answer */
#define REASON_MAX_LEN 512

/* At most max bytes of s, without cutting a UTF-8 sequence in two. */
static size_t fit(const char *s, size_t max)
{
	size_t len = strlen(s);

	if (len <= max)
		return len;
	while (max && ((unsigned char)s[max] & 0xC0) == 0x80)
		max--;
	return max;
}

void fault_add(struct faults *faults, const char *name, const char *code, const char *fmt, ...)
{
	char reason[REASON_MAX_LEN];
	struct fault *fault;
	va_list args;

	if (faults->n == FAULTS_MAX) {
		faults->left_out++;
		return;
	}
	if (!faults->v)
		faults->v = pool_alloc(faults->pool, FAULTS_MAX * sizeof *faults->v);
	va_start(args, fmt);
	vsnprintf(reason, sizeof reason, fmt, args);
	va_end(args);
	fault = &faults->v[faults->n++];
	fault->name = pool_strn(faults->pool, name, fit(name, NAME_MAX_LEN));
	fault->code = code;
	fault->reason = pool_str(faults->pool, reason);
}
