/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "trust/template.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/hex.h"
#include "event/base64.h"

#define HASHES (HASH_SHA512 + 1)
#define SECONDS_DIGITS 12	/* until the year 33658 */
#define PREFIX_MOST 100

bool window_has(const struct window *window, int64_t ms)
{
	return !window->max_age_ms || (ms >= window->now_ms - window->max_age_ms && ms <= window->now_ms + window->max_age_ms);
}

/* ---- names in braces ---- */

enum name { NAME_BODY, NAME_TIMESTAMP, NAME_ID, NAME_METHOD, NAME_PATH, NAME_URL, NAME_HEADER, NAME_NONE };
static const char *const names[] = { "body}", "timestamp}", "id}", "method}", "path}", "url}", "header:" };

/* Which name starts behind a brace; *end becomes the place behind it, and *of a header's name in it. */
static enum name name_at(const char *at, struct span *of, const char **end)
{
	for (size_t i = 0; i < NAME_NONE; i++) {
		size_t len = strlen(names[i]);

		if (strncmp(at, names[i], len) != 0)
			continue;
		*end = at + len;
		if (i != NAME_HEADER)
			return (enum name)i;
		*of = (struct span){ at + len, strcspn(at + len, "}") };
		*end += of->len + 1;
		return of->len && at[len + of->len] ? NAME_HEADER : NAME_NONE;
	}
	return NAME_NONE;
}

char *template_lower(struct pool *pool, const char *p, size_t len)
{
	char *out = pool_strn(pool, p, len);

	for (char *at = out; *at; at++)
		*at = (char)tolower((unsigned char)*at);
	return out;
}

/* The NAME of header:NAME; null: it is none. */
static const char *header_of(struct pool *pool, const char *place)
{
	return place && strncmp(place, "header:", 7) == 0 ? template_lower(pool, place + 7, strlen(place + 7)) : NULL;
}

static const char *part_of(const char *place)
{
	return place && strncmp(place, "part:", 5) == 0 ? place + 5 : NULL;
}

int template_check(const struct template *t, struct err *err)
{
	const char *end, *brace = strchr(t->prefix, '{');
	struct span of;

	if (part_of(t->timestamp) && !t->separator)
		return err_set(err, "signature.timestamp = %s is one part of several: say what stands between them (signature.separator)",
			       t->timestamp);
	if (strlen(t->prefix) > PREFIX_MOST)
		return err_set(err, "signature.prefix has more than %d bytes", PREFIX_MOST);

	for (const char *at = strchr(t->text, '{'); at; at = strchr(end, '{'))
		if (name_at(at + 1, &of, &end) == NAME_NONE)
			return err_set(err, "signature.text: there is no %.*s} to be signed: write {body}, {timestamp}, {id}, {method}, "
				       "{path}, {url} or {header:NAME}", (int)strcspn(at, "}"), at);
	if (brace && strncmp(brace, "{hash}", 6) != 0)
		return err_set(err, "signature.prefix: of names in braces there is {hash} alone");
	return 0;
}

/* The value of a header that is there once. */
static const char *only(const struct message *m, const char *name)
{
	size_t n;
	const char *value = message_header(m, name, &n);

	return n == 1 ? value : NULL;
}

static struct span span_of(const char *text)
{
	return (struct span){ text ? text : "", text ? strlen(text) : 0 };
}

static bool stands_for(const struct template_fill *fill, enum name name, struct span of, struct span *out)
{
	const char *value;

	switch (name) {
	case NAME_BODY:
		*out = (struct span){ fill->m->body, fill->m->body_len };
		return true;
	case NAME_TIMESTAMP: value = fill->timestamp; break;
	case NAME_ID: value = fill->id; break;
	case NAME_METHOD: value = fill->m->method; break;
	case NAME_PATH: value = fill->path; break;
	case NAME_URL: value = fill->url; break;
	default: value = only(fill->m, template_lower(fill->pool, of.p, of.len)); break;
	}
	*out = span_of(value);
	return value;
}

struct span *template_text(const struct template *t, const struct template_fill *fill, size_t *n, const char **note)
{
	struct span *out = pool_alloc(fill->pool, (strlen(t->text) + 1) * sizeof *out);
	const char *at = t->text;

	*n = 0;
	while (*at) {
		struct span of = { "", 0 };
		const char *end;

		if (*at != '{') {
			end = at + strcspn(at, "{");
			out[(*n)++] = (struct span){ at, (size_t)(end - at) };
		} else if (!stands_for(fill, name_at(at + 1, &of, &end), of, &out[(*n)++])) {
			*note = "a header that is signed, or what its text needs of the URL, is not there once";
			return NULL;
		}
		at = end;
	}
	return out;
}

