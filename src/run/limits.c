/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "run/limits.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#ifdef HAVE_SYS_PRCTL_H
#include <sys/prctl.h>
#endif
#include "base/die.h"
#include "base/log.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#endif
#ifndef SANITIZED
#define SANITIZED 0		/* sanitizers reserve terabytes that count as data */
#endif

#define LOOK_US 200		/* what can be touched in less is little of what is left then */

static uint64_t allowed;	/* 0: no limit */
static uint64_t ran_us;		/* since it was looked at last */
static uint64_t enough;		/* resident bytes above which the runner leaves */

static void limit_data(uint64_t bytes)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_DATA, &limit) < 0)
		return;
	if (limit.rlim_max > bytes)
		limit.rlim_max = (rlim_t)bytes;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_DATA, &limit) < 0)
		log_warn("cannot limit memory: %s", strerror(errno));
}

void limits_apply(uint64_t memory)
{
	die_without_core();
#ifdef HAVE_SYS_PRCTL_H
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	/* An event must not run here and in a new dispatcher's runner at once. */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
#endif
	allowed = memory;
	if (memory && !SANITIZED)
		limit_data(memory);
}

static uint64_t resident(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	unsigned long long pages = 0;

	if (!f)
		return 0;
	if (fscanf(f, "%*u %llu", &pages) != 1)
		pages = 0;
	fclose(f);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

void limits_settle(void)
{
	uint64_t grown = allowed ? resident() + allowed / 8 : 0;

	enough = allowed / 4 * 3;
	if (enough < grown)
		enough = grown;
}

bool limits_outgrown(uint64_t took_us)
{
	struct rusage most;

	if (!allowed || (ran_us += took_us) < LOOK_US)
		return false;
	ran_us = 0;
	/* The peak costs nothing to ask for; only when it was high is the present worth a look. */
	if (getrusage(RUSAGE_SELF, &most) == 0 && (uint64_t)most.ru_maxrss * 1024 <= enough)
		return false;
	return resident() > enough;
}
