/* SPDX-License-Identifier: EUPL-1.2
 * postvak(1): finds the command and runs it. */
#include "config.h"

#include <getopt.h>
#include <stdint.h>
#include "base/log.h"
#include "cli/command.h"

static int run(const struct command *command, const char *conf_file, int argc, char **argv)
{
	struct call call = { .conf_file = conf_file };
	int status;

	say_open(command->name);
	status = call_parse(&call, command, argc, argv);
	if (status == 0 && call.help)
		help_command(command);
	else if (status == 0)
		status = command->run(&call);
	call_free(&call);
	return say_end(status);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 }
	};
	const char *conf_file = NULL, *name = NULL;
	int code;

	log_open("postvak", LOG_WARN_);
	opterr = 0;
	while (!name && (code = getopt_long(argc, argv, "+:c:hV", options, NULL)) != -1) {
		if (code == 'c')
			conf_file = optarg;
		else if (code == 'h' || code == 'V')
			name = code == 'h' ? "help" : "version";
		else {
			say(code == ':' ? "%s needs a value" : "there is no option %s; see postvak help", argv[optind - 1]);
			return CLI_USAGE;
		}
	}
	if (name) {
		char *alone[] = { (char *)(uintptr_t)name, NULL };

		return run(command_find(name), conf_file, 1, alone);
	}
	if (optind == argc) {
		say("which command? See postvak help");
		return CLI_USAGE;
	}
	if (!command_find(argv[optind])) {
		say("there is no command %s; see postvak help", argv[optind]);
		return CLI_USAGE;
	}
	return run(command_find(argv[optind]), conf_file, argc - optind, argv + optind);
}
