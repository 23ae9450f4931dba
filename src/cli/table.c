/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/table.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "base/die.h"
#include "base/mem.h"
#include "cli/plain.h"

#define COLUMNS_MAX 16
#define NARROW 8		/* no column is cut to less */
#define GAP 2
#define BELOW 8			/* columns before a line below a row */

struct table {
	const char *const *titles;
	size_t n, width;
	size_t widths[COLUMNS_MAX];
	struct pool *pool;
	char **cells;
	size_t n_cells, cap;
	struct below *below;
	size_t n_below, below_cap;
	bool titled;
};

struct below {			/* a line below a row */
	size_t row;
	char *text;
};

static bool has_flag(const char *title, char flag)
{
	return memchr(title, flag, strspn(title, "><=")) != NULL;
}

static const char *title(const struct table *t, size_t i)
{
	return t->titles[i] + strspn(t->titles[i], "><=");
}

static void widen(struct table *t, size_t column, const char *text)
{
	size_t width = plain_width(text);

	if (width > t->widths[column])
		t->widths[column] = width;
}

struct table *table_new(const char *const *titles, size_t width)
{
	struct table *t = mem_alloc(sizeof *t);

	t->titles = titles;
	t->width = width;
	t->pool = pool_new();
	for (; titles[t->n]; t->n++) {
		must(t->n < COLUMNS_MAX);
		widen(t, t->n, title(t, t->n));
	}
	return t;
}

void table_free(struct table **table)
{
	if (!*table)
		return;
	pool_free(&(*table)->pool);
	free((*table)->cells);
	free((*table)->below);
	free(*table);
	*table = NULL;
}

void table_put(struct table *t, const char *text)
{
	struct buf clean = {0};

	if (!text || !*text)
		text = "-";
	plain_put(&clean, text, strlen(text), PLAIN_LINE);
	if (t->n_cells == t->cap) {
		t->cap = t->cap ? 2 * t->cap : 64;
		t->cells = mem_grow(t->cells, t->cap, sizeof *t->cells);
	}
	widen(t, t->n_cells % t->n, clean.p);
	t->cells[t->n_cells++] = pool_strn(t->pool, clean.p, clean.len);
	buf_free(&clean);
}

void table_fmt(struct table *t, const char *fmt, ...)
{
	struct buf text = {0};
	va_list args;

	va_start(args, fmt);
	buf_vfmt(&text, fmt, args);
	va_end(args);
	table_put(t, text.p);
	buf_free(&text);
}

void table_below(struct table *t, const char *text)
{
	struct buf clean = {0};

	must(t->n_cells && t->n_cells % t->n == 0);
	if (!text || !*text)
		return;
	plain_put(&clean, text, strlen(text), PLAIN_LINE);
	if (t->n_below == t->below_cap) {
		t->below_cap = t->below_cap ? 2 * t->below_cap : 32;
		t->below = mem_grow(t->below, t->below_cap, sizeof *t->below);
	}
	t->below[t->n_below++] = (struct below){ table_rows(t) - 1, pool_strn(t->pool, clean.p, clean.len) };
	buf_free(&clean);
}

size_t table_rows(const struct table *t)
{
	return t->n_cells / t->n;
}

/* Takes columns from the widest until the row fits. */
static void squeeze(const struct table *t, size_t *widths)
{
	size_t total = GAP * (t->n - 1);

	for (size_t i = 0; i < t->n; i++)
		total += widths[i] = t->widths[i];
	while (t->width && total > t->width) {
		size_t widest = t->n;

		for (size_t i = 0; i < t->n; i++)
			if (!has_flag(t->titles[i], '=') && (widest == t->n || widths[i] > widths[widest]))
				widest = i;
		if (widest == t->n || widths[widest] <= NARROW)
			return;
		widths[widest]--;
		total--;
	}
}

static void pad(struct buf *out, size_t n)
{
	while (n--)
		buf_char(out, ' ');
}

/* The end of text, in so many columns. */
static const char *tail(const char *text, size_t columns)
{
	while (plain_width(text) > columns) {
		size_t one = plain_fit(text, 1), two = plain_fit(text, 2);

		text += one ? one : two ? two : 1;
	}
	return text;
}

static void write_cell(struct buf *out, const char *text, size_t width, char how)
{
	size_t wide = plain_width(text);
	bool right = how == '>';

	if (wide > width && how == '<') {
		size_t start = out->len;

		buf_str(out, "..");
		buf_str(out, tail(text, width - 2));
		wide = plain_width(out->p + start);
	} else if (wide > width) {
		size_t fit = plain_fit(text, width - 2), start = out->len;

		buf_put(out, text, fit);
		buf_str(out, "..");
		wide = plain_width(out->p + start);
		right = false;
	} else {
		pad(out, right ? width - wide : 0);
		buf_str(out, text);
	}
	pad(out, right ? 0 : width - wide);
}

static void write_row(const struct table *t, const size_t *widths, const char *const *cells, struct buf *out)
{
	for (size_t i = 0; i < t->n; i++) {
		pad(out, i ? GAP : 0);
		write_cell(out, cells ? cells[i] : title(t, i), widths[i], t->titles[i][0]);
	}
	while (out->len && out->p[out->len - 1] == ' ')
		out->p[--out->len] = '\0';
	buf_char(out, '\n');
}

void table_write(struct table *t, struct buf *out)
{
	size_t widths[COLUMNS_MAX], at = 0;

	must(t->n_cells % t->n == 0);
	squeeze(t, widths);
	if (!t->titled)
		write_row(t, widths, NULL, out);
	t->titled = true;
	for (size_t row = 0; row < table_rows(t); row++) {
		write_row(t, widths, (const char *const *)&t->cells[row * t->n], out);
		for (; at < t->n_below && t->below[at].row == row; at++)
			buf_fmt(out, "%*s%s\n", BELOW, "", t->below[at].text);
	}
	t->n_cells = t->n_below = 0;
	pool_reset(t->pool);
}

void table_print(struct table *table, struct buf *out)
{
	if (table && table_rows(table))
		table_write(table, out);
	if (out->len)
		fwrite(out->p, 1, out->len, stdout);
	buf_reset(out);
}

size_t table_terminal(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return 0;
	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
}
