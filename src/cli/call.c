/* SPDX-License-Identifier: EUPL-1.2
 * One run of a command: its flags and operands, and what it says when they are wrong. */
#include "cli/command.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/die.h"
#include "base/mem.h"
#include "cli/plain.h"

#define FLAGS_MAX 48

static const char *speaker = "";

void say_open(const char *command)
{
	speaker = command;
}

void say(const char *fmt, ...)
{
	struct buf raw = {0}, out = {0};
	va_list args;

	va_start(args, fmt);
	buf_vfmt(&raw, fmt, args);
	va_end(args);
	buf_fmt(&out, "postvak: %s%s", speaker, *speaker ? ": " : "");
	plain_put(&out, raw.p, raw.len, PLAIN_LINE);
	fprintf(stderr, "%s\n", out.p);
	buf_free(&raw);
	buf_free(&out);
}

int say_end(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	say("cannot write the output: %s", strerror(errno));
	return status == CLI_DONE ? CLI_FAILED : status;
}

struct parser {			/* what getopt_long wants, made from the flags */
	struct option options[FLAGS_MAX];
	char letters[2 * FLAGS_MAX + 2];
	size_t n, n_letters;
};

static void add_flags(struct parser *p, const struct flag *flags)
{
	for (; flags && flags->name; flags++) {
		must(p->n + 1 < FLAGS_MAX);
		p->options[p->n++] = (struct option){
			flags->name, flags->arg ? required_argument : no_argument, NULL, flags->code
		};
		if (flags->code >= 256)
			continue;
		p->letters[p->n_letters++] = (char)flags->code;
		if (flags->arg)
			p->letters[p->n_letters++] = ':';
	}
}

static void add_given(struct call *call, int code, const char *value)
{
	if (code == 'c') {
		call->conf_file = value;
	} else if (code == 'h') {
		call->help = true;
	} else {
		call->given = mem_grow(call->given, call->n_given + 1, sizeof *call->given);
		call->given[call->n_given++] = (struct given){ code, value };
	}
}

static int check_operands(const struct call *call)
{
	const struct command *command = call->command;

	if (call->help || (call->n_operands >= command->least && call->n_operands <= command->most))
		return 0;
	if (call->n_operands < command->least)
		say("something is missing: postvak %s %s", command->name, command->usage);
	else
		say("do not know what to do with \"%s\"; see postvak help %s", call->operands[command->most], command->name);
	return CLI_USAGE;
}

int call_parse(struct call *call, const struct command *command, int argc, char **argv)
{
	struct parser p = { .letters = ":", .n_letters = 1 };
	int code;

	call->command = command;
	add_flags(&p, command_common);
	add_flags(&p, command->flags);
	opterr = 0;
	optind = 0;
	while ((code = getopt_long(argc, argv, p.letters, p.options, NULL)) != -1) {
		if (code == ':') {
			say("%s needs a value; see postvak help %s", argv[optind - 1], command->name);
			return CLI_USAGE;
		}
		if (code == '?') {
			say("there is no option %s, or not like that; see postvak help %s", argv[optind - 1], command->name);
			return CLI_USAGE;
		}
		add_given(call, code, optarg);
	}
	call->operands = argv + optind;
	call->n_operands = argc - optind;
	return check_operands(call);
}

void call_free(struct call *call)
{
	free(call->given);
	*call = (struct call){0};
}

const char *call_each(const struct call *call, int code, size_t *at)
{
	while (*at < call->n_given) {
		const struct given *given = &call->given[(*at)++];

		if (given->code == code)
			return given->value ? given->value : "";
	}
	return NULL;
}

const char *call_value(const struct call *call, int code)
{
	const char *value = NULL, *next;

	for (size_t at = 0; (next = call_each(call, code, &at));)
		value = next;
	return value;
}

bool call_has(const struct call *call, int code)
{
	return call_value(call, code) != NULL;
}
