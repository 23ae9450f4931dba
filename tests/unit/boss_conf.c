/* SPDX-License-Identifier: EUPL-1.2
 * A configuration for tests of the boss and its fake children: lines of "key value", no checks.
 * Linked in front of libconf.a, it takes the place of its loading. */
#include "config.h"
#include "conf/conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/sock.h"
#include "conf/probe.h"

static void fetch_from(struct conf *conf, size_t n)
{
	conf->issuers = pool_alloc(conf->pool, n * sizeof *conf->issuers);
	conf->n_issuers = n;
	for (size_t i = 0; i < n; i++)
		conf->issuers[i].jwks.ref = "https://issuer.example/keys";
}

static void set(struct conf *conf, const char *key, const char *value)
{
	if (strcmp(key, "state_dir") == 0)
		conf->state_dir = pool_str(conf->pool, value);
	else if (strcmp(key, "run_dir") == 0)
		conf->run_dir = pool_str(conf->pool, value);
	else if (strcmp(key, "store") == 0)
		conf->store = pool_str(conf->pool, value);
	else if (strcmp(key, "listen") == 0)
		conf->listen = pool_str(conf->pool, value);
	else if (strcmp(key, "receivers") == 0)
		conf->receivers = atoi(value);
	else if (strcmp(key, "issuers") == 0)
		fetch_from(conf, (size_t)atoi(value));
	else if (strcmp(key, "drain_ms") == 0)
		conf->drain_ms = atoi(value);
	else if (strcmp(key, "broken") == 0)
		conf->file = NULL;
}

int conf_load(const char *file, struct conf **out, struct problems *problems)
{
	struct pool *pool = pool_new();
	struct conf *conf = pool_alloc(pool, sizeof *conf);
	char *text = file_read(file, 65536, NULL, NULL), key[64], value[256];

	*conf = (struct conf){ .pool = pool, .file = file, .group = "", .store = "memory:", .log_level = 1 };
	for (char *line = text; line && sscanf(line, "%63s %255s", key, value) == 2;) {
		set(conf, key, value);
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	free(text);
	if (text && conf->file) {
		*out = conf;
		return 0;
	}
	problem_add(problems, file, 7, "this setting is broken; mend it");
	conf_free(&conf);
	return -1;
}

int conf_load_probed(const char *file, conf_also *also, struct conf **out, struct problems *problems)
{
	(void)also;
	return conf_load(file, out, problems);
}

void conf_pack(const struct conf *conf, enum conf_role role, struct buf *out)
{
	buf_text(out, role == ROLE_DISPATCH ? "dispatcher" : role == ROLE_KEYS ? "keys" : "receiver");
	buf_u64(out, conf->generation);
	buf_text(out, conf->state_dir);
}
