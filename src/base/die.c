/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/die.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include "base/log.h"

void die(const char *fmt, ...)
{
	char text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	log_error("%s", text);
	exit(1);
}

void die_without_core(void)
{
	const struct rlimit none = {0};

	setrlimit(RLIMIT_CORE, &none);
}

void must_failed(const char *what, const char *file, int line)
{
	log_error("this cannot be: !(%s) at %s:%d; please report it", what, file, line);
	abort();
}
