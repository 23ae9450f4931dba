/* SPDX-License-Identifier: EUPL-1.2
 * Failpoints: named places between the steps of an event's walk where a test may stop a process.
 * Compiled in by --enable-failpoints only. The test puts a file NAME.kill, NAME.stop or NAME.error
 * into the directory that POSTVAK_FAILPOINTS names; the process that can remove the file is killed,
 * stopped, or (fail_here) told to fail. So each file works once, whoever comes by first. */
#ifndef BASE_FAIL_H
#define BASE_FAIL_H

#ifdef ENABLE_FAILPOINTS
int fail_at(const char *name);		/* 1: fail here */
#define fail_here(name) fail_at(name)
#else
#define fail_here(name) 0
#endif
#define failpoint(name) ((void)fail_here(name))

#endif
