/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "conf/conf.h"

#include <stdarg.h>
#include <string.h>
#include "base/log.h"

static void push(struct problems *problems, struct problem problem)
{
	size_t n = problems->n;

	if ((n & (n - 1)) == 0) {	/* full at each power of two */
		struct problem *more = pool_alloc(problems->pool, (n ? 2 * n : 1) * sizeof *more);

		if (n)
			memcpy(more, problems->v, n * sizeof *more);
		problems->v = more;
	}
	problems->v[problems->n++] = problem;
}

void problem_add(struct problems *problems, const char *file, int line, const char *fmt, ...)
{
	struct buf text = { 0 };
	va_list args;

	va_start(args, fmt);
	buf_vfmt(&text, fmt, args);
	va_end(args);
	push(problems, (struct problem){ pool_str(problems->pool, file), line, pool_strn(problems->pool, text.p, text.len) });
	buf_free(&text);
}

void problems_log(const struct problems *problems)
{
	for (size_t i = 0; i < problems->n; i++) {
		const struct problem *problem = &problems->v[i];

		if (problem->line)
			log_error("%s:%d: %s", problem->file, problem->line, problem->text);
		else
			log_error("%s: %s", problem->file, problem->text);
	}
}
