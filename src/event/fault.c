/* SPDX-License-Identifier: EUPL-1.2 */
#include "event/fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/utf8.h"

#define NAME_MAX_LEN 500	/* a peer chose it, and it goes back in an answer */
#define REASON_MAX_LEN 512

static void grow(struct faults *faults)
{
	struct fault *more;

	faults->cap = faults->cap ? 4 * faults->cap : 16;
	more = pool_alloc(faults->pool, faults->cap * sizeof *more);
	if (faults->n)
		memcpy(more, faults->v, faults->n * sizeof *more);
	faults->v = more;
}

void fault_add(struct faults *faults, const char *name, const char *code, const char *fmt, ...)
{
	char reason[REASON_MAX_LEN];
	struct fault *fault;
	va_list args;

	if (faults->n >= (faults->most ? faults->most : FAULTS_MAX)) {
		faults->left_out++;
		return;
	}
	if (faults->n == faults->cap)
		grow(faults);
	va_start(args, fmt);
	vsnprintf(reason, sizeof reason, fmt, args);
	va_end(args);
	fault = &faults->v[faults->n++];
	fault->name = pool_strn(faults->pool, name, utf8_fit(name, NAME_MAX_LEN));
	fault->code = code;
	fault->reason = pool_str(faults->pool, reason);
}
