/* SPDX-License-Identifier: EUPL-1.2
 * postvak check: the configuration, secrets and handlers, all problems at once. */
#include "cli/command.h"

#include <stdio.h>
#include "cli/jot.h"
#include "cli/site.h"
#include "trust/trust.h"

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static void write_json(const char *file, const struct problems *problems)
{
	struct buf out = {0};

	jot_begin(&out, NULL, '{');
	jot_text(&out, "file", file);
	jot_bool(&out, "fine", problems->n == 0);
	jot_begin(&out, "problems", '[');
	for (size_t i = 0; i < problems->n; i++) {
		jot_begin(&out, NULL, '{');
		jot_text(&out, "file", problems->v[i].file);
		jot_int(&out, "line", problems->v[i].line);
		jot_text(&out, "text", problems->v[i].text);
		jot_end(&out, '}');
	}
	jot_end(&out, ']');
	jot_end(&out, '}');
	printf("%s\n", out.p);
	buf_free(&out);
}

/* Root can read what the service cannot, and is not to run handlers. */
static int become_owner(const char *file)
{
	struct problems problems = { .pool = pool_new() };
	struct site site = {0};
	int status = conf_load(file, &site.conf, &problems) == 0 ? site_owner(&site) : CLI_DONE;

	site_close(&site);
	pool_free(&problems.pool);
	return status;
}

int run_check(const struct call *call)
{
	struct problems problems = {0};
	const char *file = conf_path(call->conf_file);
	struct conf *conf = NULL;
	bool fine;

	if (become_owner(file) != CLI_DONE)
		return CLI_FAILED;
	problems.pool = pool_new();
	fine = conf_load_probed(file, trust_check, &conf, &problems) == 0;
	if (call_has(call, FLAG_JSON))
		write_json(file, &problems);
	else if (fine)
		printf("%s: fine: %zu endpoint%s, %zu sender%s, %zu handler%s\n", file,
		       conf->n_endpoints, plural(conf->n_endpoints), conf->n_senders, plural(conf->n_senders),
		       conf->n_handlers, plural(conf->n_handlers));
	else
		site_problems(&problems);
	if (conf)
		conf_free(&conf);
	pool_free(&problems.pool);
	return fine ? CLI_DONE : CLI_USAGE;
}
