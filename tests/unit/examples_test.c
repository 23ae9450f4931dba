/* SPDX-License-Identifier: EUPL-1.2
 * Each configuration in postvak.conf(5) and in examples/ loads, with secrets that are made up. */
#include "config.h"
#include "unit.h"

#include <stdbool.h>
#include <sys/stat.h>
#include "keys.h"
#include "base/mem.h"
#include "base/sock.h"
#include "conf/conf.h"
#include "trust/trust.h"

static char dir[UNIT_PATH];

static char *read_source(const char *name)
{
	const char *srcdir = getenv("srcdir");
	char *path = str_fmt("%s/%s", srcdir ? srcdir : ".", name);
	struct err err;
	char *text = file_read(path, 1u << 20, NULL, &err);

	ck_assert_msg(text != NULL, "%s", err.text);
	free(path);
	return text;
}

static void write_file(const char *name, const char *text)
{
	char *path = str_fmt("%s/%s", dir, name);
	struct err err;

	ck_assert_msg(file_replace(path, text, strlen(text), 0600, &err) == 0, "%s", err.text);
	free(path);
}

/* Something of the form that the setting has; of secrets each time another, since senders may not share them. Lives until
 * the next one. */
static const char *made_up(const char *key)
{
	static char text[64];
	static int serial;
	static const struct { const char *key, *text; } rows[] = {
		{ "zgw", "client:long-random-text\n" }, { "basic", "user:password\n" }, { "jwks", RSA_PUBLIC_PEM },
		{ "signature.keys", RSA_PUBLIC_PEM P256_PUBLIC_PEM }, { "client_key", RSA_PEM },
		{ "signature.secret", "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(rows[i].key, key) == 0)
			return rows[i].text;
	snprintf(text, sizeof text, "Bearer long-random-text-%d\n", ++serial);
	return text;
}

static char *word_at(const char *text)
{
	text += strspn(text, " \t");
	return str_fmt("%.*s", (int)strcspn(text, " \t\n"), text);
}

static void add_sender(const char *section, const char *name, struct buf *out)
{
	char *file = str_fmt("secrets/other-%s", name);

	write_file(file, made_up("authorization"));
	buf_fmt(out, "%s\nauthorization = file:%s\n", section, file);
	free(file);
}

/* Those that a list names and the configuration has not. */
static void add_senders(const char *text, const char *list, struct buf *out)
{
	char *names = str_fmt("%.*s", (int)strcspn(list, ";\n"), list), *rest = NULL;

	for (char *name = strtok_r(names, " ", &rest); name; name = strtok_r(NULL, " ", &rest)) {
		char *section = str_fmt("[sender %s]", name);

		if (!strstr(text, section) && !strstr(out->p, section))
			add_sender(section, name, out);
		free(section);
	}
	free(names);
}

/* What the lines of a configuration refer to: files with secrets, and senders that an example leaves out. */
static void complete(const char *text, struct buf *out)
{
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *equals = memchr(line, '=', strcspn(line, "\n"));
		char *key = word_at(line), *value = equals ? word_at(equals + 1) : NULL;

		if (strncmp(line, "group", 5) != 0)	/* not every machine has it */
			buf_fmt(out, "%.*s\n", (int)strcspn(line, "\n"), line);
		if (value && strncmp(value, "file:secrets/", 13) == 0)
			write_file(value + 5, made_up(key));
		free(value);
		free(key);
	}
	for (const char *line = text; (line = strstr(line, "\nsenders")); line++)
		add_senders(text, strchr(line, '=') + 1, out);
}

static void loads(const char *text)
{
	struct problems problems = { .pool = pool_new() };
	struct buf whole = {0};
	char *path;
	struct conf *conf;

	unit_dir(dir);
	path = str_fmt("%s/secrets", dir);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	free(path);
	complete(text, &whole);
	write_file("postvak.conf", whole.p);
	path = str_fmt("%s/postvak.conf", dir);
	if (conf_load(path, &conf, &problems) == 0)
		trust_check(conf, &problems);
	for (size_t i = 0; i < problems.n; i++)
		fprintf(stderr, "line %d: %s\n", problems.v[i].line, problems.v[i].text);
	ck_assert_msg(problems.n == 0, "of:\n%s", whole.p);
	conf_free(&conf);
	free(path);
	buf_free(&whole);
	pool_free(&problems.pool);
}

/* A configuration begins with a section, or a comment before one. */
static bool is_conf(const char *text)
{
	return *text == '[' || *text == ';';
}

START_TEST(every_configuration_of_the_manual_loads)
{
	char *page = read_source("doc/man/postvak.conf.5.in"), *at = page;
	size_t n = 0;

	while ((at = strstr(at, "\n.Bd "))) {
		char *begin = strchr(at + 1, '\n') + 1, *end = strstr(begin, "\n.Ed");

		end[1] = '\0';
		at = end + 2;
		if (is_conf(begin)) {
			loads(begin);
			n++;
		}
	}
	ck_assert_uint_ge(n, 15);
	free(page);
}
END_TEST

START_TEST(every_example_file_loads)
{
	static const char *const names[] = { "examples/postvak.conf", "examples/issuers.conf", "examples/senders.conf" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char *text = read_source(names[i]);

		loads(text);
		free(text);
	}
}
END_TEST

UNIT_MAIN("examples", every_configuration_of_the_manual_loads, every_example_file_loads)
