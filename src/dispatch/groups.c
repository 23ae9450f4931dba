/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "dispatch/groups.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "dispatch/choice.h"
#include "event/digest.h"

#define REASON 200

/* ---- reasons ---- */

/* A number or an identifier: hex digits, one of them a decimal one, and dashes. */
static bool is_id(const char *p, size_t len)
{
	bool digit = false;

	if (len > 2 && p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
		p += 2;
		len -= 2;
	}
	for (size_t i = 0; i < len; i++) {
		if (!isxdigit((unsigned char)p[i]) && p[i] != '-')
			return false;
		digit = digit || isdigit((unsigned char)p[i]);
	}
	return digit;
}

static void put_part(struct buf *out, const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		bool digit = isdigit((unsigned char)p[i]);

		if (!digit || !i || !isdigit((unsigned char)p[i - 1]))
			buf_char(out, digit ? '#' : p[i]);
	}
}

static void put_word(struct buf *out, const char *p, size_t len)
{
	size_t part;

	if (is_id(p, len)) {
		buf_char(out, '#');
		return;
	}
	for (; len; p += part, len -= part) {
		const char *dash = memchr(p + 1, '-', len - 1);

		part = dash ? (size_t)(dash - p) : len;
		if (*p == '-') {
			buf_char(out, '-');
			part = 1;
		} else if (is_id(p, part))
			buf_char(out, '#');
		else
			put_part(out, p, part);
	}
}

static size_t word_len(const char *p)
{
	size_t len = 0;

	while (isalnum((unsigned char)p[len]) || p[len] == '-')
		len++;
	return len;
}

char *reason_group(struct pool *pool, const char *reason)
{
	struct buf out = {0};
	size_t len;
	char *copy;

	for (const char *p = reason; *p && out.len < REASON + 4; p += len) {
		len = word_len(p);
		if (len)
			put_word(&out, p, len);
		else
			buf_char(&out, *p);
		len = len ? len : 1;
	}
	len = out.len < REASON ? out.len : REASON;
	while (len < out.len && len && ((unsigned char)out.p[len] & 0xc0) == 0x80)
		len--;
	copy = pool_strn(pool, out.p ? out.p : "", len);
	buf_free(&out);
	return copy;
}

/* ---- groups ---- */

void groups_free(struct groups *groups)
{
	for (size_t i = 0; i < groups->n; i++) {
		struct group *g = groups->v[i];

		free(g->handler);
		free(g->type);
		free(g->reason);
		free(g->newest);
		free(g);
	}
	free(groups->v);
	map_free(&groups->map);
	*groups = (struct groups){0};
}

static struct digest_part part_of(const char *text)
{
	return (struct digest_part){ text, text ? strlen(text) : 0 };
}

static struct group *find(struct groups *groups, const struct group *wanted)
{
	struct digest_part parts[] = { part_of(wanted->handler), part_of(wanted->type), part_of(wanted->reason),
				       { &wanted->state, sizeof wanted->state } };
	struct event_key key = digest_key(parts, sizeof parts / sizeof *parts);
	struct group *g = map_get(&groups->map, key.b);

	if (g || groups->n == GROUPS_MAX)
		return g;
	if (groups->n == groups->cap) {
		groups->cap = groups->cap ? 2 * groups->cap : 16;
		groups->v = mem_grow(groups->v, groups->cap, sizeof *groups->v);
	}
	g = mem_alloc(sizeof *g);
	*g = (struct group){ .handler = str_dup(wanted->handler), .type = str_dup(wanted->type), .state = wanted->state,
			     .reason = str_dup(wanted->reason), .oldest_ms = INT64_MAX, .newest_ms = INT64_MIN };
	groups->v[groups->n++] = g;
	map_put(&groups->map, key.b, g);
	return g;
}

void groups_add(struct groups *groups, const struct parked *p, const char *type)
{
	struct pool *pool = pool_new();
	struct group wanted = { .handler = pool_str(pool, p->handler), .type = pool_str(pool, type), .state = choice_state(p),
				.reason = p->reason ? reason_group(pool, p->reason) : NULL };
	struct group *g = find(groups, &wanted);

	groups->count++;
	pool_free(&pool);
	if (!g) {
		groups->others++;
		return;
	}
	g->count++;
	if (p->since_ms < g->oldest_ms)
		g->oldest_ms = p->since_ms;
	if (p->since_ms < g->newest_ms)
		return;
	g->newest_ms = p->since_ms;
	g->n = p->n;
	free(g->newest);
	g->newest = str_dup(p->reason);
}

static int by_handler_and_count(const void *a, const void *b)
{
	const struct group *left = *(struct group *const *)a, *right = *(struct group *const *)b;
	int order = strcmp(left->handler, right->handler);

	if (order)
		return order;
	return left->count != right->count ? (left->count > right->count ? -1 : 1) : left->n < right->n ? -1 : left->n > right->n;
}

void groups_sort(struct groups *groups)
{
	if (groups->n)
		qsort(groups->v, groups->n, sizeof *groups->v, by_handler_and_count);
}
