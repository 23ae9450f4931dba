/* SPDX-License-Identifier: EUPL-1.2
 * What the world did: the text of a failure, written where it happened. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#if defined(__GNUC__) || defined(__clang__)
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define NO_RETURN __attribute__((noreturn))
#else
#define PRINTF_LIKE(fmt, args)
#define NO_RETURN
#endif

struct err {
	char text[512];		/* one sentence that names the thing; no newline */
};

/* Sets the text (cut to fit) and returns -1, so that `return err_set(...)` reads well.
 * A null err is allowed: only the -1 remains. */
int err_set(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The same with ": " and strerror(errno) appended. errno is read first. */
int err_sys(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
