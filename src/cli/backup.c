/* SPDX-License-Identifier: EUPL-1.2
 * postvak backup: a copy of the store while it serves. */
#include "cli/site.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "cli/jot.h"

#define SAY_MS 200

static volatile sig_atomic_t told_to_stop;

static void take_signal(int sig)
{
	(void)sig;
	told_to_stop = 1;
}

static void heed_signals(void)
{
	struct sigaction heed = { .sa_handler = take_signal };

	sigaction(SIGINT, &heed, NULL);
	sigaction(SIGTERM, &heed, NULL);
	sigaction(SIGHUP, &heed, NULL);
}

static bool show(void *arg, enum store_part part, uint64_t done, uint64_t bytes)
{
	int64_t *said_ms = arg, now = clock_mono_ms();

	if (isatty(STDERR_FILENO) && now - *said_ms >= SAY_MS) {
		*said_ms = now;
		fprintf(stderr, "\r%s.db: %" PRIu64 " of %" PRIu64 " MiB%s ", part == STORE_LOG ? "log" : "desk", done >> 20,
			bytes >> 20, done >= bytes ? ", checking" : "");
	}
	return !told_to_stop;
}

/* The directory to be, made before root becomes the owner of the store, who is to have it. Absolute, since the caller's
 * may be closed to that one; the caller frees. *made: it was not there. */
static char *make_dir(const struct site *site, const char *name, bool *made, struct err *err)
{
	char *here = *name == '/' ? NULL : getcwd(NULL, 0), *path = here ? str_fmt("%s/%s", here, name) : str_dup(name);
	struct stat owner;
	int fd = -1;

	free(here);
	*made = mkdir(path, 0700) == 0;
	if (!*made && errno != EEXIST)
		err_sys(err, "cannot make the directory %s", path);
	else if (!*made)
		return path;
	else if ((fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0 || fchmod(fd, 0700) < 0 ||
		 (geteuid() == 0 && stat(site->conf->state_dir, &owner) == 0 && fchown(fd, owner.st_uid, owner.st_gid) < 0))
		err_sys(err, "cannot set up the directory %s", path);
	else {
		close(fd);
		return path;
	}
	if (fd >= 0)
		close(fd);
	free(path);
	return NULL;
}

static void print(const struct call *call, const struct backed_up *b, const char *path, int64_t ms)
{
	struct buf out = {0};

	if (call_has(call, FLAG_JSON)) {
		jot_begin(&out, NULL, '{');
		jot_text(&out, "directory", path);
		jot_number(&out, "last", b->last);
		jot_number(&out, "sorted", b->sorted);
		jot_number(&out, "log_bytes", b->log_bytes);
		jot_number(&out, "desk_bytes", b->desk_bytes);
		jot_int(&out, "ms", ms);
		jot_end(&out, '}');
		printf("%s\n", out.p);
	} else
		printf("%s: up to event %" PRIu64 ", log.db %.1f MiB, desk.db %.1f MiB, in %.1f s\n", path, b->last,
		       (double)b->log_bytes / (1 << 20), (double)b->desk_bytes / (1 << 20), (double)ms / 1000);
	buf_free(&out);
}

static int back_up(const struct call *call, const struct site *site, const char *path)
{
	int64_t said_ms = 0, begun = clock_mono_ms();
	struct backup how = { path, show, &said_ms };
	struct backed_up done;
	struct err err;
	int rc;

	heed_signals();
	rc = store_backup(site->store, &how, &done, &err);
	if (said_ms)
		fprintf(stderr, "\r%60s\r", "");
	if (rc < 0) {
		say("%s", err.text);
		return CLI_FAILED;
	}
	print(call, &done, path, clock_mono_ms() - begun);
	return CLI_DONE;
}

int run_backup(const struct call *call)
{
	struct site site = {0};
	struct err err;
	char *path = NULL;
	bool made = false;
	int status = site_conf(call, &site);

	if (!status && !(path = make_dir(&site, call->operands[0], &made, &err))) {
		say("%s", err.text);
		status = CLI_FAILED;
	}
	if (!status)
		status = site_look(&site);
	if (!status)
		status = back_up(call, &site, path);
	if (status && made && rmdir(path) < 0)
		say("the empty directory %s is left", path);
	free(path);
	site_close(&site);
	return status;
}
