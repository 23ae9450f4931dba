/* SPDX-License-Identifier: EUPL-1.2
 * The boss itself, and the phases of its life. Every phase waits for children to come or go;
 * boss_step moves on when they have. */
#ifndef BOSS_PHASE_H
#define BOSS_PHASE_H

#include "boss/crew.h"
#include "boss/house.h"

enum phase {
	STARTING,		/* the first crew: dispatcher, then keys and receivers */
	SERVING,
	/* A reload. `next` is the crew to be. */
	CHECKING,		/* another process checks the new file */
	DISPATCHER_LEAVES,	/* the old one; the old receivers go on until the end */
	DISPATCHER_COMES,
	KEYS_COME,
	RECEIVERS_COME,
	UNDOING,		/* the new crew failed and leaves */
	OLD_LEAVES,		/* the new crew serves; `old` drains */
	/* The end. */
	RECEIVERS_LEAVE,
	ALL_LEAVE,
	GONE
};

struct boss {
	const char *conf_file;
	const struct boss_programs *programs;
	struct house house;
	enum phase phase;
	struct crew *now;		/* who serves */
	struct crew *next, *old;	/* during a reload; at most one of them */
	uint64_t generation;		/* the highest number that was given out */
	bool announced;			/* the first crew was ready */
	bool hangup;			/* SIGHUP came: a reload is wanted */
	pid_t checker;			/* 0: none */
	int64_t until_ms;		/* the phase's patience; SEAT_NEVER: none */
};

void boss_step(struct boss *boss, int64_t now_ms);
/* Everybody leaves; the second time: at once. */
void boss_stop(struct boss *boss, int64_t now_ms);
void boss_announce(struct boss *boss);

/* reload.c */
void reload_begin(struct boss *boss, int64_t now_ms);
void reload_checked(struct boss *boss, int status, int64_t now_ms);	/* the checker ended */
void reload_step(struct boss *boss, int64_t now_ms);
void reload_stop(struct boss *boss);

#endif
