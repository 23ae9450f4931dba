/* SPDX-License-Identifier: EUPL-1.2
 * The structs of a configuration, reached by kind of section and index. */
#include "config.h"
#include "conf/settings.h"

#include <string.h>
#include <strings.h>
#include "base/die.h"

#define SEPARATORS " \t,"

size_t section_count(const struct conf *conf, enum section_kind kind)
{
	switch (kind) {
	case IN_ENDPOINT: return conf->n_endpoints;
	case IN_SENDER: return conf->n_senders;
	case IN_ISSUER: return conf->n_issuers;
	case IN_HANDLER: return conf->n_handlers;
	default: return 1;
	}
}

void *section_at(const struct conf *conf, enum section_kind kind, size_t i)
{
	must(i < section_count(conf, kind));
	switch (kind) {
	case IN_ENDPOINT: return &conf->endpoints[i];
	case IN_SENDER: return &conf->senders[i];
	case IN_ISSUER: return &conf->issuers[i];
	case IN_HANDLER: return &conf->handlers[i];
	default: return (void *)(uintptr_t)conf;
	}
}

const char *section_name(const struct conf *conf, enum section_kind kind, size_t i)
{
	must(i < section_count(conf, kind));
	switch (kind) {
	case IN_ENDPOINT: return conf->endpoints[i].name;
	case IN_SENDER: return conf->senders[i].name;
	case IN_ISSUER: return conf->issuers[i].name;
	case IN_HANDLER: return conf->handlers[i].name;
	default: return "";
	}
}

void section_set_name(struct conf *conf, enum section_kind kind, size_t i, const char *name)
{
	must(i < section_count(conf, kind));
	switch (kind) {
	case IN_ENDPOINT: conf->endpoints[i].name = name; break;
	case IN_SENDER: conf->senders[i].name = name; break;
	case IN_ISSUER: conf->issuers[i].name = name; break;
	case IN_HANDLER: conf->handlers[i].name = name; break;
	default: break;
	}
}

struct conf_origin *section_origin(const struct conf *conf, enum section_kind kind, size_t i)
{
	must(i < section_count(conf, kind));
	switch (kind) {
	case IN_ENDPOINT: return &conf->endpoints[i].origin;
	case IN_SENDER: return &conf->senders[i].origin;
	case IN_ISSUER: return &conf->issuers[i].origin;
	case IN_HANDLER: return &conf->handlers[i].origin;
	default: return (struct conf_origin *)(uintptr_t)&conf->origin;
	}
}

void section_make(struct conf *conf, enum section_kind kind, size_t n)
{
	if (kind == IN_ENDPOINT) {
		conf->endpoints = pool_alloc(conf->pool, n * sizeof *conf->endpoints);
		conf->n_endpoints = n;
	} else if (kind == IN_SENDER) {
		conf->senders = pool_alloc(conf->pool, n * sizeof *conf->senders);
		conf->n_senders = n;
	} else if (kind == IN_ISSUER) {
		conf->issuers = pool_alloc(conf->pool, n * sizeof *conf->issuers);
		conf->n_issuers = n;
	} else if (kind == IN_HANDLER) {
		conf->handlers = pool_alloc(conf->pool, n * sizeof *conf->handlers);
		conf->n_handlers = n;
	}
	for (size_t i = 0; i < section_count(conf, kind); i++)
		section_origin(conf, kind, i)->lines = pool_alloc(conf->pool, settings_n * sizeof(int));
}

struct conf *conf_new(void)
{
	struct pool *pool = pool_new();
	struct conf *conf = pool_alloc(pool, sizeof *conf);

	conf->pool = pool;
	section_make(conf, IN_POSTVAK, 1);
	return conf;
}

void conf_free(struct conf **conf)
{
	struct pool *pool = *conf ? (*conf)->pool : NULL;

	*conf = NULL;
	pool_free(&pool);
}

struct read_rules conf_read_rules(const struct conf_endpoint *endpoint, const struct conf_sender *sender)
{
	return (struct read_rules){
		.accepts = endpoint->accepts,
		.scope = sender->identity_group ? sender->identity_group : sender->name,
		.nrc_profile = endpoint->profile,
		.identity = sender->identity,
		.identity_header = sender->identity_header,
		.cloud_profile = endpoint->cloud_profile,
		.batch = (size_t)endpoint->batch,
		.payload_optional = endpoint->payload_optional,
		.map = endpoint->map,
	};
}

bool conf_handshakes(const struct conf_endpoint *endpoint)
{
	return endpoint->origins || endpoint->unlisted == UNLISTED_ASK;
}

bool conf_listed(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = list; at && *at;) {
		size_t word = strcspn(at, SEPARATORS);

		if ((word == 1 && *at == '*') || (word && word == len && strncasecmp(at, name, len) == 0))
			return true;
		at += word;
		at += strspn(at, SEPARATORS);
	}
	return false;
}

const struct conf_endpoint *conf_endpoint(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->n_endpoints; i++)
		if (strcmp(conf->endpoints[i].name, name) == 0)
			return &conf->endpoints[i];
	return NULL;
}

const struct conf_sender *conf_sender(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->n_senders; i++)
		if (strcmp(conf->senders[i].name, name) == 0)
			return &conf->senders[i];
	return NULL;
}

const struct conf_issuer *conf_issuer(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->n_issuers; i++)
		if (strcmp(conf->issuers[i].name, name) == 0)
			return &conf->issuers[i];
	return NULL;
}

bool conf_issuer_fetches(const struct conf_issuer *issuer)
{
	return issuer->introspection || issuer->discovery || (issuer->jwks.ref && !issuer->jwks.text);
}

bool conf_fetches(const struct conf *conf)
{
	for (size_t i = 0; i < conf->n_issuers; i++)
		if (conf_issuer_fetches(&conf->issuers[i]))
			return true;
	return false;
}

const struct conf_issuer *conf_signing_issuer(const struct conf *conf, const struct conf_signing *signing)
{
	const char *ref = signing->keys.ref;

	return ref && strncmp(ref, KEYS_ISSUER, sizeof KEYS_ISSUER - 1) == 0 ? conf_issuer(conf, ref + sizeof KEYS_ISSUER - 1) : NULL;
}

const struct conf_handler *conf_handler(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->n_handlers; i++)
		if (strcmp(conf->handlers[i].name, name) == 0)
			return &conf->handlers[i];
	return NULL;
}

int setting_line(const struct conf_origin *origin, enum section_kind kind, const char *key)
{
	const struct setting *setting = setting_find(kind, key);
	int line = setting && origin->lines ? origin->lines[setting_number(setting)] : 0;

	return line ? line : origin->line;
}

int conf_handler_line(const struct conf_handler *handler, const char *key)
{
	return setting_line(&handler->origin, IN_HANDLER, key);
}

int conf_sender_line(const struct conf_sender *sender, const char *key)
{
	return setting_line(&sender->origin, IN_SENDER, key);
}

int conf_issuer_line(const struct conf_issuer *issuer, const char *key)
{
	return setting_line(&issuer->origin, IN_ISSUER, key);
}
