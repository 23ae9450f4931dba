/* SPDX-License-Identifier: EUPL-1.2
 * From one generation to the next. The old receivers go on accepting until the new ones are ready,
 * so no request is refused; the two dispatchers never meet, since a lane has one master. Issuers are asked after
 * at one socket, so the old keys process stops accepting there before a receiver comes that knows newer issuers. */
#include "config.h"
#include "boss/phase.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/fail.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/spawn.h"
#include "boss/notify.h"

#define CHECK_MS 60000		/* a check that takes longer hangs */

static void end(struct boss *boss)
{
	boss->until_ms = SEAT_NEVER;
	boss->phase = boss->announced ? SERVING : STARTING;
}

static void refuse(struct boss *boss, const char *why)
{
	log_error("reload refused: %s; generation %llu goes on", why, (unsigned long long)crew_generation(boss->now));
	notify_ready("the last reload was refused, see the log");
	end(boss);
}

/* It has the boss's environment, unlike the children: secrets may be there. */
void reload_begin(struct boss *boss, int64_t now_ms)
{
	char *argv[] = { str_dup(boss->programs->check), str_dup("-c"), str_dup(boss->conf_file), str_dup("check"), NULL };
	struct spawn spawn = { .path = boss->programs->check, .argv = argv, .envp = environ,
			       .fds = { -1, STDERR_FILENO, STDERR_FILENO }, .n_fds = 3 };
	struct err err;
	pid_t pid;

	boss->hangup = false;
	log_info("reload: checking %s", boss->conf_file);
	notify_reloading();
	pid = spawn_start(&spawn, &err);
	for (char **arg = argv; *arg; arg++)
		free(*arg);
	if (pid < 0) {
		refuse(boss, err.text);
		return;
	}
	boss->checker = pid;
	boss->until_ms = now_ms + CHECK_MS;
	boss->phase = CHECKING;
}

static bool differs(const char *key, const char *was, const char *is)
{
	if (strcmp(was ? was : "", is ? is : "") == 0)
		return false;
	log_error("restart needed for %s: it is %s, and a reload cannot make it %s", key, was, is);
	return true;
}

/* What the boss and the store's users agree on for life. */
static bool needs_restart(const struct conf *was, const struct conf *is)
{
	bool any = differs("state_dir", was->state_dir, is->state_dir);

	any = differs("run_dir", was->run_dir, is->run_dir) || any;
	any = differs("store", was->store, is->store) || any;
	any = differs("group", was->group, is->group) || any;
	if (was->receivers > 0 && is->receivers > 0)
		any = differs("listen", was->listen, is->listen) || any;
	return any;
}

static struct conf *load(struct boss *boss)
{
	struct problems problems = { .pool = pool_new() };
	struct conf *conf = NULL;

	if (conf_load(boss->conf_file, &conf, &problems) < 0) {
		problems_log(&problems);
		conf = NULL;
	}
	pool_free(&problems.pool);
	return conf;
}

static void begin_change(struct boss *boss, struct conf *take_conf, int64_t now_ms)
{
	struct err err;

	if (house_listen(&boss->house, take_conf, &err) < 0) {
		house_unlisten(&boss->house, boss->now->conf);
		conf_free(&take_conf);
		refuse(boss, err.text);
		return;
	}
	take_conf->generation = ++boss->generation;
	boss->next = crew_new(take_conf, boss->programs);
	crew_leave(boss->now, ROLE_DISPATCH, now_ms);
	boss->until_ms = SEAT_NEVER;
	boss->phase = DISPATCHER_LEAVES;
}

void reload_checked(struct boss *boss, int status, int64_t now_ms)
{
	struct conf *conf;

	boss->checker = 0;
	if (boss->phase != CHECKING)
		return;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		char how[100];

		log_error("the check of %s %s", boss->conf_file, wait_text(how, sizeof how, status));
		refuse(boss, "the file is not in order (see above, or run postvak check)");
		return;
	}
	conf = load(boss);
	if (!conf)
		refuse(boss, "the file cannot be loaded");
	else if (needs_restart(boss->now->conf, conf)) {
		conf_free(&conf);
		refuse(boss, "restart postvak for these settings");
	} else
		begin_change(boss, conf, now_ms);
}

