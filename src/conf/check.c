/* SPDX-License-Identifier: EUPL-1.2
 * What one setting alone does not tell. */
#include "config.h"
#include "conf/settings.h"

#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include "base/child.h"
#include "event/uri.h"

#define SOCKET_PATH_MOST 99	/* sun_path has 108 bytes; a socket is bound under its name and a process id first */
#define MEMORY_LEAST (UINT64_C(16) << 20)

static int postvak_line(const struct conf *conf, const char *key)
{
	return setting_line(&conf->origin, IN_POSTVAK, key);
}

static void check_numbers(const struct conf *conf, struct problems *problems)
{
	if (conf->threads_max < conf->threads)
		problem_add(problems, conf->file, postvak_line(conf, "threads_max"),
			    "threads_max = %d is less than threads = %d: make it at least that", conf->threads_max, conf->threads);
	if (conf->remember_ms < conf->retention_ms) {
		struct buf text = { 0 };

		duration_print(conf->retention_ms, &text);
		problem_add(problems, conf->file, postvak_line(conf, "remember"),
			    "remember is shorter than retention: identities have to outlive events, so make it at least %s", text.p);
		buf_free(&text);
	}
}

static void check_places(const struct conf *conf, struct problems *problems)
{
	if (*conf->group && !getgrnam(conf->group))
		problem_add(problems, conf->file, postvak_line(conf, "group"),
			    "there is no group %s on this machine: create it, or name the web server's group", conf->group);
	if (strncmp(conf->listen, "unix:", 5) == 0 && strlen(conf->listen + 5) > SOCKET_PATH_MOST)
		problem_add(problems, conf->file, postvak_line(conf, "listen"),
			    "the socket path %s is too long: at most %d bytes", conf->listen + 5, SOCKET_PATH_MOST);
	if (strlen(conf->run_dir) + sizeof "/" RUN_BELL - 1 > SOCKET_PATH_MOST)
		problem_add(problems, conf->file, postvak_line(conf, "run_dir"),
			    "the path of run_dir is too long for the sockets in it: at most %d bytes",
			    (int)(SOCKET_PATH_MOST - (sizeof "/" RUN_BELL - 1)));
}

/* What is set to something else than its default and cannot have an effect is a mistake. */
static void check_needs(const struct conf *conf, const struct conf_endpoint *e, struct problems *problems)
{
	const struct { const char *key; bool set; unsigned needs; const char *what; } rows[] = {
		{ "batch", e->batch != 0, ACCEPTS_CLOUD, "cloudevents" },
		{ "payload", e->payload_optional, ACCEPTS_CLOUD, "cloudevents" },
		{ "origins", e->origins != NULL, ACCEPTS_CLOUD | ACCEPTS_JSON, "cloudevents or json" },
		{ "unlisted", e->unlisted != UNLISTED_REFUSE, ACCEPTS_CLOUD | ACCEPTS_JSON, "cloudevents or json" },
		{ "origin_rate", e->origin_rate != 0, ACCEPTS_CLOUD | ACCEPTS_JSON, "cloudevents or json" },
		{ "origin_required", e->origin_required, ACCEPTS_CLOUD | ACCEPTS_JSON, "cloudevents or json" },
		{ "https", !e->https, ACCEPTS_CLOUD | ACCEPTS_JSON, "cloudevents or json" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].set && !(e->accepts & rows[i].needs))
			problem_add(problems, conf->file, setting_line(&e->origin, IN_ENDPOINT, rows[i].key),
				    "%s has no effect here: it is for accepts = %s", rows[i].key, rows[i].what);
	if (setting_line(&e->origin, IN_ENDPOINT, "profile") != e->origin.line &&
	    ((e->names_nrc && !(e->accepts & ACCEPTS_NRC)) || (e->names_cloud && !(e->accepts & ACCEPTS_CLOUD))))
		problem_add(problems, conf->file, setting_line(&e->origin, IN_ENDPOINT, "profile"),
			    "the profile is of what this endpoint does not take: lenient and strict are for notifications "
			    "(accepts = nrc), the others for accepts = cloudevents; both may have one of each");
	if ((e->origin_required || e->origin_rate) && !conf_handshakes(e) && e->accepts != ACCEPTS_NRC)
		problem_add(problems, conf->file,
			    setting_line(&e->origin, IN_ENDPOINT, e->origin_required ? "origin_required" : "origin_rate"),
			    "without a handshake no origin is granted anything: set origins too");
}

static void check_mappings(const struct conf *conf, const struct conf_endpoint *e, struct problems *problems)
{
	for (enum map_field field = 0; field < MAP_FIELDS; field++) {
		char *key = str_fmt("map.%s", map_field_name(field));

		if (e->map[field] && !(e->accepts & ACCEPTS_JSON))
			problem_add(problems, conf->file, setting_line(&e->origin, IN_ENDPOINT, key),
				    "%s has no effect here: it is for accepts = json", key);
		if (!e->map[field] && (e->accepts & ACCEPTS_JSON) && field <= MAP_SOURCE &&
		    setting_line(&e->origin, IN_ENDPOINT, key) == e->origin.line)
			problem_add(problems, conf->file, e->origin.line, "[endpoint %s] accepts json and has no %s: add it, a JSON "
				    "pointer such as /id, header:NAME or a \"text\"", e->name, key);
		free(key);
	}
}

static void check_endpoints(const struct conf *conf, struct problems *problems)
{
	for (size_t i = 0; i < conf->n_endpoints; i++) {
		const struct conf_endpoint *endpoint = &conf->endpoints[i];

		if (endpoint->accepts) {
			check_needs(conf, endpoint, problems);
			check_mappings(conf, endpoint, problems);
		}
		for (size_t j = 0; endpoint->path && j < i; j++) {
			if (!conf->endpoints[j].path || strcmp(conf->endpoints[j].path, endpoint->path) != 0)
				continue;
			problem_add(problems, conf->file, setting_line(&endpoint->origin, IN_ENDPOINT, "path"),
				    "path = %s is the path of [endpoint %s] already (line %d): give each endpoint its own",
				    endpoint->path, conf->endpoints[j].name,
				    setting_line(&conf->endpoints[j].origin, IN_ENDPOINT, "path"));
			break;
		}
	}
}

static void check_handler(const struct conf *conf, const struct conf_handler *handler, struct problems *problems)
{
	if (handler->memory && handler->memory < MEMORY_LEAST)
		problem_add(problems, conf->file, conf_handler_line(handler, "memory"),
			    "memory is too little for any runner: at least 16M, or 0 for no limit");
	if (handler->source && (!*handler->source || !uri_reference_valid(handler->source)))
		problem_add(problems, conf->file, conf_handler_line(handler, "source"),
			    "source = %s is no URI reference (RFC 3986), such as /handlers/%s or urn:nld:...", handler->source,
			    handler->name);
}

static void check_handlers(const struct conf *conf, struct problems *problems)
{
	for (size_t i = 0; i < conf->n_handlers; i++)
		check_handler(conf, &conf->handlers[i], problems);
}

void conf_check(struct conf *conf, struct problems *problems)
{
	check_numbers(conf, problems);
	check_places(conf, problems);
	check_endpoints(conf, problems);
	conf_check_trust(conf, problems);
	check_handlers(conf, problems);
}
