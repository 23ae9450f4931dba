/* SPDX-License-Identifier: EUPL-1.2
 * A handler for tests. What it does with a notification is decided by its member `actie` (of a
 * CloudEvent: by the member `actie` of its JSON data):
 *
 *	crash	dies by SIGSEGV			hang	never returns
 *	exit	calls exit(3)			odd	answers 7, which is no outcome
 *	leak	takes memory until there is none, then aborts, as who does not look at malloc would
 *	leakN	takes N MiB, keeps them, done
 *	retryN	PV_RETRY at the first N attempts, then done
 *	retryin	PV_RETRY after 5 seconds at the first attempt, then done
 *	dead	PV_DEAD				slow	sleeps for option.ms, then done
 *	close	closes all descriptors but the first three, then done
 *	note	leaves a note of 3000 bytes	calls	tries every call of the interface, see below
 *	attrs	leaves a note with all attributes in their order, NAME=VALUE separated by blanks
 *	gate	waits until somebody has opened the FIFO option.gate for writing, then done
 *	emitN	emits N events of the type nl.test.gevolg about the same object, then done
 *	loop	emits an event with its own type and data, then done
 *	count	adds 1 to the number that is the state of the object, and notes it; countemitN also emits
 *	vain	sets a state and emits, then PV_RETRY
 *	limits	leaves a note with what calls about state and emitting answer that ask too much
 *	other	done, unless misbehave.h has a word for it
 *
 * Built as statehandler it uses state; as testhandler it does not.
 *
 * While the file that option.until names exists every event is answered with PV_RETRY.
 *
 * With option.path it appends two lines per event, each with one write(2):
 *
 *	start KEY HOOFDOBJECT VOLGNUMMER PID TIME ATTEMPT
 *	end KEY HOOFDOBJECT VOLGNUMMER PID TIME OUTCOME
 *
 * HOOFDOBJECT is /hoofdObject and VOLGNUMMER /kenmerken/volgnummer of the data, - when absent; TIME
 * is in microseconds of the monotonic clock; OUTCOME is done, retry or dead. No end: it was
 * crashed, killed or hanging. close() appends a line `close PID`. SIGKILL may end a write(2) where a page of
 * the file does: then what is appended next follows on half a line.
 *
 * With option.dump it appends, before that, a line per event with one write(2): SENDER, DATA and for
 * each attribute NAME=VALUE, separated by blanks, values and data in hex digits; DATA is - when there
 * is none, else it starts with an x.
 *
 * `calls` leaves a note with what the calls answered, separated by blanks: pv_id pv_source pv_type
 * pv_subject pv_time pv_sender pv_received_ms pv_attempt, pv_header(x-correlation-id), length of pv_data,
 * pv_int(/kenmerken/getal), pv_bool(/kenmerken/waar), whether pv_state is null, what pv_set_state
 * and pv_emit answered, whether 0 < pv_time_left_ms <= 60000. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <postvak/handler.h>
#include "misbehave.h"

#define OPTIONS(X) \
	X("path", PV_STRING, "", "file for a line at the start and one at the end of each event") \
	X("dump", PV_STRING, "", "file for a line with all attributes and the data of each event") \
	X("ms", PV_INT, "100", "how long slow takes, in milliseconds") \
	X("gate", PV_STRING, "", "FIFO that gate opens for reading") \
	X("until", PV_STRING, "", "while this file exists every event is retried") \
	X("fail", PV_BOOL, "no", "do not open") \
	X("mute", PV_BOOL, "no", "with fail: do not say why") \
	X("undeclared", PV_BOOL, "no", "open asks for an option that was not declared")

#ifndef USES_STATE
#define USES_STATE 0
#endif

#define MIB ((size_t)1 << 20)
#define LEAK_MAX 512		/* MiB; no more, should the limit not work */

static int fd = -1, dump_fd = -1;
static pid_t owner;		/* children do not write */

