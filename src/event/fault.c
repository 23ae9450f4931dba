/* SPDX-License-Identifier: EUPL-1.2 */
#include "event/fault.h"

#include <stdarg.h>
#include <stdio.h>
#include "base/utf8.h"

#define NAME_MAX_LEN 120	/* a peer chose it, and it goes back in an answer */
#define REASON_MAX_LEN 512

void fault_add(struct faults *faults, const char *name, const char *code, const char *fmt, ...)
{
	char reason[REASON_MAX_LEN];
	struct fault *fault;
	va_list args;

	if (faults->n == FAULTS_MAX) {
		faults->left_out++;
		return;
	}
	if (!faults->v)
		faults->v = pool_alloc(faults->pool, FAULTS_MAX * sizeof *faults->v);
	va_start(args, fmt);
	vsnprintf(reason, sizeof reason, fmt, args);
	va_end(args);
	fault = &faults->v[faults->n++];
	fault->name = pool_strn(faults->pool, name, utf8_fit(name, NAME_MAX_LEN));
	fault->code = code;
	fault->reason = pool_str(faults->pool, reason);
}
