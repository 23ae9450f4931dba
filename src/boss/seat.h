/* SPDX-License-Identifier: EUPL-1.2
 * A seat: the place of one child, whoever sits there. It starts children, listens to them, tells
 * them to leave, and writes their obituaries. Times are monotonic and come from the caller. */
#ifndef BOSS_SEAT_H
#define BOSS_SEAT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "boss/boss.h"
#include "boss/pace.h"
#include "conf/conf.h"

#define SEAT_READY_MS 30000	/* a child that is not ready by then is killed */
#define SEAT_GRACE_MS 5000	/* what a child that was to leave gets beyond its drain */
#define SEAT_NEVER INT64_MAX

struct doors {			/* what children are given; kept open by the boss */
	int listen;		/* -1: no receivers */
	int bell;
	int keys;		/* where receivers ask after issuers; -1: nobody fetches keys */
};

struct seat {
	enum conf_role role;
	const char *program;
	bool wanted;		/* somebody should sit here */
	bool ready, drained;	/* what the child said, what it was told */
	pid_t pid;		/* 0: nobody */
	int control;		/* -1: none, or the child closed it */
	int64_t started_ms, ready_ms;
	int64_t due_ms;		/* when to start one, or to kill the one that is late */
	struct pace pace;
	unsigned restarts;
};

void seat_init(struct seat *seat, enum conf_role role, const struct boss_programs *programs);
const char *seat_role(const struct seat *seat);
void seat_want(struct seat *seat, int64_t now_ms);
/* Nobody shall sit here: tells the child to drain, which may take drain_ms and a little. */
void seat_leave(struct seat *seat, int64_t drain_ms, int64_t now_ms);
void seat_kill(struct seat *seat);
/* A word, with a descriptor that stays the caller's. */
void seat_tell(struct seat *seat, const char *word, int fd);
/* Something came over control. */
void seat_hear(struct seat *seat, int64_t now_ms);
/* Does what is due: starts a child with this configuration, or kills the one that is late. */
void seat_tick(struct seat *seat, const struct conf *conf, const struct doors *doors, int64_t now_ms);
/* Its child ended: the obituary, and when the next one comes. */
void seat_died(struct seat *seat, uint64_t generation, int status, int64_t now_ms);

#endif
