/* SPDX-License-Identifier: EUPL-1.2
 * Memory. Running out ends the process: what a peer chooses has to have a cap before it comes here. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include "base/err.h"

void *mem_alloc(size_t len);			/* zeroed; len 0 gives a unique pointer */
void *mem_array(size_t n, size_t len);		/* zeroed; overflow ends the process */
void *mem_grow(void *p, size_t n, size_t len);	/* realloc; new bytes are NOT zeroed */
void *mem_dup(const void *p, size_t len);
char *str_dup(const char *s);			/* null stays null */
/* Most that are compared differ in the first two bytes, which needs no call. */
static inline bool str_same(const char *a, const char *b)
{
	return *a == *b && (!*a || (a[1] == b[1] && strcmp(a, b) == 0));
}
char *str_fmt(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* vsnprintf that leaves args as they were and cannot fail: the length of the whole text. */
size_t fmt_put(char *p, size_t cap, const char *fmt, va_list args) PRINTF_LIKE(3, 0);

/* A pool: many small pieces with one life. Pieces are aligned for any type and are never
 * freed one by one. */
struct pool;
struct pool *pool_new(void);
void pool_reset(struct pool *pool);		/* frees all pieces, keeps the first chunk */
void pool_free(struct pool **pool);		/* null is allowed */
void *pool_alloc(struct pool *pool, size_t len);	/* zeroed */
char *pool_str(struct pool *pool, const char *s);	/* null stays null */
char *pool_strn(struct pool *pool, const char *p, size_t len);	/* a NUL is added */
void *pool_dup(struct pool *pool, const void *p, size_t len);
char *pool_fmt(struct pool *pool, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
