/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "trust/subject.h"

#include <string.h>
#include <strings.h>
#include "base/buf.h"
#include "base/hex.h"
#include "base/utf8.h"

/* Names of one attribute: short and long ones of OpenSSL, those of RFC 4514 and Apache, and its OID. */
static const char *const names[] = {
	"CN|commonName|2.5.4.3", "SN|surname|2.5.4.4", "serialNumber|2.5.4.5", "C|countryName|2.5.4.6", "L|localityName|2.5.4.7",
	"ST|S|stateOrProvinceName|2.5.4.8", "street|streetAddress|2.5.4.9", "O|organizationName|2.5.4.10",
	"OU|organizationalUnitName|2.5.4.11", "title|T|2.5.4.12", "postalCode|2.5.4.17", "GN|G|givenName|2.5.4.42",
	"organizationIdentifier|2.5.4.97", "UID|userId|0.9.2342.19200300.100.1.1", "DC|domainComponent|0.9.2342.19200300.100.1.25",
	"emailAddress|E|Email|1.2.840.113549.1.9.1",
};

static bool among(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = list; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL)
		if (strcspn(at, "|") == n && strncasecmp(at, name, n) == 0)
			return true;
	return false;
}

bool subject_same_name(const char *a, const char *b)
{
	if (strcasecmp(a, b) == 0)
		return true;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (among(names[i], a))
			return among(names[i], b);
	return false;
}

static void add(struct subject *subject, const char *name, const char *value)
{
	if (!subject->v)
		subject->v = pool_alloc(subject->pool, SUBJECT_MOST * sizeof *subject->v);
	if (subject->n < SUBJECT_MOST)
		subject->v[subject->n++] = (struct attr){ name, value };
}

void subject_add(void *arg, const char *name, const char *value)
{
	struct subject *subject = arg;

	add(subject, pool_str(subject->pool, name), pool_str(subject->pool, value));
}

bool subject_has(const struct subject *subject, const struct subject *wanted)
{
	for (size_t i = 0; i < wanted->n; i++) {
		const struct attr *want = &wanted->v[i];
		bool found = false;

		for (size_t j = 0; j < subject->n; j++)
			if (strcmp(subject->v[j].value, want->value) == 0 && subject_same_name(subject->v[j].name, want->name))
				found = true;
		if (!found)
			return false;
	}
	return wanted->n > 0;
}

/* ---- RFC 4514 ---- */

static int hex_pair(const char *p)
{
	int high = hex_value((unsigned char)p[0]), low = high < 0 ? -1 : hex_value((unsigned char)p[1]);

	return low < 0 ? -1 : high << 4 | low;
}

/* A value of text, up to what ends it; null: it is not one. */
static const char *read_text(const char *at, struct buf *out)
{
	while (*at && !strchr(",+;", *at)) {
		int byte;

		if (strchr("\"<>", *at))
			return NULL;
		if (*at != '\\') {
			buf_char(out, *at++);
		} else if (at[1] && strchr(" \"#+,;<=>\\", at[1])) {
			buf_char(out, at[1]);
			at += 2;
		} else if ((byte = hex_pair(at + 1)) > 0) {
			buf_char(out, (char)byte);
			at += 3;
		} else {
			return NULL;
		}
	}
	return at;
}

/* The bytes of a string in DER, which is to be all of it. */
static bool read_string(const unsigned char *der, size_t len, struct buf *out)
{
	size_t head = 2, n;

	if (len < 2 || (der[0] != 0x0c && der[0] != 0x13 && der[0] != 0x16))
		return false;
	n = der[1];
	if (n == 0x81 && len > 2) {
		n = der[2];
		head = 3;
	} else if (n == 0x82 && len > 3) {
		n = (size_t)der[2] << 8 | der[3];
		head = 4;
	} else if (n > 0x7f) {
		return false;
	}
	if (len - head != n)
		return false;
	buf_put(out, der + head, n);
	return true;
}

/* A value in hexadecimal, likewise; *known: it is a string that we take. */
static const char *read_hex(const char *at, struct buf *out, bool *known)
{
	struct buf der = { 0 };
	int byte;

	for (; (byte = hex_pair(at)) >= 0; at += 2)
		buf_char(&der, (char)byte);
	*known = read_string((const unsigned char *)der.p, der.len, out);
	buf_free(&der);
	return !*at || strchr(",+;", *at) ? at : NULL;
}

/* NAME=VALUE; null: it is not one. */
static const char *read_attribute(struct subject *subject, const char *at, struct buf *value)
{
	size_t n = strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-");
	const char *name = pool_strn(subject->pool, at, n);
	bool known = true;

	if (!n || at[n] != '=')
		return NULL;
	at += n + 1;
	buf_reset(value);
	buf_put(value, "", 0);
	at = *at == '#' ? read_hex(at + 1, value, &known) : read_text(at, value);
	if (!at || !utf8_valid(value->p, value->len, NULL) || memchr(value->p, '\0', value->len))
		return NULL;
	if (known)
		add(subject, name, pool_strn(subject->pool, value->p, value->len));
	return at;
}

bool subject_parse(struct subject *subject, const char *text)
{
	struct buf value = { 0 };
	const char *at = text;

	while ((at = read_attribute(subject, at, &value)) && *at) {
		at++;
		at += strspn(at, " ");
	}
	buf_free(&value);
	return at != NULL;
}

/* ---- the setting ---- */

#define BLANKS " \t"

/* Up to an end that is not escaped, without the blanks around it. */
static const char *read_piece(struct pool *pool, const char *at, const char *ends, const char **out)
{
	struct buf piece = { 0 };
	size_t keep = 0;

	at += strspn(at, BLANKS);
	for (; *at && !strchr(ends, *at); at++) {
		bool escaped = *at == '\\' && at[1];

		at += escaped;
		buf_char(&piece, *at);
		if (escaped || !strchr(BLANKS, *at))
			keep = piece.len;
	}
	*out = pool_strn(pool, piece.p ? piece.p : "", keep);
	buf_free(&piece);
	return at;
}

const char *subject_wanted(struct subject *subject, const char *text)
{
	for (;;) {
		const char *name, *value;

		text = read_piece(subject->pool, text, "=,|", &name);
		if (*text == '=') {
			text = read_piece(subject->pool, text + 1, ",|", &value);
			add(subject, name, value);
		}
		if (*text != ',')
			return *text ? text + 1 : NULL;
		text++;
	}
}
