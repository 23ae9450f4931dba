/* SPDX-License-Identifier: EUPL-1.2 */
#include "boss/crew.h"

#include <stdlib.h>
#include <unistd.h>
#include "base/child.h"
#include "base/mem.h"
#include "base/sock.h"

#define HOPELESS 3	/* deaths in a row of one seat */

#define seats_each(seat, crew) \
	for (struct seat *seat = (crew) ? (crew)->seats : NULL, *end_ = (crew) ? seat + (crew)->n : NULL; \
	     seat != end_; seat++)

struct crew *crew_new(struct conf *take_conf, const struct boss_programs *programs)
{
	struct crew *crew = mem_alloc(sizeof *crew);
	size_t first_receiver = conf_fetches(take_conf) ? 2 : 1;

	crew->conf = take_conf;
	crew->n = first_receiver + (size_t)take_conf->receivers;
	crew->seats = mem_array(crew->n, sizeof *crew->seats);
	for (size_t i = 0; i < crew->n; i++)
		seat_init(&crew->seats[i], i == 0 ? ROLE_DISPATCH : i < first_receiver ? ROLE_KEYS : ROLE_RECEIVER, programs);
	return crew;
}

void crew_free(struct crew **crew)
{
	if (!*crew)
		return;
	conf_free(&(*crew)->conf);
	free((*crew)->seats);
	free(*crew);
	*crew = NULL;
}

uint64_t crew_generation(const struct crew *crew)
{
	return crew->conf->generation;
}

static bool plays(const struct seat *seat, enum conf_role role)
{
	return role == ROLE_ALL || seat->role == role;
}

void crew_want(struct crew *crew, enum conf_role role, int64_t now_ms)
{
	seats_each(seat, crew)
		if (plays(seat, role))
			seat_want(seat, now_ms);
}

void crew_leave(struct crew *crew, enum conf_role role, int64_t now_ms)
{
	seats_each(seat, crew)
		if (plays(seat, role))
			seat_leave(seat, crew->conf->drain_ms, now_ms);
}

void crew_kill(struct crew *crew)
{
	seats_each(seat, crew) {
		seat->wanted = false;
		seat_kill(seat);
	}
}

bool crew_running(const struct crew *crew, enum conf_role role)
{
	seats_each(seat, crew)
		if (plays(seat, role) && seat->pid)
			return true;
	return false;
}

bool crew_ready(const struct crew *crew, enum conf_role role)
{
	seats_each(seat, crew)
		if (plays(seat, role) && !seat->ready)
			return false;
	return true;
}

bool crew_hopeless(const struct crew *crew)
{
	seats_each(seat, crew)
		if (seat->pace.deaths >= HOPELESS)
			return true;
	return false;
}

void crew_tick(struct crew *crew, const struct doors *doors, int64_t now_ms)
{
	seats_each(seat, crew)
		seat_tick(seat, crew->conf, doors, now_ms);
}

int64_t crew_due(const struct crew *crew)
{
	int64_t due_ms = SEAT_NEVER;

	seats_each(seat, crew)
		if (seat->due_ms < due_ms)
			due_ms = seat->due_ms;
	return due_ms;
}

bool crew_died(struct crew *crew, pid_t pid, int status, int64_t now_ms)
{
	seats_each(seat, crew)
		if (seat->pid == pid) {
			seat_died(seat, crew_generation(crew), status, now_ms);
			return true;
		}
	return false;
}

static void tell_receivers(struct crew *crew, const char *word, int fd)
{
	seats_each(seat, crew)
		if (seat->role == ROLE_RECEIVER && seat->ready && !seat->drained)
			seat_tell(seat, word, fd);
}

int crew_handover(struct crew *from, struct crew *to, struct err *err)
{
	int pair[2];

	if (!crew_running(from, ROLE_RECEIVER) || !crew_running(to, ROLE_RECEIVER))
		return 0;
	if (sock_pair(pair, err) < 0)
		return -1;
	tell_receivers(to, CHILD_TAKE, pair[0]);
	tell_receivers(from, CHILD_GIVE, pair[1]);
	close(pair[0]);
	close(pair[1]);
	return 0;
}