/* ---- reading ---- */

static enum trust_verdict wrong(const char **note, const char *text)
{
	*note = text;
	return TRUST_WRONG;
}

static bool split(const struct template *t, const char *value, struct template_reading *out)
{
	const char separator[] = { t->separator, '\0' };

	out->n_entries = 0;
	for (const char *at = value; *at;) {
		size_t len = t->separator ? strcspn(at, separator) : strlen(at), blanks = strspn(at, " \t"), end = len;

		blanks = blanks < len ? blanks : len;
		while (end > blanks && (at[end - 1] == ' ' || at[end - 1] == '\t'))
			end--;
		if (end > blanks && out->n_entries == TEMPLATE_ENTRIES)
			return false;
		if (end > blanks)
			out->entries[out->n_entries++] = (struct span){ at + blanks, end - blanks };
		at += len + (at[len] != '\0');
	}
	return true;
}

static bool starts(struct span entry, const char *prefix)
{
	return entry.len >= strlen(prefix) && memcmp(entry.p, prefix, strlen(prefix)) == 0;
}

/* Of a part that is there once. */
static const char *find_part(struct pool *pool, const struct template_reading *reading, const char *prefix)
{
	const char *value = NULL;

	for (size_t i = 0; i < reading->n_entries; i++) {
		const struct span *entry = &reading->entries[i];

		if (!starts(*entry, prefix))
			continue;
		if (value)
			return NULL;
		value = pool_strn(pool, (const char *)entry->p + strlen(prefix), entry->len - strlen(prefix));
	}
	return value;
}

static const char *find_place(const struct template_fill *fill, const struct template_reading *reading, const char *place)
{
	const char *part = part_of(place);

	return part ? find_part(fill->pool, reading, part) : only(fill->m, header_of(fill->pool, place));
}

/* Without zeros before it, so that it has as many digits as it has: else one of an id that stands before it, with nothing
 * between, could be taken for one of it. */
static bool parse_seconds(const char *text, int64_t *ms)
{
	size_t len = strspn(text, "0123456789");

	*ms = 0;
	if (!len || text[len] || len > SECONDS_DIGITS || (len > 1 && *text == '0'))
		return false;
	for (; *text; text++)
		*ms = *ms * 10 + (*text - '0');
	*ms *= 1000;
	return true;
}

static bool read_two_ways(const struct template *t, const char *id)
{
	const char *behind = strstr(t->text, "{id}");

	return behind && behind[4] && strchr(id, behind[4]);
}

static enum trust_verdict read_places(const struct template *t, struct template_fill *fill, const struct window *window,
				      const struct template_reading *reading, const char **note)
{
	int64_t ms;

	if (t->timestamp) {
		fill->timestamp = find_place(fill, reading, t->timestamp);
		if (!fill->timestamp)
			return wrong(note, "the signature's timestamp is not there once");
		if (!parse_seconds(fill->timestamp, &ms))
			return wrong(note, "the signature's timestamp is not a number of seconds");
		if (!window_has(window, ms))
			return wrong(note, "the signature's timestamp is too far from now");
	}
	if (t->id) {
		fill->id = find_place(fill, reading, t->id);
		if (!fill->id || !*fill->id)
			return wrong(note, "the signature's id is not there once");
		if (read_two_ways(t, fill->id))
			return wrong(note, "the signature's id could be read in two ways");
	}
	return TRUST_OK;
}

enum trust_verdict template_read(const struct template *t, struct template_fill *fill, const struct window *window,
				 struct template_reading *out, const char **note)
{
	size_t n;
	const char *value = message_header(fill->m, t->header, &n);
	enum trust_verdict verdict;

	if (!n || (n == 1 && !*value))
		return TRUST_MISSING;
	if (n > 1 || (t->separator != ',' && strstr(value, ", ")))	/* as web servers join them */
		return wrong(note, "the signature's header came more than once");
	if (!split(t, value, out))
		return wrong(note, "the signature's header has too many parts");
	verdict = read_places(t, fill, window, out, note);
	if (verdict != TRUST_OK)
		return verdict;
	out->signed_ = template_text(t, fill, &out->n_signed, note);
	return out->signed_ ? TRUST_OK : TRUST_WRONG;
}

/* ---- matching ---- */

static const char *prefix_for(const struct template *t, enum hash hash, char *room, size_t len)
{
	const char *brace = strchr(t->prefix, '{');

	if (!brace)
		return t->prefix;
	snprintf(room, len, "%.*s%s%s", (int)(brace - t->prefix), t->prefix, hash_name(hash), brace + strlen("{hash}"));
	return room;
}

