/* SPDX-License-Identifier: EUPL-1.2 */
#include "event/header.h"

#include <string.h>
#include "base/hex.h"
#include "base/utf8.h"

struct decoder {
	const unsigned char *at;
	char *out;
	size_t n;
	enum header_fault fault;
};

/* What is left after quotation marks were undone: one character that is not part of the quoting, or -1 at the end. */
static int next(struct decoder *d, bool *quoted)
{
	while (*d->at == '"') {
		*quoted = !*quoted;
		d->at++;
	}
	if (!*d->at) {
		if (*quoted)
			d->fault = HEADER_QUOTE;
		return -1;
	}
	if (*quoted && *d->at == '\\' && !*++d->at) {
		d->fault = HEADER_QUOTE;
		return -1;
	}
	return *d->at++;
}

static int percent(struct decoder *d, bool *quoted)
{
	int high = next(d, quoted), low;

	high = high < 0 ? -1 : hex_value(high);
	low = high < 0 ? -1 : next(d, quoted);
	low = low < 0 ? -1 : hex_value(low);
	if (low < 0 && d->fault == HEADER_FINE)
		d->fault = HEADER_PERCENT;
	return high * 16 + low;
}

static void decode(struct decoder *d, int single)
{
	bool quoted = false;
	int c;

	while (d->fault == HEADER_FINE && (c = next(d, &quoted)) >= 0) {
		if (c == '%')
			c = percent(d, &quoted);
		else if (c >= 0x7F || c < ' ')
			d->fault = HEADER_RAW;
		else if (single && !quoted && c == ',' && *d->at == ' ')
			d->fault = HEADER_LIST;
		d->out[d->n++] = (char)c;
	}
}

/* How much stands for itself: visible ASCII and blanks, without quotation marks, percent signs and commas. */
static size_t plain(const unsigned char *p)
{
	size_t n = 0;

	while (p[n] >= ' ' && p[n] < 0x7F && p[n] != '"' && p[n] != '%' && p[n] != ',')
		n++;
	return n;
}

enum header_fault header_decode(struct pool *pool, const char *value, int single, const char **out, size_t *len)
{
	size_t most = strlen(value);
	struct decoder d = { .at = (const unsigned char *)value };

	if (plain(d.at) == most) {
		*out = pool_strn(pool, value, most);
		*len = most;
		return HEADER_FINE;
	}
	*out = d.out = pool_alloc(pool, most + 1);
	decode(&d, single);
	if (d.fault == HEADER_FINE && !utf8_valid(d.out, d.n, NULL))
		d.fault = HEADER_UTF8;
	d.out[d.fault == HEADER_FINE ? d.n : 0] = '\0';
	*len = d.n;
	return d.fault;
}

const char *header_fault_says(enum header_fault fault)
{
	static const char *const says[] = {
		"is fine",
		"has a quoted string without an end; close it, or percent-encode the quotation mark as %22",
		"has a % that is not followed by two hexadecimal digits; encode a percent sign as %25",
		"has a byte that is not printable ASCII; percent-encode its UTF-8",
		"is not UTF-8 once its percent-encoding is undone",
		"came more than once, or has a comma and a blank that are not percent-encoded; send it once, and a blank as %20",
	};

	return says[fault];
}
