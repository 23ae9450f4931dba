/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "receive/upkeep.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/die.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/store.h"

#define SOON_MS 10		/* to the next look, when there was something to do */
#define LATE_MS 200		/* when there was nothing for long */
#define COMPLAIN_MS 60000

struct upkeep {
	const struct conf *conf;
	pthread_t thread;
	int stop;
	struct store *store;		/* the thread's own */
	int64_t complained_ms;
};

static void complain(struct upkeep *u, const struct err *err)
{
	int64_t now = clock_mono_ms();

	if (u->complained_ms && now - u->complained_ms < COMPLAIN_MS)
		return;
	u->complained_ms = now;
	log_warn("the store cannot be kept in order: %s", err->text);
}

/* A store that does not open is the committer's to tell. */
static bool have_store(struct upkeep *u)
{
	struct store_setup setup = store_setup_for(u->conf);
	struct err err = {{0}};

	return u->store || store_open(&setup, STORE_LOG, &u->store, &err) == 0;
}

/* True: there was something to copy, for nothing else takes a millisecond, or it is to look again soon. */
static bool look(struct upkeep *u)
{
	int64_t begun = clock_mono_ms();
	struct err err = {{0}};
	int rc;

	if (!have_store(u))
		return false;
	rc = store_prepare(u->store, &err);
	if (rc < 0)
		complain(u, &err);
	if (store_checkpoint(u->store, STORE_LOG, UPKEEP_WAL_MAX, &err) < 0) {
		complain(u, &err);
		return false;
	}
	return rc > 0 || clock_mono_ms() > begun;
}

static void *work(void *arg)
{
	struct upkeep *u = arg;
	struct pollfd stop = { .fd = u->stop, .events = POLLIN };
	int pause = 0;

	while (poll(&stop, 1, pause) <= 0) {
		if (look(u))
			pause = SOON_MS;
		else
			pause = pause && pause < LATE_MS / 2 ? pause * 2 : LATE_MS;
	}
	store_close(&u->store);
	return NULL;
}

struct upkeep *upkeep_start(const struct conf *conf, struct err *err)
{
	struct upkeep *u = mem_alloc(sizeof *u);
	int rc;

	u->conf = conf;
	u->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	rc = u->stop < 0 ? errno : pthread_create(&u->thread, NULL, work, u);
	if (rc == 0)
		return u;
	if (u->stop >= 0)
		close(u->stop);
	free(u);
	errno = rc;
	err_sys(err, "cannot start the thread that keeps the store");
	return NULL;
}

void upkeep_stop(struct upkeep **upkeep)
{
	struct upkeep *u = *upkeep;
	uint64_t one = 1;

	if (!u)
		return;
	must(write(u->stop, &one, sizeof one) == sizeof one);
	pthread_join(u->thread, NULL);
	close(u->stop);
	free(u);
	*upkeep = NULL;
}
