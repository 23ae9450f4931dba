/* SPDX-License-Identifier: EUPL-1.2
 * A runner for tests of the probe: the plugin's file name says how it behaves. */
#include "config.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/board.h"
#include "base/frame.h"
#include "event/wire.h"

extern char **environ;

static void answer(uint8_t kind, const char *text)
{
	struct buf out = { 0 };
	size_t start = frame_begin(&out, kind);

	buf_text(&out, text);
	buf_text(&out, "1.0");
	frame_end(&out, start);
	frame_write(WIRE_SOCKET_FD, &out);
	buf_free(&out);
}

static const char *option(const struct wire_hello *hello, const char *name)
{
	for (size_t i = 0; i < hello->n_options; i++)
		if (strcmp(hello->options[i].name, name) == 0)
			return hello->options[i].value;
	return "";
}

static void behave(const struct wire_hello *hello)
{
	const char *slash = strrchr(hello->plugin, '/');
	const char *how = slash ? slash + 1 : "";
	struct err err;

	if (strcmp(how, "good.so") == 0)
		answer(WIRE_READY, "good");
	else if (strcmp(how, "strict.so") == 0)
		answer(hello->probe && !*environ && hello->slots == 1 && marks_map(WIRE_MARKS_FD, 1, &err) &&
		       strcmp(option(hello, "token"), "s3cret") == 0 ? WIRE_READY : WIRE_FAILED, "something is missing");
	else if (strcmp(how, "bad.so") == 0)
		answer(WIRE_FAILED, "there is no option colour");
	else if (strcmp(how, "crash.so") == 0)
		raise(SIGKILL);
	else if (strcmp(how, "babble.so") == 0)
		answer(99, "what");
	else if (strcmp(how, "linger.so") == 0)
		answer(WIRE_READY, "linger");
	if (strcmp(how, "hang.so") == 0 || strcmp(how, "linger.so") == 0)
		for (;;)
			pause();
}

int main(void)
{
	struct buf in = { 0 };
	struct pool *pool = pool_new();
	struct wire_hello hello;
	struct cut body;
	uint8_t kind;
	size_t at = 0;

	do
		if (frame_read(WIRE_SOCKET_FD, &in) < 0)
			return EXIT_FAILURE;
	while (frame_take(&in, &at, &kind, &body) == 0);
	if (kind == WIRE_HELLO && wire_get_hello(pool, &body, &hello) == 0)
		behave(&hello);
	pool_free(&pool);
	buf_free(&in);
	return EXIT_SUCCESS;
}