static bool decode_hex(const char *p, size_t len, unsigned char *out)
{
	for (size_t i = 0; i < len / 2; i++) {
		int high = hex_value(p[2 * i]), low = hex_value(p[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (unsigned char)(high << 4 | low);
	}
	return len % 2 == 0;
}

/* base64url has none, and yet some write it. */
static size_t padding(const char *p, size_t len)
{
	return !len || len % 4 || p[len - 1] != '=' ? 0 : p[len - 2] != '=' ? 1 : 2;
}

/* Exactly `want` bytes. */
static bool decode(enum conf_encoding encoding, const char *p, size_t len, unsigned char *out, size_t want)
{
	unsigned char room[HASH_MAX + 4];
	size_t n = len / 2;
	bool right;

	if (len > 2 * HASH_MAX)
		return false;
	if (encoding == ENCODING_HEX)
		return n == want && decode_hex(p, len, out);
	if (len > (HASH_MAX + 2) / 3 * 4)
		return false;
	if (encoding == ENCODING_BASE64)
		right = base64_decode(p, len, room, &n);
	else
		right = base64url_decode(p, len - padding(p, len), room, &n);
	if (right && n == want)
		memcpy(out, room, want);
	return right && n == want;
}

static bool match_hash(const struct template *t, enum hash hash, const struct template_reading *reading, const struct span *secrets,
		       size_t n)
{
	unsigned char found[TEMPLATE_ENTRIES][HASH_MAX], mac[HASH_MAX];
	char room[PREFIX_MOST + 8];
	const char *prefix = prefix_for(t, hash, room, sizeof room);
	size_t len = strlen(prefix), n_found = 0;
	bool right = false;

	for (size_t i = 0; i < reading->n_entries; i++) {
		const struct span *entry = &reading->entries[i];

		if (starts(*entry, prefix) &&
		    decode(t->encoding, (const char *)entry->p + len, entry->len - len, found[n_found], hash_len(hash)))
			n_found++;
	}
	for (size_t s = 0; n_found && s < n; s++) {
		hmac_spans(hash, secrets[s].p, secrets[s].len, reading->signed_, reading->n_signed, mac);
		for (size_t i = 0; i < n_found; i++)
			right = bytes_equal(found[i], mac, hash_len(hash)) || right;
	}
	return right;
}

bool template_match(const struct template *t, const struct template_reading *reading, const struct span *secrets, size_t n)
{
	bool right = false;

	for (size_t hash = 0; hash < HASHES; hash++)
		if (t->hashes & 1u << hash)
			right = match_hash(t, (enum hash)hash, reading, secrets, n) || right;
	return right;
}

/* ---- making ---- */

static void add_line(const struct template_fill *fill, const char *place, const char *value, struct buf *lines)
{
	const char *name = header_of(fill->pool, place);

	if (name && !message_header(fill->m, name, NULL))
		buf_fmt(lines, "%s: %s\n", name, value);
}

void template_lines(const struct template *t, const struct template_fill *fill, const char *digits, struct buf *lines)
{
	add_line(fill, t->timestamp, fill->timestamp, lines);
	add_line(fill, t->id, fill->id, lines);
	buf_fmt(lines, "%s: ", t->header);
	if (part_of(t->timestamp))
		buf_fmt(lines, "%s%s%c", part_of(t->timestamp), fill->timestamp, t->separator);
	buf_fmt(lines, "%s\n", digits);
}

/* SHA-1 only where there is nothing else. */
static enum hash choose(unsigned hashes)
{
	for (size_t hash = HASH_SHA256; hash < HASHES; hash++)
		if (hashes & 1u << hash)
			return (enum hash)hash;
	return HASH_SHA1;
}

int template_sign(const struct template *t, const struct template_fill *fill, struct span secret, struct buf *lines,
		  struct err *err)
{
	enum hash hash = choose(t->hashes);
	unsigned char mac[HASH_MAX];
	struct buf digits = {0};
	const char *note;
	char room[PREFIX_MOST + 8];
	size_t n;
	const struct span *text = template_text(t, fill, &n, &note);

	if (!text)
		return err_set(err, "%s", note);
	hmac_spans(hash, secret.p, secret.len, text, n, mac);
	buf_str(&digits, prefix_for(t, hash, room, sizeof room));
	if (t->encoding == ENCODING_HEX)
		buf_hex(&digits, mac, hash_len(hash));
	else if (t->encoding == ENCODING_BASE64)
		base64_encode(&digits, mac, hash_len(hash));
	else
		base64url_encode(&digits, mac, hash_len(hash));
	template_lines(t, fill, digits.p, lines);
	buf_free(&digits);
	return 0;
}
