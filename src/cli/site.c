/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/site.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/child.h"
#include "cli/plain.h"

void site_problems(const struct problems *problems)
{
	for (size_t i = 0; i < problems->n; i++) {
		const struct problem *p = &problems->v[i];
		struct buf line = {0};

		buf_str(&line, p->file);
		if (p->line)
			buf_fmt(&line, ":%d", p->line);
		buf_str(&line, ": ");
		plain_put(&line, p->text, strlen(p->text), PLAIN_LINE);
		fprintf(stderr, "%s\n", line.p);
		buf_free(&line);
	}
}

int site_conf(const struct call *call, struct site *site)
{
	struct problems problems = { .pool = pool_new() };
	int status = CLI_DONE;

	site->pool = pool_new();
	if (conf_load(conf_path(call->conf_file), &site->conf, &problems) < 0) {
		site_problems(&problems);
		say("the configuration is not right: nothing was done");
		status = CLI_USAGE;
	}
	pool_free(&problems.pool);
	return status;
}

int site_owner(const struct site *site)
{
	const char *dir = site->conf->state_dir;
	const struct passwd *owner;
	struct stat st;
	struct err err;

	if (geteuid() != 0 || stat(dir, &st) < 0 || st.st_uid == 0)
		return CLI_DONE;
	owner = getpwuid(st.st_uid);
	if ((owner ? initgroups(owner->pw_name, owner->pw_gid) : setgroups(0, NULL)) == 0 &&
	    setgid(owner ? owner->pw_gid : st.st_gid) == 0 && setuid(st.st_uid) == 0)
		return CLI_DONE;
	err_sys(&err, "cannot become the owner of %s", dir);
	say("%s", err.text);
	return CLI_FAILED;
}

static int open_store(struct site *site, bool read_only)
{
	struct store_setup setup = store_setup_for(site->conf);
	struct err err;

	setup.read_only = read_only;
	if (site_owner(site) != CLI_DONE)
		return CLI_FAILED;
	if (store_open(&setup, STORE_LOG | STORE_DESK, &site->store, &err) == 0)
		return CLI_DONE;
	say("%s", err.text);
	return CLI_FAILED;
}

int site_read(const struct call *call, struct site *site)
{
	int status = site_conf(call, site);

	return status ? status : open_store(site, true);
}

int site_look(struct site *site)
{
	return open_store(site, true);
}

int site_write(struct site *site)
{
	store_close(&site->store);
	return open_store(site, false);
}

struct board *board_look(const struct conf *conf)
{
	char *path = str_fmt("%s/" RUN_BOARD, conf->run_dir);
	struct board *board = access(path, R_OK | W_OK) == 0 ? board_open(path, NULL, NULL) : NULL;

	free(path);
	return board;
}

void site_close(struct site *site)
{
	if (site->store)
		store_close(&site->store);
	if (site->conf)
		conf_free(&site->conf);
	pool_free(&site->pool);
}
