/* SPDX-License-Identifier: EUPL-1.2 */
#include "event/extension.h"

#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "event/base64.h"
#include "event/integer.h"
#include "event/time.h"
#include "event/uri.h"

enum rule { RULE_TEXT, RULE_TIME, RULE_REFERENCE, RULE_URI, RULE_BINARY, RULE_COUNT, RULE_POSITIVE, RULE_TRUE };

static const struct extension {
	const char *name;
	enum rule rule;
} extensions[] = {	/* documented-extensions.md of CloudEvents */
	{ "sequence", RULE_TEXT }, { "sequencetype", RULE_TEXT }, { "partitionkey", RULE_TEXT },
	{ "traceparent", RULE_TEXT }, { "correlationid", RULE_TEXT }, { "causationid", RULE_TEXT },
	{ "authtype", RULE_TEXT }, { "severitytext", RULE_TEXT }, { "dataref", RULE_REFERENCE },
	{ "expirytime", RULE_TIME }, { "recordedtime", RULE_TIME }, { "deprecationfrom", RULE_TIME },
	{ "deprecationsunset", RULE_TIME }, { "sampledrate", RULE_POSITIVE }, { "severitynumber", RULE_COUNT },
	{ "deprecated", RULE_TRUE }, { "deprecationmigration", RULE_URI }, { "dssematerial", RULE_BINARY },
};

static const char *string_fault(enum json_kind kind, size_t len)
{
	return kind != JSON_STRING ? "has to be a string" : len ? NULL : "is empty";
}

static const char *number_fault(const char *value, size_t len, int32_t least)
{
	int32_t n;

	if (!integer_parse(value, len, &n))
		return "has to be an integer";
	return n >= least ? NULL : least ? "has to be more than 0" : "has to be 0 or more";
}

const char *extension_fault(const char *name, enum json_kind kind, const char *value, size_t len)
{
	size_t i = 0;

	while (i < sizeof extensions / sizeof *extensions && !str_same(extensions[i].name, name))
		i++;
	if (i == sizeof extensions / sizeof *extensions)
		return NULL;
	switch (extensions[i].rule) {
	case RULE_TIME:
		return kind == JSON_STRING && time_parse(value, TIME_RFC3339, NULL) ? NULL : "has to be a time of RFC 3339";
	case RULE_REFERENCE:
		return kind == JSON_STRING && len && uri_reference_valid(value) ? NULL : "has to be a URI reference of RFC 3986";
	case RULE_URI:
		return kind == JSON_STRING && uri_valid(value) ? NULL : "has to be a URI of RFC 3986";
	case RULE_BINARY:
		return kind == JSON_STRING && base64_valid(value, len) ? NULL : "has to be base64 (RFC 4648 section 4)";
	case RULE_COUNT:
		return number_fault(value, len, 0);
	case RULE_POSITIVE:
		return number_fault(value, len, 1);
	case RULE_TRUE:
		return strcmp(value, "true") == 0 ? NULL : "has to be true where it is used";
	default:
		return string_fault(kind, len);
	}
}

static bool is_integer(const char *text)
{
	return integer_parse(text, strlen(text), NULL);
}

/* Whether both are times, and the first is later. */
static bool is_later(const char *a, const char *b)
{
	int64_t first, second;

	return a && b && time_parse(a, TIME_RFC3339, &first) && time_parse(b, TIME_RFC3339, &second) && first > second;
}

void extension_check(const struct event *event, extension_says *says, void *arg)
{
	const char *sequence = event_extension(event, "sequence"), *type = event_extension(event, "sequencetype");

	/* The Dutch profile writes integer. */
	if (sequence && *sequence && type && strcasecmp(type, "Integer") == 0 && !is_integer(sequence))
		says(arg, "sequence", "has to be a 32-bit integer, as its sequencetype says");
	if (!event_extension(event, "authtype") && (event_extension(event, "authid") || event_extension(event, "authclaims")))
		says(arg, "authtype", "is missing, which authid and authclaims need");
	if (!event_extension(event, "deprecated") && (event_extension(event, "deprecationfrom") ||
						      event_extension(event, "deprecationsunset") ||
						      event_extension(event, "deprecationmigration")))
		says(arg, "deprecated", "is missing, which the other attributes of a deprecation need");
	if (is_later(event_extension(event, "deprecationfrom"), event_extension(event, "deprecationsunset")))
		says(arg, "deprecationsunset", "is before deprecationfrom");
}
