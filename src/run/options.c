/* SPDX-License-Identifier: EUPL-1.2 */
#include "run/options.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/buf.h"

static size_t count(const struct pv_option *declared)
{
	size_t n = 0;

	while (declared && declared[n].name)
		n++;
	return n;
}

static bool read_bool(const char *text, int64_t *out)
{
	static const char *const words[] = { "no", "yes", "false", "true", "off", "on", "0", "1" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcasecmp(text, words[i]) == 0) {
			*out = (int64_t)(i % 2);
			return true;
		}
	return false;
}

static bool read_int(const char *text, int64_t *out)
{
	const char *digits = text[0] == '-' || text[0] == '+' ? text + 1 : text;
	long long v;

	if (!digits[0] || digits[strspn(digits, "0123456789")])
		return false;
	errno = 0;
	v = strtoll(text, NULL, 10);
	*out = v;
	return errno == 0;
}

/* One sentence behind the other. Never a value: it may be a secret. */
static void complain(struct buf *wrong)
{
	if (wrong->len)
		buf_str(wrong, "; ");
}

static const char *configured(const struct wire_hello *hello, const char *name)
{
	for (size_t i = 0; i < hello->n_options; i++)
		if (strcmp(hello->options[i].name, name) == 0)
			return hello->options[i].value;
	return NULL;
}

static void settle(const struct pv_option *declared, const char *value, struct option *out, struct buf *wrong)
{
	*out = (struct option){ declared->name, declared->kind, value ? value : declared->fallback, 0 };
	if (!out->text) {
		complain(wrong);
		buf_fmt(wrong, "option.%s must be set (%s)", declared->name, declared->help ? declared->help : "");
		out->text = "";
	} else if (declared->kind == PV_INT && !read_int(out->text, &out->number)) {
		complain(wrong);
		buf_fmt(wrong, "option.%s must be a whole number of at most 64 bits", declared->name);
	} else if (declared->kind == PV_BOOL && !read_bool(out->text, &out->number)) {
		complain(wrong);
		buf_fmt(wrong, "option.%s must be yes or no", declared->name);
	} else if (declared->kind < PV_STRING || declared->kind > PV_BOOL) {
		complain(wrong);
		buf_fmt(wrong, "the handler declares option.%s of kind %d, which this Postvak does not have", declared->name,
			declared->kind);
	}
}

static void find_unknown(const struct wire_hello *hello, const struct options *options, struct buf *wrong)
{
	for (size_t i = 0; i < hello->n_options; i++) {
		if (options_find(options, hello->options[i].name))
			continue;
		complain(wrong);
		buf_fmt(wrong, "there is no option.%s, the handler has ", hello->options[i].name);
		for (size_t k = 0; k < options->n; k++)
			buf_fmt(wrong, "%s%s", k ? ", " : "", options->v[k].name);
		if (!options->n)
			buf_str(wrong, "none");
	}
}

int options_settle(struct pool *pool, const struct pv_option *declared, const struct wire_hello *hello,
		   struct options *out, struct err *err)
{
	struct buf wrong = {0};
	int rc = 0;

	out->n = count(declared);
	out->v = pool_alloc(pool, out->n * sizeof *out->v);
	for (size_t i = 0; i < out->n; i++)
		settle(&declared[i], configured(hello, declared[i].name), &out->v[i], &wrong);
	find_unknown(hello, out, &wrong);
	if (wrong.len)
		rc = err_set(err, "%s", wrong.p);
	buf_free(&wrong);
	return rc;
}

const struct option *options_find(const struct options *options, const char *name)
{
	for (size_t i = 0; i < options->n; i++)
		if (strcmp(options->v[i].name, name) == 0)
			return &options->v[i];
	return NULL;
}
