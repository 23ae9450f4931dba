/* SPDX-License-Identifier: EUPL-1.2
 * A crew: the children of one generation, and the configuration that they share. In all functions a
 * null crew is one without children, and ROLE_ALL means every role. */
#ifndef BOSS_CREW_H
#define BOSS_CREW_H

#include "boss/seat.h"

struct crew {
	struct conf *conf;
	struct seat *seats;
	size_t n;
};

struct crew *crew_new(struct conf *take_conf, const struct boss_programs *programs);
void crew_free(struct crew **crew);		/* its children are gone */
uint64_t crew_generation(const struct crew *crew);
void crew_want(struct crew *crew, enum conf_role role, int64_t now_ms);
void crew_leave(struct crew *crew, enum conf_role role, int64_t now_ms);
void crew_kill(struct crew *crew);
bool crew_running(const struct crew *crew, enum conf_role role);	/* any child of that role lives */
bool crew_ready(const struct crew *crew, enum conf_role role);		/* all seats of that role are ready */
bool crew_hopeless(const struct crew *crew);	/* a child died again and again */
void crew_tick(struct crew *crew, const struct doors *doors, int64_t now_ms);
int64_t crew_due(const struct crew *crew);
bool crew_died(struct crew *crew, pid_t pid, int status, int64_t now_ms);	/* false: not one of these */
/* Idle connections go from the receivers of one to those of the other. */
int crew_handover(struct crew *from, struct crew *to, struct err *err);

#endif
