/* SPDX-License-Identifier: EUPL-1.2
 * Paths become absolute: each relative to what its setting says. */
#include "config.h"
#include "conf/settings.h"

#include <string.h>

/* Without a slash at the end: names are put behind it. */
static const char *join(struct pool *pool, const char *dir, const char *path)
{
	size_t len;

	while (path[0] == '.' && (path[1] == '/' || path[1] == '\0'))
		path += path[1] ? 2 : 1;
	if (!*path)
		return dir;
	len = strlen(path);
	while (len > 1 && path[len - 1] == '/')
		len--;
	if (*path == '/')
		return pool_strn(pool, path, len);
	return pool_fmt(pool, "%s%s%.*s", dir, dir[strlen(dir) - 1] == '/' ? "" : "/", (int)len, path);
}

static const char *behind(struct pool *pool, const char *prefix, const char *dir, const char *text)
{
	size_t len = strlen(prefix);

	if (!text || strncmp(text, prefix, len) != 0)
		return text;
	return pool_fmt(pool, "%s%s", prefix, join(pool, dir, text + len));
}

static const char *plugin_path(struct pool *pool, const char *dir, const char *plugin)
{
	size_t len = strlen(plugin);
	bool bare = !strchr(plugin, '/');

	if (!bare)
		return join(pool, dir, plugin);
	return pool_fmt(pool, "%s/%s%s", HANDLERDIR, plugin, len > 3 && strcmp(plugin + len - 3, ".so") == 0 ? "" : ".so");
}

static const char *conf_dir(const struct conf *conf, struct pool *pool)
{
	size_t len = (size_t)(strrchr(conf->file, '/') - conf->file);

	return pool_strn(pool, conf->file, len ? len : 1);
}

const char *conf_join(const struct conf *conf, struct pool *pool, const char *path)
{
	return join(pool, conf_dir(conf, pool), path);
}

void conf_resolve(struct conf *conf)
{
	const char *dir = conf_dir(conf, conf->pool);

	conf->state_dir = join(conf->pool, dir, conf->state_dir);
	conf->run_dir = join(conf->pool, dir, conf->run_dir);
	conf->store = behind(conf->pool, "sqlite:", conf->state_dir, conf->store);
	conf->listen = behind(conf->pool, "unix:", conf->run_dir, conf->listen);
	for (size_t i = 0; i < conf->n_issuers; i++)
		if (conf->issuers[i].ca)
			conf->issuers[i].ca = join(conf->pool, dir, conf->issuers[i].ca);
	for (size_t i = 0; i < conf->n_handlers; i++) {
		struct conf_handler *handler = &conf->handlers[i];

		if (handler->plugin)
			handler->plugin = plugin_path(conf->pool, dir, handler->plugin);
		if (!handler->source)
			handler->source = pool_fmt(conf->pool, "/handlers/%s", handler->name);
	}
}