/* Whoever of the new crew takes requests finishes them; the others are only in the way. */
static void undo(struct boss *boss, int64_t now_ms)
{
	struct err err;

	log_error("reload failed: generation %llu did not become ready; generation %llu goes on",
		  (unsigned long long)crew_generation(boss->next), (unsigned long long)crew_generation(boss->now));
	if (crew_handover(boss->next, boss->now, &err) < 0)
		log_error("%s: kept-alive connections of the new receivers are closed", err.text);
	for (size_t i = 0; i < boss->next->n; i++) {
		struct seat *seat = &boss->next->seats[i];
		bool ready = seat->ready;

		seat_leave(seat, boss->next->conf->drain_ms, now_ms);
		if (!ready)
			seat_kill(seat);
	}
	crew_want(boss->now, ROLE_KEYS, now_ms);
	boss->until_ms = SEAT_NEVER;
	boss->phase = UNDOING;
}

static void undo_step(struct boss *boss, int64_t now_ms)
{
	if (!crew_running(boss->next, ROLE_DISPATCH))
		crew_want(boss->now, ROLE_DISPATCH, now_ms);
	if (crew_running(boss->next, ROLE_ALL))
		return;
	crew_free(&boss->next);
	house_unlisten(&boss->house, boss->now->conf);
	notify_ready("the last reload failed, see the log");
	end(boss);
}

static void change_over(struct boss *boss, int64_t now_ms)
{
	struct err err;

	failpoint("boss.handover");
	if (crew_handover(boss->now, boss->next, &err) < 0)
		log_error("%s: kept-alive connections of the old receivers are closed", err.text);
	crew_leave(boss->now, ROLE_RECEIVER, now_ms);
	crew_leave(boss->now, ROLE_KEYS, now_ms);
	boss->old = boss->now;
	boss->now = boss->next;
	boss->next = NULL;
	boss->until_ms = SEAT_NEVER;
	boss->announced = true;
	boss->phase = OLD_LEAVES;
	house_unlisten(&boss->house, boss->now->conf);
	log_open(log_program(), (enum log_level)boss->now->conf->log_level);
	boss_announce(boss);
}

static void call_next(struct boss *boss, enum conf_role role, enum phase phase, int64_t now_ms)
{
	crew_want(boss->next, role, now_ms);
	boss->until_ms = now_ms + SEAT_READY_MS;
	boss->phase = phase;
}

static void come_step(struct boss *boss, int64_t now_ms)
{
	if (now_ms >= boss->until_ms || crew_hopeless(boss->next))
		undo(boss, now_ms);
	else if (boss->phase == DISPATCHER_COMES && crew_ready(boss->next, ROLE_DISPATCH))
		call_next(boss, ROLE_KEYS, KEYS_COME, now_ms);
	else if (boss->phase == KEYS_COME && crew_ready(boss->next, ROLE_KEYS)) {
		if (crew_running(boss->next, ROLE_KEYS))
			crew_leave(boss->now, ROLE_KEYS, now_ms);
		call_next(boss, ROLE_RECEIVER, RECEIVERS_COME, now_ms);
	} else if (boss->phase == RECEIVERS_COME && crew_ready(boss->next, ROLE_ALL))
		change_over(boss, now_ms);
}

void reload_step(struct boss *boss, int64_t now_ms)
{
	switch (boss->phase) {
	case CHECKING:
		if (now_ms >= boss->until_ms && boss->checker) {
			log_error("the check of %s hangs: it is killed", boss->conf_file);
			kill(boss->checker, SIGKILL);
			boss->until_ms = SEAT_NEVER;
		}
		break;
	case DISPATCHER_LEAVES:
		if (!crew_running(boss->now, ROLE_DISPATCH))
			call_next(boss, ROLE_DISPATCH, DISPATCHER_COMES, now_ms);
		break;
	case DISPATCHER_COMES:
	case KEYS_COME:
	case RECEIVERS_COME:
		come_step(boss, now_ms);
		break;
	case UNDOING:
		undo_step(boss, now_ms);
		break;
	default:
		if (!crew_running(boss->old, ROLE_ALL)) {
			crew_free(&boss->old);
			end(boss);
		}
		break;
	}
}

void reload_stop(struct boss *boss)
{
	if (boss->checker)
		kill(boss->checker, SIGKILL);
	boss->until_ms = SEAT_NEVER;
}
