/* SPDX-License-Identifier: EUPL-1.2 */
#include "misbehave.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define DESCRIPTORS 1024
#define GENERATIONS 7		/* 2^7 processes */

/* What the compiler cannot see through. */
static volatile int always = 1;
static int spare = -1;

static void rest_for_ever(void)
{
	while (always)
		pause();
}

static void spin(void)
{
	while (always)
		;
}

static void deaf(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	for (int sig = 1; sig < 32; sig++)
		signal(sig, SIG_IGN);
	spin();
}

static void smash_heap(void)
{
	volatile size_t len = 24;
	char *volatile p = malloc(len), *volatile q = malloc(len);

	for (size_t i = 0; i < 200; i++)
		((volatile char *)p)[i - 16] = (char)0xA5;
	free(q);
	free(p);
	for (size_t i = 0; i < 1000; i++)
		p = malloc(i);
	abort();	/* the C library may not have noticed */
}

static void scribble(volatile char *p)
{
	for (size_t i = 0; i < 65536; i++)
		p[i] = (char)0xA5;
}

static void smash_stack(void)
{
	void (*volatile from_below)(volatile char *) = scribble;
	volatile char here = 0;

	from_below(&here);
}

static int recurse(int depth)
{
	volatile char room[4096];

	room[0] = (char)depth;
	if (always)
		room[1] = (char)recurse(depth + room[0]);
	return room[1];
}

/* One that is the runner's child, and one that is nobody's. */
static void leave_children(void)
{
	if (fork() == 0) {
		if (fork() != 0)
			_exit(0);
		rest_for_ever();
	}
	if (fork() == 0)
		rest_for_ever();
}

static void bomb(void)
{
	for (int i = 0; i < GENERATIONS; i++)
		(void)!fork();
	rest_for_ever();
}

static void garbage(size_t len)
{
	char bytes[512];

	memset(bytes, 0xA5, sizeof bytes);
	for (int fd = 0; fd < DESCRIPTORS; fd++)
		if (fd != spare)
			(void)!write(fd, bytes, len);
}

static void open_files(void)
{
	while (open("/dev/null", O_RDONLY) >= 0)
		;
}

static void close_standard(void)
{
	for (int fd = 0; fd < 3; fd++)
		close(fd);
}

static void block_signals(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
}

static void limit(void)
{
	setrlimit(RLIMIT_CPU, &(struct rlimit){ 1, 1 });
	setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 3, 3 });
}

static void change_directory(void)
{
	(void)!chdir("/");
}

static void change_umask(void)
{
	umask(0777);
}

static void set_alarm(void)
{
	alarm(1);
}

static void new_session(void)
{
	setsid();
}

static void quit(void)
{
	_exit(0);
}

static void copy(void)
{
	(void)!fork();
}

static void flood(void)
{
	garbage(512);
}

static void few(void)
{
	garbage(2);
}

static void overflow(void)
{
	recurse(1);
}

static void empty_environment(void)
{
	clearenv();
}

void misbehave(const char *word, int spared)
{
	static const struct { const char *word; void (*act)(void); } words[] = {
		{ "busy", spin }, { "deaf", deaf }, { "quit", quit }, { "heap", smash_heap }, { "stack", smash_stack },
		{ "recurse", overflow }, { "child", leave_children }, { "copy", copy }, { "bomb", bomb }, { "garbage", few },
		{ "flood", flood }, { "files", open_files }, { "stdout", close_standard }, { "mask", block_signals },
		{ "rlimits", limit }, { "cwd", change_directory }, { "umask", change_umask }, { "alarm", set_alarm },
		{ "session", new_session }, { "environ", empty_environment },
	};

	spare = spared;
	if (strncmp(word, "signal", 6) == 0)
		raise(atoi(word + 6));
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(word, words[i].word) == 0)
			words[i].act();
}
