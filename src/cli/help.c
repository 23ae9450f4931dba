/* SPDX-License-Identifier: EUPL-1.2
 * postvak help: from the table of commands. */
#include "cli/command.h"

#include <stdio.h>
#include <string.h>
#include "base/buf.h"

#define LEFT 29			/* where the texts of flags begin */
#define RIGHT 80

/* Words on lines, the second and later ones below the beginning of the first. */
static void show_words(const char *text)
{
	size_t at = LEFT;

	while (*text) {
		size_t len = strcspn(text, " ");

		if (at > LEFT && at + 1 + len > RIGHT) {
			printf("\n%*s", LEFT, "");
			at = LEFT;
		} else if (at > LEFT) {
			putchar(' ');
			at++;
		}
		printf("%.*s", (int)len, text);
		at += len;
		text += len;
		text += strspn(text, " ");
	}
	putchar('\n');
}

static void show_flags(const struct flag *flags)
{
	for (; flags && flags->name; flags++) {
		struct buf left = {0};

		if (flags->code < 256)
			buf_fmt(&left, "-%c, ", flags->code);
		buf_fmt(&left, "--%s%s%s", flags->name, flags->arg ? " " : "", flags->arg ? flags->arg : "");
		printf("  %-26s ", left.p);
		show_words(flags->help);
		buf_free(&left);
	}
}

void help_command(const struct command *command)
{
	printf("usage: postvak [-c FILE] %s%s%s\n", command->name, *command->usage ? " " : "", command->usage);
	printf("%s\n\n", command->help);
	show_flags(command->flags);
	show_flags(command_common);
}

void help_all(void)
{
	const struct command *command;

	printf("usage: postvak [-c FILE] COMMAND [options]\n\n");
	for (size_t i = 0; (command = command_at(i)); i++)
		printf("  %-8s  %s\n", command->name, command->help);
	printf("\nOne command: postvak help COMMAND.\nEverything: man postvak, man postvak.conf, man postvak-handler.\n");
}

int run_help(const struct call *call)
{
	const struct command *command;

	if (call->n_operands == 0) {
		help_all();
		return CLI_DONE;
	}
	command = command_find(call->operands[0]);
	if (!command) {
		say("there is no command %s; see postvak help", call->operands[0]);
		return CLI_USAGE;
	}
	help_command(command);
	return CLI_DONE;
}
