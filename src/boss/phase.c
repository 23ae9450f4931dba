/* SPDX-License-Identifier: EUPL-1.2 */
#include "boss/phase.h"

#include <stdio.h>
#include "base/log.h"
#include "boss/notify.h"

void boss_announce(struct boss *boss)
{
	const struct conf *conf = boss->now->conf;
	char text[256];
	struct err err;

	snprintf(text, sizeof text, "generation %llu, %zu endpoint%s, %zu handler%s, %s%.150s",
		 (unsigned long long)conf->generation, conf->n_endpoints, conf->n_endpoints == 1 ? "" : "s",
		 conf->n_handlers, conf->n_handlers == 1 ? "" : "s",
		 boss->house.listening ? "listening on " : "without receivers",
		 boss->house.listening ? boss->house.listening : "");
	if (house_publish(&boss->house, conf->generation, &err) < 0)
		log_error("%s: receivers that the web server starts go on with their old configuration", err.text);
	log_info("ready: %s", text);
	notify_ready(text);
}

static void start_step(struct boss *boss, int64_t now_ms)
{
	crew_want(boss->now, ROLE_DISPATCH, now_ms);
	if (!crew_ready(boss->now, ROLE_DISPATCH))
		return;
	crew_want(boss->now, ROLE_KEYS, now_ms);	/* who takes requests does not wait for it */
	crew_want(boss->now, ROLE_RECEIVER, now_ms);
	if (!crew_ready(boss->now, ROLE_RECEIVER))
		return;
	boss->announced = true;
	boss->phase = SERVING;
	boss_announce(boss);
}

/* The receivers first: what they have accepted shall be in the log before the dispatcher leaves. */
static void stop_step(struct boss *boss, int64_t now_ms)
{
	struct crew *crews[] = { boss->now, boss->next, boss->old };
	bool receivers = false, any = false;

	for (size_t i = 0; i < 3; i++) {
		receivers = receivers || crew_running(crews[i], ROLE_RECEIVER);
		any = any || crew_running(crews[i], ROLE_ALL);
	}
	if (boss->phase == RECEIVERS_LEAVE && !receivers) {
		boss->phase = ALL_LEAVE;
		for (size_t i = 0; i < 3; i++)
			crew_leave(crews[i], ROLE_ALL, now_ms);
	}
	if (boss->phase == ALL_LEAVE && !any)
		boss->phase = GONE;
}

static void step(struct boss *boss, int64_t now_ms)
{
	switch (boss->phase) {
	case STARTING:
		start_step(boss, now_ms);
		if (boss->phase == STARTING && boss->hangup)
			reload_begin(boss, now_ms);
		break;
	case SERVING:
		if (boss->hangup)
			reload_begin(boss, now_ms);
		break;
	case CHECKING:
	case DISPATCHER_LEAVES:
	case DISPATCHER_COMES:
	case KEYS_COME:
	case RECEIVERS_COME:
	case UNDOING:
	case OLD_LEAVES:
		reload_step(boss, now_ms);
		break;
	case RECEIVERS_LEAVE:
	case ALL_LEAVE:
		stop_step(boss, now_ms);
		break;
	case GONE:
		break;
	}
}

void boss_step(struct boss *boss, int64_t now_ms)
{
	enum phase before;

	do {
		before = boss->phase;
		step(boss, now_ms);
	} while (boss->phase != before);
}

static void hurry(struct boss *boss)
{
	log_warn("told to stop again: who is still there is killed");
	crew_kill(boss->now);
	crew_kill(boss->next);
	crew_kill(boss->old);
}

void boss_stop(struct boss *boss, int64_t now_ms)
{
	if (boss->phase >= RECEIVERS_LEAVE) {
		hurry(boss);
		return;
	}
	log_info("stopping: the receivers leave, then the dispatcher");
	notify_stopping();
	reload_stop(boss);
	boss->phase = RECEIVERS_LEAVE;
	boss->until_ms = SEAT_NEVER;
	crew_leave(boss->now, ROLE_RECEIVER, now_ms);
	crew_leave(boss->next, ROLE_RECEIVER, now_ms);
	crew_leave(boss->old, ROLE_RECEIVER, now_ms);
}
