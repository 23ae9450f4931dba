/* SPDX-License-Identifier: EUPL-1.2
 * Failpoints: named places between the steps of an event's walk where a test may stop a process.
 * Compiled in by --enable-failpoints only. The test puts a file NAME.kill, NAME.stop or NAME.error
 * into the directory that POSTVAK_FAILPOINTS names; the process that can remove the file is killed,
 * stopped, or (fail_here) told to fail. So each file works once, whoever comes by first.
 * NAME.on works as long as it is there (fail_during); NAME.number holds a number (fail_number). */
#ifndef BASE_FAIL_H
#define BASE_FAIL_H

#ifdef ENABLE_FAILPOINTS
#include <stdint.h>

int fail_at(const char *name);		/* 1: fail here */
int fail_during(const char *name);	/* 1: fail, this time too */
int64_t fail_number(const char *name);	/* 0: there is none */
#define fail_here(name) fail_at(name)
#else
#define fail_here(name) 0
#endif
#define failpoint(name) ((void)fail_here(name))

#endif
