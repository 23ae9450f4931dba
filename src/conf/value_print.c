/* SPDX-License-Identifier: EUPL-1.2
 * From values to the text that they are read from, by type of setting. */
#include "config.h"
#include "conf/value.h"

#include <string.h>

static void print_unit(int64_t n, const struct unit *units, struct buf *out)
{
	size_t i = n == 0 ? UNITS - 1 : 0;

	while (n % units[i].size != 0)
		i++;
	buf_fmt(out, "%lld%s", (long long)(n / units[i].size), units[i].name);
}

void duration_print(int64_t ms, struct buf *out)
{
	print_unit(ms, durations, out);
}

void size_print(uint64_t bytes, struct buf *out)
{
	print_unit((int64_t)bytes, sizes, out);
}

static int64_t get_integer(const struct setting *s, const void *base)
{
	int64_t n;
	int32_t narrow;
	bool flag;

	if (s->width == sizeof n) {
		memcpy(&n, setting_member(s, base), sizeof n);
		return n;
	}
	if (s->width == sizeof narrow) {
		memcpy(&narrow, setting_member(s, base), sizeof narrow);
		return narrow;
	}
	memcpy(&flag, setting_member(s, base), sizeof flag);
	return flag;
}

static const char *get_text(const struct setting *s, const void *base)
{
	return *(const char **)setting_member(s, base);
}

static void choice_print(const char *choices, int64_t n, struct buf *out)
{
	const char *at = choices;

	for (; n > 0; n--)
		at = strchr(at, '|') + 1;
	buf_put(out, at, strcspn(at, "|"));
}

static bool print_refs(const struct conf *conf, enum section_kind kind, const size_t *v, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++)
		buf_fmt(out, "%s%s", i ? " " : "", section_name(conf, kind, v[i]));
	return n > 0;
}

static void print_identity(const struct conf_sender *sender, struct buf *out)
{
	if (sender->identity == IDENTITY_HEADER)
		buf_fmt(out, "header:%s", sender->identity_header);
	else
		buf_str(out, sender->identity == IDENTITY_CONTENT ? "content" : "correlation");
}

static void print_retry(const struct conf_retry *retry, struct buf *out)
{
	buf_fmt(out, "%d ", retry->attempts);
	duration_print(retry->first_ms, out);
	buf_fmt(out, " %.15g ", retry->factor);
	duration_print(retry->longest_ms, out);
}

static void print_circuit(const struct conf_circuit *circuit, struct buf *out)
{
	struct conf_retry waits = { circuit->failures, circuit->first_ms, circuit->factor, circuit->longest_ms };

	if (circuit->failures)
		print_retry(&waits, out);
	else
		buf_str(out, "off");
}

static void print_from(const struct conf_handler *handler, struct buf *out)
{
	if (handler->from == FROM_AGO)
		duration_print(handler->from_ago_ms, out);
	else
		buf_str(out, handler->from == FROM_NOW ? "now" : "beginning");
}

static void print_accepts(unsigned accepts, struct buf *out)
{
	if ((accepts & ACCEPTS_NRC) && (accepts & ACCEPTS_CLOUD))
		buf_str(out, "both");
	else if (accepts & ACCEPTS_NRC)
		buf_str(out, "nrc");
	else if (accepts & ACCEPTS_CLOUD)
		buf_str(out, accepts & ACCEPTS_JSON ? "cloudevents json" : "cloudevents");
	else
		buf_str(out, "json");
}

/* Of what the endpoint takes. */
static bool print_profile(const struct conf_endpoint *endpoint, struct buf *out)
{
	if (endpoint->accepts & ACCEPTS_NRC)
		choice_print(nrc_profiles, endpoint->profile, out);
	if (endpoint->accepts == (ACCEPTS_NRC | ACCEPTS_CLOUD))
		buf_char(out, ' ');
	if (endpoint->accepts & ACCEPTS_CLOUD)
		choice_print(cloud_profiles, endpoint->cloud_profile, out);
	return endpoint->accepts & (ACCEPTS_NRC | ACCEPTS_CLOUD);
}

static bool print_text(const char *text, struct buf *out)
{
	if (text)
		buf_str(out, text);
	return text != NULL;
}

bool setting_print(const struct setting *s, const struct conf *conf, const void *base, struct buf *out)
{
	switch (s->type) {
	case TYPE_INT: buf_fmt(out, "%lld", (long long)get_integer(s, base)); break;
	case TYPE_SIZE: size_print((uint64_t)get_integer(s, base), out); break;
	case TYPE_DURATION: duration_print(get_integer(s, base), out); break;
	case TYPE_BOOL: buf_str(out, get_integer(s, base) ? "yes" : "no"); break;
	case TYPE_CHOICE: choice_print(s->choices, get_integer(s, base), out); break;
	case TYPE_SENDERS: {
		const struct conf_endpoint *endpoint = base;

		print_refs(conf, IN_SENDER, endpoint->senders, endpoint->n_senders, out);
		break;
	}
	case TYPE_ISSUERS: {
		const struct conf_sender *sender = base;

		return print_refs(conf, IN_ISSUER, sender->issuers, sender->n_issuers, out);
	}
	case TYPE_KEYS: return print_text(((const struct conf_keys *)setting_member(s, base))->ref, out);
	case TYPE_SECRET: return print_text(((const struct secret *)setting_member(s, base))->ref, out);
	case TYPE_IDENTITY: print_identity(base, out); break;
	case TYPE_ACCEPTS: print_accepts((unsigned)get_integer(s, base), out); break;
	case TYPE_PROFILE: return print_profile(base, out);
	case TYPE_MAPPING: {
		const struct mapping *mapping = *(const struct mapping **)setting_member(s, base);

		return print_text(mapping ? mapping->text : NULL, out);
	}
	case TYPE_RETRY: print_retry(setting_member(s, base), out); break;
	case TYPE_CIRCUIT: print_circuit(setting_member(s, base), out); break;
	case TYPE_FROM: print_from(base, out); break;
	default: return print_text(get_text(s, base), out);
	}
	return true;
}
