/* SPDX-License-Identifier: EUPL-1.2
 * Reads what is behind file:PATH and env:NAME. No text here ever holds a secret's value. */
#include "config.h"
#include "conf/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/die.h"
#include "base/sock.h"

#define SECRETS_LARGEST (64u << 10)
#define KEYS_LARGEST (256u << 10)
#define SECRETS_MOST 64

bool secret_is_ref(const char *text)
{
	return (strncmp(text, "file:", 5) == 0 && text[5]) || (strncmp(text, "env:", 4) == 0 && text[4]);
}

static bool owns(uid_t user, const char *path)
{
	struct stat st;

	return path && stat(path, &st) == 0 && st.st_uid == user;
}

/* Of root, or of the service's own user: who we are, whose the state is (a receiver that a web server starts is somebody
 * else), or who wrote the configuration. Before there is any state, root cannot know who that will be. */
static bool is_ours(const struct conf *conf, uid_t user)
{
	return user == 0 || user == geteuid() || owns(user, conf->file) || owns(user, conf->state_dir) ||
	       (geteuid() == 0 && (!conf->state_dir || access(conf->state_dir, F_OK) < 0));
}

static int check_mode(const struct conf *conf, const char *path, int fd, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(err, "cannot look at the secret file %s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, "the secret file %s is not a regular file", path);
	if (!is_ours(conf, st.st_uid))
		return err_set(err, "the secret file %s belongs to user %ld, who can read it and put another in it: chown root %s", path,
			       (long)st.st_uid, path);
	if (st.st_mode & 007)
		return err_set(err, "the secret file %s is open to everybody (mode %04o): chmod 0640 %s", path,
			       (unsigned)st.st_mode & 07777, path);
	if (st.st_mode & 020)
		return err_set(err, "the secret file %s can be written by its group (mode %04o): chmod 0640 %s", path,
			       (unsigned)st.st_mode & 07777, path);
	return 0;
}

/* Who can write public keys says who may send. */
static int check_keys_mode(const char *path, int fd, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && (st.st_mode & 022))
		return err_set(err, "%s can be written by others than its owner (mode %04o): chmod 0644 %s", path,
			       (unsigned)st.st_mode & 07777, path);
	return 0;
}

/* The text, for the caller to wipe and free. secret: as secrets have it, else as public keys. */
static char *read_file(const struct conf *conf, const char *path, bool secret, size_t *len, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct err inner = {{0}};
	char *text = NULL;

	if (fd < 0 && errno == ENOENT && secret)
		err_set(err, "the secret file %s is not there: make it, with one secret per line, and chmod 0640", path);
	else if (fd < 0)
		err_sys(err, "cannot open %s%s", secret ? "the secret file " : "", path);
	else if ((secret ? check_mode(conf, path, fd, err) : check_keys_mode(path, fd, err)) == 0 &&
		 !(text = fd_read_all(fd, secret ? SECRETS_LARGEST : KEYS_LARGEST, len, &inner)))
		err_set(err, "%s%s: %s", secret ? "the secret file " : "", path, inner.text);
	if (fd >= 0)
		close(fd);
	return text;
}

static void wipe(char *text, size_t len)
{
	for (volatile char *at = text; len--; at++)
		*at = 0;
	free(text);
}

/* One value a line, without the blanks around it: a header's value has none there either. */
static int split(struct pool *pool, const char *what, const char *text, size_t len, struct secret *secret, struct err *err)
{
	const char *end = text + len;

	secret->values = pool_alloc(pool, SECRETS_MOST * sizeof *secret->values);
	secret->n = 0;
	if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
		return err_set(err, "%s begins with a byte order mark, which no sender sends: write it without", what);
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text)), *first = text, *last = newline ? newline : end;

		text = newline ? newline + 1 : end;
		while (first < last && strchr(" \t\r", *first) && *first)
			first++;
		while (first < last && last[-1] && strchr(" \t\r", last[-1]))
			last--;
		for (const char *at = first; at < last; at++)
			if ((unsigned char)*at < ' ' && *at != '\t')
				return err_set(err, "%s has a control byte in it: a secret is a line of text", what);
		if (first == last)
			continue;
		if (secret->n == SECRETS_MOST)
			return err_set(err, "%s has more than %d lines", what, SECRETS_MOST);
		secret->values[secret->n++] = pool_strn(pool, first, (size_t)(last - first));
	}
	return secret->n ? 0 : err_set(err, "%s is empty: put the secret in it", what);
}

