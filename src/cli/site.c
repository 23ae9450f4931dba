/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/site.h"

#include <stdio.h>
#include <string.h>
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

static int open_store(struct site *site, bool read_only)
{
	struct store_setup setup = {
		.spec = site->conf->store, .group = site->conf->group,
		.disk_reserve = site->conf->disk_reserve, .read_only = read_only
	};
	struct err err;

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

int site_write(struct site *site)
{
	store_close(&site->store);
	return open_store(site, false);
}

void site_close(struct site *site)
{
	if (site->store)
		store_close(&site->store);
	if (site->conf)
		conf_free(&site->conf);
	pool_free(&site->pool);
}
