/* SPDX-License-Identifier: EUPL-1.2
 * The commands of postvak(1): one table, from which the parser, the help and the test of the manual
 * page are fed. Adding one: a file with its run function, a declaration here, a row in commands.c,
 * a section in doc/man/postvak.1. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"

enum {				/* exit statuses, the same for every command */
	CLI_DONE = 0,
	CLI_FAILED = 1,		/* the world: store, network, files */
	CLI_USAGE = 2,		/* wrong usage or configuration */
	CLI_NOTHING = 3		/* nothing matched, or the change or notification was refused */
};

enum {				/* flags without a letter; a command's own start at FLAG_OWN */
	FLAG_JSON = 256, FLAG_HANDLER, FLAG_STATE, FLAG_SENDER, FLAG_SOURCE, FLAG_ALL, FLAG_SINCE, FLAG_UNTIL,
	FLAG_PATTERNS, FLAG_REASON, FLAG_WHY, FLAG_DRY_RUN,
	FLAG_OWN = 300
};

struct flag {
	int code;		/* its letter, or one of the numbers above */
	const char *name;	/* long name */
	const char *arg;	/* what its argument is called; null: it takes none */
	const char *help;
};

struct call;
struct command {
	const char *name;
	const char *usage;	/* what follows the name */
	const char *help;	/* one line, without a full stop */
	const struct flag *flags;	/* ended by one without a name; null: none */
	int least, most;	/* operands */
	int (*run)(const struct call *call);
};

struct given {			/* a flag as it was given */
	int code;
	const char *value;
};

struct call {			/* one run of one command */
	const struct command *command;
	const char *conf_file;	/* of -c, or null */
	struct given *given;
	size_t n_given;
	char **operands;	/* ended by null */
	int n_operands;
	bool help;		/* --help was given */
};

const struct command *command_find(const char *name);	/* or null */
const struct command *command_at(size_t i);		/* null behind the last */
extern const struct flag command_common[];		/* flags that every command takes */

/* Parses argv (argv[0]: the command's name; it is reordered) into call, whose conf_file may be set
 * already. 0, or CLI_USAGE after an error was said. call_free in any case. */
int call_parse(struct call *call, const struct command *command, int argc, char **argv);
void call_free(struct call *call);
bool call_has(const struct call *call, int code);
const char *call_value(const struct call *call, int code);	/* the last one given, or null */
/* All values of a flag: start with *at = 0; null at the end. */
const char *call_each(const struct call *call, int code, size_t *at);

/* Says "postvak: COMMAND: text" on standard error. */
void say_open(const char *command);	/* borrowed, static; "": none yet */
void say(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* Ends standard output: status, or CLI_FAILED (said) when what was written did not arrive. */
int say_end(int status);

int run_serve(const struct call *call);
int run_check(const struct call *call);
int run_conf(const struct call *call);
int run_status(const struct call *call);
int run_events(const struct call *call);
int run_gaps(const struct call *call);
int run_dead(const struct call *call);
int run_retry(const struct call *call);
int run_discard(const struct call *call);
int run_hold(const struct call *call);
int run_release(const struct call *call);
int run_audit(const struct call *call);
int run_rewind(const struct call *call);
int run_forget(const struct call *call);
int run_erase(const struct call *call);
int run_backup(const struct call *call);
int run_drain(const struct call *call);
int run_send(const struct call *call);
int run_sign(const struct call *call);
int run_token(const struct call *call);
int run_handshakes(const struct call *call);
int run_keys(const struct call *call);
int run_version(const struct call *call);
int run_help(const struct call *call);
void help_command(const struct command *command);	/* on standard output */
void help_all(void);

extern const struct flag events_flags[], gaps_flags[], dead_flags[], change_flags[], audit_flags[],
	rewind_flags[], forget_flags[], erase_flags[], send_flags[], status_flags[],
	sign_flags[], token_flags[], handshakes_flags[];

#endif