static int read_secret(const struct conf *conf, struct secret *secret, struct err *err)
{
	const char *name, *value, *what;
	size_t len;
	char *text;
	int rc;

	if (strncmp(secret->ref, "env:", 4) == 0) {
		name = secret->ref + 4;
		value = getenv(name);
		if (!value)
			return err_set(err, "the environment variable %s is not set: set it, or use file:PATH", name);
		what = pool_fmt(conf->pool, "the environment variable %s", name);
		return split(conf->pool, what, value, strlen(value), secret, err);
	}
	name = conf_join(conf, conf->pool, secret->ref + 5);
	text = read_file(conf, name, true, &len, err);
	if (!text)
		return -1;
	what = pool_fmt(conf->pool, "the secret file %s", name);
	rc = split(conf->pool, what, text, len, secret, err);
	wipe(text, len);
	return rc;
}

int conf_secret(struct pool *pool, struct secret *secret, struct err *err)
{
	struct conf conf = { .pool = pool, .file = "./" };

	return read_secret(&conf, secret, err);
}

static void read_option(const struct conf *conf, struct conf_option *option, struct problems *problems)
{
	struct secret secret = { .ref = option->ref };
	struct err err;

	if (read_secret(conf, &secret, &err) < 0)
		problem_add(problems, conf->file, option->line, "option.%s: %s", option->name, err.text);
	else if (secret.n > 1)
		problem_add(problems, conf->file, option->line, "option.%s takes one secret, and there are %zu lines behind %s",
			    option->name, secret.n, option->ref);
	else
		option->value = secret.values[0];
}

static int read_keys(const struct conf *conf, struct conf_keys *keys, bool secret, struct err *err)
{
	const char *path;
	size_t len;
	char *text;

	if (strncmp(keys->ref, "file:", 5) != 0)
		return 0;
	path = conf_join(conf, conf->pool, keys->ref + 5);
	text = read_file(conf, path, secret, &len, err);
	if (!text)
		return -1;
	if (!secret && memmem(text, len, "PRIVATE KEY", 11))
		err_set(err, "there is a private key in %s: put the public one there (openssl pkey -pubout)", path);
	else if (strlen(text) != len)
		err_set(err, "%s is not text", path);
	else
		keys->text = pool_str(conf->pool, text);
	wipe(text, len);
	return keys->text ? 0 : -1;
}

static void read_setting(const struct conf *conf, const struct setting *s, void *base, const int *lines, struct problems *problems)
{
	void *value = (char *)base + s->offset;
	struct err err;
	int rc = 0;

	if (s->type == TYPE_SECRET && ((struct secret *)value)->ref)
		rc = read_secret(conf, value, &err);
	else if (s->type == TYPE_KEYS && ((struct conf_keys *)value)->ref)
		rc = read_keys(conf, value, s->roles == FOR_KEYS, &err);
	if (rc < 0)
		problem_add(problems, conf->file, lines[setting_number(s)], "%s: %s", s->key, err.text);
}

void conf_read_secrets(struct conf *conf, struct problems *problems)
{
	for (size_t s = 0; s < settings_n; s++)
		for (size_t i = 0; i < section_count(conf, settings[s].section); i++)
			read_setting(conf, &settings[s], section_at(conf, settings[s].section, i),
				     section_origin(conf, settings[s].section, i)->lines, problems);
	for (size_t i = 0; i < conf->n_handlers; i++)
		for (size_t j = 0; j < conf->handlers[i].n_options; j++)
			if (conf->handlers[i].options[j].secret)
				read_option(conf, &conf->handlers[i].options[j], problems);
}
