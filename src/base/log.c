/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>
#include "base/clock.h"

static const char *name = "postvak";
static enum log_level threshold = LOG_INFO_;

void log_open(const char *program, enum log_level least)
{
	name = program;
	threshold = least;
}

const char *log_program(void)
{
	return name;
}

bool log_wants(enum log_level level)
{
	return level >= threshold;
}

/* Copies text with control bytes as \xNN; returns the new length. */
static size_t escape(char *out, size_t cap, const char *text)
{
	size_t len = 0;

	for (; *text && len + 5 < cap; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == 0x7F)
			len += (size_t)snprintf(out + len, cap - len, "\\x%02x", c);
		else
			out[len++] = (char)c;
	}
	return len;
}

void log_line(enum log_level level, const char *fmt, ...)
{
	static const char *const levels[] = { "debug", "info", "warning", "error" };
	char text[2000], line[2400], time[CLOCK_TEXT];
	int saved = errno;
	size_t len;
	va_list args;

	if (level < threshold)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	len = (size_t)snprintf(line, sizeof line, "%s %s[%ld] %s: ", clock_text(time, clock_wall_ms()), name,
			       (long)getpid(), levels[level]);
	len += escape(line + len, sizeof line - len - 1, text);
	line[len++] = '\n';
	while (write(STDERR_FILENO, line, len) < 0 && errno == EINTR)
		;
	errno = saved;
}