static void write_line(const char *line)
{
	if (fd >= 0 && getpid() == owner && write(fd, line, strlen(line)) < 0)
		abort();
}

static void write_event(struct pv_event *ev, const char *word, const char *last)
{
	const char *object = pv_str(ev, "/hoofdObject"), *number = pv_str(ev, "/kenmerken/volgnummer");
	struct timespec ts;
	char line[1024];

	clock_gettime(CLOCK_MONOTONIC, &ts);
	snprintf(line, sizeof line, "%s %s %s %s %ld %lld %s\n", word, pv_key(ev), object ? object : "-",
		 number ? number : "-", (long)getpid(), (long long)ts.tv_sec * 1000000 + ts.tv_nsec / 1000, last);
	write_line(line);
}

static void put_hex(FILE *out, const unsigned char *p, size_t len)
{
	while (len--)
		fprintf(out, "%02x", *p++);
}

static void dump_event(struct pv_event *ev)
{
	char *line = NULL;
	size_t line_len = 0, len = 0;
	const char *name, *value;
	const void *data = pv_data(ev, &len);
	FILE *out = open_memstream(&line, &line_len);

	if (!out)
		abort();
	fprintf(out, "%s %s", pv_sender(ev), data ? "x" : "-");
	if (data)
		put_hex(out, data, len);
	for (size_t i = 0; (value = pv_attr_at(ev, i, &name)); i++) {
		fprintf(out, " %s=", name);
		put_hex(out, (const unsigned char *)value, strlen(value));
	}
	fputc('\n', out);
	if (fclose(out) != 0 || write(dump_fd, line, line_len) != (ssize_t)line_len)
		abort();
	free(line);
}

/* The pieces can still be reached, so that a leak checker does not mind. */
static int leak(size_t mib)
{
	static char **last;

	for (size_t i = 0; i < mib; i++) {
		char **p = malloc(MIB);

		if (!p)
			return -1;
		memset(p, (int)i + 1, MIB);
		*p = (char *)last;
		last = p;
	}
	return 0;
}

