/* SPDX-License-Identifier: EUPL-1.2
 * The table of commands. */
#include "cli/command.h"

#include <string.h>
#include "cli/pick.h"

const struct flag command_common[] = {
	{ 'c', "config", "FILE", "use this configuration, not that of POSTVAK_CONF or the default" },
	{ 'h', "help", NULL, "say how this command is used" },
	{ 0, NULL, NULL, NULL }
};

static const struct flag json_flags[] = {
	{ FLAG_JSON, "json", NULL, "write JSON, for programs" },
	{ 0, NULL, NULL, NULL }
};

static const struct command commands[] = {
	{ "serve", "", "receive and dispatch until told to stop", NULL, 0, 0, run_serve },
	{ "check", "[--json]", "check the configuration and load its handlers once", json_flags, 0, 0, run_check },
	{ "conf", "[--json]", "show the settings that are in force and where they come from", json_flags, 0, 0, run_conf },
	{ "status", "[--check] [--watch [SECONDS]] [--json]", "show who runs, how far the handlers are and what needs a person",
	  status_flags, 0, 1, run_status },
	{ "events", "[show NUMBER] [options]", "list events, newest first, or show one with its history",
	  events_flags, 0, 2, run_events },
	{ "gaps", "[options]", "list gaps and steps back in the numbering of sources, newest first", gaps_flags, 0, 0, run_gaps },
	{ "dead", "[NUMBER...] [options]", "list dead and held deliveries by handler, type and reason",
	  dead_flags, 0, PICK_NUMBERS, run_dead },
	{ "retry", "[NUMBER...] [options]", "run parked deliveries again, now", change_flags, 0, PICK_NUMBERS, run_retry },
	{ "discard", "[NUMBER...] [options]", "give up parked deliveries for good", change_flags, 0, PICK_NUMBERS, run_discard },
	{ "hold", "[NUMBER...] [options]", "keep parked deliveries, or a whole handler, from running", change_flags, 0, PICK_NUMBERS,
	  run_hold },
	{ "release", "[NUMBER...] [options]", "let go what is held, or a handler that is paused", change_flags, 0, PICK_NUMBERS,
	  run_release },
	{ "audit", "[options]", "list what operators asked for and what came of it, newest first", audit_flags, 0, 0, run_audit },
	{ "rewind", "HANDLER --to WHERE [options]", "run a handler's past events again",
	  rewind_flags, 1, 1, run_rewind },
	{ "forget", "HANDLER [--why TEXT] [--json]", "drop the bookmark of a handler that was removed", forget_flags, 1, 1, run_forget },
	{ "erase", "--subject TEXT|--lane LANE|--containing TEXT [options]",
	  "remove for good what is held of a person or object", erase_flags, 0, 0, run_erase },
	{ "backup", "DIRECTORY [--json]", "copy the store while it serves", json_flags, 1, 1, run_backup },
	{ "drain", "[--json]", "work off what waits, where no daemon runs", json_flags, 0, 0, run_drain },
	{ "send", "[options] [FILE]", "send a notification or CloudEvents, as a sender would", send_flags, 0, 1, run_send },
	{ "sign", "[options] FILE", "print the headers with which a sender proves who it is", sign_flags, 1, 1, run_sign },
	{ "token", "[options]", "print a JWT, as ZGW APIs have it or as an issuer makes it", token_flags, 0, 0, run_token },
	{ "handshakes", "[show|grant|deny NUMBER] [options]", "list origins that ask for permission to send, and answer them",
	  handshakes_flags, 0, 2, run_handshakes },
	{ "keys", "[fetch] [ISSUER] [--json]", "list issuers and their keys, or fetch these now", json_flags, 0, 2, run_keys },
	{ "version", "[--json]", "show the version and what it was built with", json_flags, 0, 0, run_version },
	{ "help", "[COMMAND]", "list the commands, or say how one is used", NULL, 0, 1, run_help },
};

const struct command *command_at(size_t i)
{
	return i < sizeof commands / sizeof *commands ? &commands[i] : NULL;
}

const struct command *command_find(const char *name)
{
	const struct command *command;

	for (size_t i = 0; (command = command_at(i)); i++)
		if (strcmp(command->name, name) == 0)
			return command;
	return NULL;
}
