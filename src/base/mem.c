/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/die.h"

#define CHUNK 4096

static void *or_die(void *p)
{
	if (!p)
		die("out of memory");
	return p;
}

void *mem_alloc(size_t len)
{
	return or_die(calloc(1, len ? len : 1));
}

void *mem_array(size_t n, size_t len)
{
	return or_die(calloc(n ? n : 1, len ? len : 1));
}

void *mem_grow(void *p, size_t n, size_t len)
{
	must(len == 0 || n <= SIZE_MAX / len);
	len *= n;
	return or_die(realloc(p, len ? len : 1));
}

void *mem_dup(const void *p, size_t len)
{
	void *copy = mem_alloc(len);

	if (len)
		memcpy(copy, p, len);
	return copy;
}

char *str_dup(const char *s)
{
	return s ? mem_dup(s, strlen(s) + 1) : NULL;
}

struct chunk {
	struct chunk *next;
	size_t used, cap;
	max_align_t bytes[];
};

struct pool {
	struct chunk *chunks;	/* the newest first; the last one is kept by pool_reset */
};

struct pool *pool_new(void)
{
	return mem_alloc(sizeof(struct pool));
}

void pool_reset(struct pool *pool)
{
	struct chunk *chunk = pool->chunks;

	while (chunk && chunk->next) {
		struct chunk *next = chunk->next;

		free(chunk);
		chunk = next;
	}
	if (chunk)
		chunk->used = 0;
	pool->chunks = chunk;
}

void pool_free(struct pool **pool)
{
	if (!*pool)
		return;
	pool_reset(*pool);
	free((*pool)->chunks);
	free(*pool);
	*pool = NULL;
}

static void *pool_take(struct pool *pool, size_t len)
{
	struct chunk *chunk = pool->chunks;
	void *p;

	must(len < SIZE_MAX - 2 * sizeof(max_align_t));
	len = (len + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
	if (!chunk || chunk->cap - chunk->used < len) {
		size_t cap = len > CHUNK ? len : CHUNK;

		chunk = or_die(malloc(sizeof *chunk + cap));
		chunk->cap = cap;
		chunk->used = 0;
		chunk->next = pool->chunks;
		pool->chunks = chunk;
	}
	p = (char *)chunk->bytes + chunk->used;
	chunk->used += len;
	return p;
}

void *pool_alloc(struct pool *pool, size_t len)
{
	return memset(pool_take(pool, len ? len : 1), 0, len);
}

void *pool_dup(struct pool *pool, const void *p, size_t len)
{
	void *copy = pool_take(pool, len ? len : 1);

	if (len)
		memcpy(copy, p, len);
	return copy;
}

char *pool_strn(struct pool *pool, const char *p, size_t len)
{
	char *s = pool_take(pool, len + 1);

	if (len)
		memcpy(s, p, len);
	s[len] = '\0';
	return s;
}

char *pool_str(struct pool *pool, const char *s)
{
	return s ? pool_strn(pool, s, strlen(s)) : NULL;
}

size_t fmt_put(char *p, size_t cap, const char *fmt, va_list args)
{
	va_list again;
	int len;

	must(fmt != NULL);
	va_copy(again, args);
	len = vsnprintf(p, cap, fmt, again);
	va_end(again);
	must(len >= 0);
	return (size_t)len;
}

/* A formatted text in the pool, or without one in memory of its own. */
static char *format(struct pool *pool, const char *fmt, va_list args)
{
	char small[256], *s;
	size_t len = fmt_put(small, sizeof small, fmt, args);

	s = pool ? pool_take(pool, len + 1) : or_die(malloc(len + 1));
	if (len < sizeof small)
		memcpy(s, small, len + 1);
	else
		fmt_put(s, len + 1, fmt, args);
	return s;
}

char *str_fmt(const char *fmt, ...)
{
	va_list args;
	char *s;

	va_start(args, fmt);
	s = format(NULL, fmt, args);
	va_end(args);
	return s;
}

char *pool_fmt(struct pool *pool, const char *fmt, ...)
{
	va_list args;
	char *s;

	va_start(args, fmt);
	s = format(pool, fmt, args);
	va_end(args);
	return s;
}