static void nap(int64_t ms)
{
	struct timespec left = { (time_t)(ms / 1000), (long)(ms % 1000) * 1000000 };

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

static const char *or_none(const char *s)
{
	return s ? s : "-";
}

static int try_calls(struct pv_host *host, struct pv_event *ev)
{
	size_t len = 0;
	const char *data = pv_data(ev, &len);
	int64_t number = 0, left = pv_time_left_ms(host);
	int truth = 0, state, emitted, none = pv_state(ev, NULL) == NULL;

	if (data && data[len] != '\0')
		return PV_DEAD;
	errno = 0;
	state = pv_set_state(ev, "x", 1) == -1 && errno == ENOTSUP ? -1 : 0;
	errno = 0;
	emitted = pv_emit(ev, "", NULL, NULL, NULL, 0) == -1 && errno == EINVAL ? -1 : 0;
	if (pv_int(ev, "/kenmerken/getal", &number) < 0 || pv_bool(ev, "/kenmerken/waar", &truth) < 0)
		number = truth = -1;
	pv_note(ev, "%s %s %s %s %s %s %lld %d %s %zu %lld %d %d %d %d %d", or_none(pv_id(ev)), or_none(pv_source(ev)),
		or_none(pv_type(ev)), or_none(pv_subject(ev)), or_none(pv_time(ev)), or_none(pv_sender(ev)),
		(long long)pv_received_ms(ev), pv_attempt(ev), or_none(pv_header(ev, "x-correlation-id")), len,
		(long long)number, truth, none, state, emitted, left > 0 && left <= 60000);
	return PV_DONE;
}

static int list_attrs(struct pv_event *ev)
{
	char text[1000] = "";
	const char *name, *value;

	for (size_t i = 0; (value = pv_attr_at(ev, i, &name)); i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s=%s", i ? " " : "", name, value);
	pv_note(ev, "%s", text);
	return PV_DONE;
}

/* Each tells by its number which event of which cause it is. */
static int emit(struct pv_event *ev, int n)
{
	const char *object = pv_str(ev, "/hoofdObject"), *number = pv_str(ev, "/kenmerken/volgnummer");
	char data[1024];

	for (int i = 0; i < n; i++) {
		int len = snprintf(data, sizeof data, "{\"hoofdObject\":\"%s\",\"kenmerken\":{\"volgnummer\":\"%s.%d\"}}",
				   or_none(object), or_none(number), i);

		if (pv_emit(ev, "nl.test.gevolg", object, NULL, data, (size_t)len) < 0)
			return PV_DEAD;
	}
	return PV_DONE;
}

static int loop(struct pv_event *ev)
{
	size_t len;
	const void *data = pv_data(ev, &len);

	return pv_emit(ev, pv_type(ev), pv_subject(ev), NULL, data, len) < 0 ? PV_DEAD : PV_DONE;
}

static int count(struct pv_event *ev)
{
	const char *state = pv_state(ev, NULL);
	char number[24];
	int len = snprintf(number, sizeof number, "%d", (state ? atoi(state) : 0) + 1);

	pv_note(ev, "count %s", number);
	return pv_set_state(ev, number, (size_t)len) < 0 ? PV_DEAD : PV_DONE;
}

static int in_vain(struct pv_event *ev)
{
	if (pv_set_state(ev, "vain", 4) < 0 || pv_emit(ev, "nl.test.gevolg", NULL, NULL, NULL, 0) < 0)
		return PV_DEAD;
	pv_note(ev, "the state is %s", (const char *)pv_state(ev, NULL));
	return PV_RETRY;
}

static const char *why(int answer)
{
	return answer == 0 ? "0" : errno == EINVAL ? "EINVAL" : errno == EMSGSIZE ? "EMSGSIZE" : errno == ENXIO ? "ENXIO" :
	       errno == ENOTSUP ? "ENOTSUP" : "?";
}

static int try_limits(struct pv_event *ev)
{
	static char large[MIB];
	char text[500] = "";
	int n = 0;

#define TRY(call) snprintf(text + strlen(text), sizeof text - strlen(text), "%s ", why(call))
	TRY(pv_set_state(ev, large, 65536));
	TRY(pv_set_state(ev, large, 65537));
	TRY(pv_set_state(ev, NULL, 1));
	TRY(pv_set_state(ev, NULL, 0));
	TRY(pv_emit(ev, NULL, NULL, NULL, NULL, 0));
	TRY(pv_emit(ev, "a\nb", NULL, NULL, NULL, 0));
	TRY(pv_emit(ev, "a", "", NULL, NULL, 0));
	TRY(pv_emit(ev, "a", NULL, "json", NULL, 0));
	TRY(pv_emit(ev, "a", NULL, NULL, NULL, 1));
	TRY(pv_emit(ev, "a", NULL, NULL, large, MIB));
	TRY(pv_emit(ev, "a", NULL, NULL, large, MIB - 100));
	TRY(pv_emit(ev, "b", NULL, NULL, large, 99));
	while (n < 200 && pv_emit(ev, "c", NULL, NULL, NULL, 0) == 0)
		n++;
	pv_note(ev, "%s%d %s", text, n, why(-1));
#undef TRY
	return PV_DONE;
}

static int act(struct pv_host *host, struct pv_event *ev, const char *actie)
{
	if (strcmp(actie, "crash") == 0)
		raise(SIGSEGV);
	if (strcmp(actie, "hang") == 0)
		for (;;)
			pause();
	if (strcmp(actie, "exit") == 0)
		exit(3);
	if (strcmp(actie, "odd") == 0)
		return 7;
	if (strcmp(actie, "attrs") == 0)
		return list_attrs(ev);
	if (strcmp(actie, "leak") == 0 && leak(LEAK_MAX) < 0)
		abort();
	if (strncmp(actie, "leak", 4) == 0)
		leak((size_t)atoi(actie + 4));
	if (strcmp(actie, "retryin") == 0 && pv_attempt(ev) == 1) {
		pv_retry_after(ev, 5);
		return PV_RETRY;
	}
	if (strncmp(actie, "retry", 5) == 0 && pv_attempt(ev) <= atoi(actie + 5)) {
		pv_note(ev, "attempt %d of a handler for tests", pv_attempt(ev));
		return PV_RETRY;
	}
	if (strcmp(actie, "dead") == 0)
		return PV_DEAD;
	if (strcmp(actie, "gate") == 0)
		close(open(pv_option_str(host, "gate"), O_RDONLY | O_CLOEXEC));
	if (strcmp(actie, "slow") == 0)
		nap(pv_option_int(host, "ms"));
	if (strcmp(actie, "close") == 0)
		for (int other = 3; other < 1024; other++)
			close(other);
	if (strcmp(actie, "note") == 0)
		pv_note(ev, "two\nlines %02990d", 0);
	if (strncmp(actie, "emit", 4) == 0)
		return emit(ev, atoi(actie + 4));
	if (strcmp(actie, "loop") == 0)
		return loop(ev);
	if (strncmp(actie, "count", 5) == 0)
		return count(ev) == PV_DONE && strlen(actie) > 9 ? emit(ev, atoi(actie + 9)) : PV_DONE;
	if (strcmp(actie, "vain") == 0)
		return in_vain(ev);
	if (strcmp(actie, "limits") == 0)
		return try_limits(ev);
	if (strcmp(actie, "calls") == 0)
		return try_calls(host, ev);
	misbehave(actie, fd);
	return PV_DONE;
}

static int run(struct pv_host *host, void *state, struct pv_event *ev)
{
	static const char *const outcomes[] = { "done", "retry", "dead" };
	const char *actie = pv_str(ev, "/actie"), *until = pv_option_str(host, "until");
	char attempt[16];
	int outcome;

	(void)state;
	if (dump_fd >= 0)
		dump_event(ev);
	snprintf(attempt, sizeof attempt, "%d", pv_attempt(ev));
	write_event(ev, "start", attempt);
	if (until[0] && access(until, F_OK) == 0)
		outcome = PV_RETRY;
	else
		outcome = act(host, ev, actie ? actie : "");
	write_event(ev, "end", outcomes[outcome <= PV_DEAD ? outcome : PV_RETRY]);
	return outcome;
}

/* 0 also when the option is not set. */
static int open_file(struct pv_host *host, const char *option, int *out)
{
	const char *path = pv_option_str(host, option);

	if (!path[0])
		return 0;
	*out = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	if (*out < 0)
		return pv_fail(host, "cannot open %s: %s", path, strerror(errno));
	return 0;
}

static int open_test(struct pv_host *host, void **state)
{
	(void)state;
	if (pv_option_bool(host, "mute"))
		return -1;
	if (pv_option_bool(host, "fail"))
		return pv_fail(host, "told to fail by option.%s", "fail");
	if (pv_option_bool(host, "undeclared"))
		return pv_option_int(host, "nothing") == 0 ? 0 : -1;
	owner = getpid();
	if (open_file(host, "path", &fd) < 0 || open_file(host, "dump", &dump_fd) < 0)
		return -1;
	pv_log(host, PV_INFO, "open");
	return 0;
}

static void close_test(struct pv_host *host, void *state)
{
	char line[64];

	(void)host;
	(void)state;
	snprintf(line, sizeof line, "close %ld\n", (long)getpid());
	write_line(line);
}

PV_HANDLER("testhandler", "1.0", OPTIONS, .uses_state = USES_STATE, .open = open_test, .run = run, .close = close_test);
