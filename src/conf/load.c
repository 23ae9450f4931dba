/* SPDX-License-Identifier: EUPL-1.2
 * From a file to struct conf, by the table. Goes on after each problem, so that all are told. */
#include "config.h"
#include "conf/file.h"
#include "conf/probe.h"
#include "conf/settings.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/die.h"

#define OPTION "option."
#define NAME_LONGEST 64
#define WORD_LONGEST 32		/* of words that are compared with known ones */

struct load {
	struct conf *conf;
	struct ini_file ini;
	struct problems *problems;
};

/* A section of the file and the struct that it fills. */
struct place {
	const struct ini_section *ini;
	enum section_kind kind;
	size_t i;
};

static size_t smallest(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* How many letters differ (Levenshtein). */
static size_t distance(const char *a, const char *b)
{
	size_t row[WORD_LONGEST + 1], len = strlen(b);

	if (strlen(a) > WORD_LONGEST || len > WORD_LONGEST)
		return SIZE_MAX;
	for (size_t j = 0; j <= len; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < len; j++) {
			size_t above = row[j + 1];

			row[j + 1] = smallest(above + 1, row[j] + 1, diagonal + (a[i] != b[j]));
			diagonal = above;
		}
	}
	return row[len];
}

static const char *nearest_key(enum section_kind kind, const char *key)
{
	size_t least = strlen(key) / 3 + 2;	/* as many wrong letters may be a slip */
	const char *nearest = NULL;

	for (size_t i = 0; i < settings_n; i++) {
		size_t d = settings[i].section == kind ? distance(key, settings[i].key) : SIZE_MAX;

		if (d < least && 2 * d <= strlen(key)) {
			least = d;
			nearest = settings[i].key;
		}
	}
	return nearest;
}

static void unknown_key(struct load *load, enum section_kind kind, const struct ini_entry *entry)
{
	const char *nearest = nearest_key(kind, entry->key);

	for (enum section_kind other = IN_POSTVAK; other < SECTION_KINDS; other++)
		if (setting_find(other, entry->key)) {
			problem_add(load->problems, load->conf->file, entry->line, "%s belongs in a section [%s%s], not in [%s%s]",
				    entry->key, sections[other].name, sections[other].named ? " NAME" : "",
				    sections[kind].name, sections[kind].named ? " NAME" : "");
			return;
		}
	if (nearest)
		problem_add(load->problems, load->conf->file, entry->line, "there is no setting %s: did you mean %s?",
			    entry->key, nearest);
	else if (kind == IN_HANDLER)
		problem_add(load->problems, load->conf->file, entry->line,
			    "there is no setting %s; if it is an option of the plugin's own, write option.%s", entry->key, entry->key);
	else
		problem_add(load->problems, load->conf->file, entry->line,
			    "there is no setting %s in [%s]; postvak.conf(5) lists them all", entry->key, sections[kind].name);
}

static void wrong_value(struct load *load, const struct setting *setting, const struct ini_entry *entry, const struct err *err)
{
	struct buf takes = { 0 };
	const char *hash = strchr(entry->value, '#');

	setting_takes(setting, &takes);
	if (*err->text)
		problem_add(load->problems, load->conf->file, entry->line, "%s: %s", setting->key, err->text);
	else
		problem_add(load->problems, load->conf->file, entry->line, "%s = %s is not possible: it takes %s%s", setting->key,
			    entry->value, takes.p,
			    hash ? " (a comment behind a value begins with a blank and ;, not with #)" : "");
	buf_free(&takes);
}

static void apply(struct load *load, const struct place *place, const struct setting *setting, const struct ini_entry *entry)
{
	struct conf_origin *origin = section_origin(load->conf, place->kind, place->i);
	static const enum setting_type lists[] = { TYPE_PATTERNS, TYPE_SENDERS, TYPE_ORIGINS, TYPE_MAPPING, TYPE_WORDS, TYPE_SOURCES,
						   TYPE_SUBJECT, TYPE_NAMES, TYPE_ISSUERS };
	bool list = false;
	int *line = &origin->lines[setting_number(setting)];
	struct err err;

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		list = list || setting->type == lists[i];
	if (*line) {
		problem_add(load->problems, load->conf->file, entry->line, "%s is set already on line %d: remove one of them",
			    entry->key, *line);
		return;
	}
	*line = entry->line;
	if (entry->continued && !list)
		problem_add(load->problems, load->conf->file, entry->continued,
			    "this line begins with a blank, so it goes on with the value of %s, which takes one line: begin a "
			    "setting at the left margin", entry->key);
	else if (setting_parse(setting, load->conf, section_at(load->conf, place->kind, place->i), entry->value, &err) < 0)
		wrong_value(load, setting, entry, &err);
}

static bool name_ok(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr("_-.", name[i]))
			return false;
	return len > 0 && len <= NAME_LONGEST;
}

static void add_option(struct load *load, struct conf_handler *handler, const struct ini_entry *entry)
{
	const char *name = entry->key + strlen(OPTION);
	struct conf_option *option;

	if (!name_ok(name)) {
		problem_add(load->problems, load->conf->file, entry->line,
			    "%s is not the name of an option: write option.NAME, with letters, digits, _, - and .", entry->key);
		return;
	}
	for (size_t i = 0; i < handler->n_options; i++)
		if (strcmp(handler->options[i].name, name) == 0) {
			problem_add(load->problems, load->conf->file, entry->line,
				    "%s is set already on line %d: remove one of them", entry->key, handler->options[i].line);
			return;
		}
	if (entry->continued)
		problem_add(load->problems, load->conf->file, entry->continued,
			    "this line begins with a blank, so it goes on with the value of %s, which takes one line: begin a "
			    "setting at the left margin", entry->key);
	option = &handler->options[handler->n_options++];
	*option = (struct conf_option){ .name = pool_str(load->conf->pool, name), .line = entry->line,
					.value = pool_str(load->conf->pool, entry->value) };
	option->secret = secret_is_ref(entry->value);
	option->ref = option->secret ? option->value : NULL;
}

static void apply_section(struct load *load, const struct place *place)
{
	struct conf_handler *handler = place->kind == IN_HANDLER ? &load->conf->handlers[place->i] : NULL;

	if (handler)
		handler->options = pool_alloc(load->conf->pool, place->ini->n * sizeof *handler->options);
	for (size_t i = 0; i < place->ini->n; i++) {
		const struct ini_entry *entry = &place->ini->v[i];
		const struct setting *setting = setting_find(place->kind, entry->key);

		if (setting)
			apply(load, place, setting, entry);
		else if (handler && strncmp(entry->key, OPTION, strlen(OPTION)) == 0)
			add_option(load, handler, entry);
		else
			unknown_key(load, place->kind, entry);
	}
}

/* Before anything else, so that a wrong value leaves a possible one behind. */
static void fill_defaults(struct conf *conf, enum section_kind kind, size_t i)
{
	struct err err;

	for (size_t s = 0; s < settings_n; s++)
		if (settings[s].section == kind && settings[s].fallback)
			must(setting_parse(&settings[s], conf, section_at(conf, kind, i), settings[s].fallback, &err) == 0);
}

static void check_required(struct load *load, enum section_kind kind, size_t i)
{
	const struct conf_origin *origin = section_origin(load->conf, kind, i);

	for (size_t s = 0; s < settings_n; s++)
		if (settings[s].section == kind && settings[s].required && !origin->lines[s]) {
			struct buf takes = { 0 };

			setting_takes(&settings[s], &takes);
			problem_add(load->problems, load->conf->file, origin->line, "[%s %s] has no %s: add it (%s)",
				    sections[kind].name, section_name(load->conf, kind, i), settings[s].key, takes.p);
			buf_free(&takes);
		}
}

static const struct ini_section *seen_before(const struct load *load, const struct ini_section *section)
{
	for (const struct ini_section *at = load->ini.v; at < section; at++)
		if (strcmp(at->kind, section->kind) == 0 && strcmp(at->name, section->name) == 0)
			return at;
	return NULL;
}

/* The kind of a section, or SECTION_KINDS after saying why it is none. */
static enum section_kind judge_section(struct load *load, const struct ini_section *section)
{
	const struct ini_section *before = seen_before(load, section);
	enum section_kind kind = IN_POSTVAK;

	while (kind < SECTION_KINDS && strcmp(sections[kind].name, section->kind) != 0)
		kind++;
	if (kind == SECTION_KINDS)
		problem_add(load->problems, load->conf->file, section->line, "there is no kind of section [%s]: write [postvak], "
			    "[endpoint NAME], [sender NAME], [issuer NAME] or [handler NAME]", section->kind);
	else if (!sections[kind].named && *section->name)
		problem_add(load->problems, load->conf->file, section->line, "[%s] takes no name", sections[kind].name);
	else if (sections[kind].named && !name_ok(section->name))
		problem_add(load->problems, load->conf->file, section->line, "[%s %s] needs a name of 1 to %d letters, digits, "
			    "_, - and .", sections[kind].name, section->name, NAME_LONGEST);
	else if (before)
		problem_add(load->problems, load->conf->file, section->line, "[%s%s%s] is there already on line %d: join them",
			    section->kind, *section->name ? " " : "", section->name, before->line);
	else
		return kind;
	return SECTION_KINDS;
}

/* Makes a struct for each section. The names come first: settings refer to them. */
static struct place *place_sections(struct load *load, size_t *n)
{
	struct place *places = mem_array(load->ini.n, sizeof *places);
	size_t counts[SECTION_KINDS] = { 0 };

	*n = 0;
	for (size_t i = 0; i < load->ini.n; i++) {
		enum section_kind kind = judge_section(load, &load->ini.v[i]);

		if (kind != SECTION_KINDS)
			places[(*n)++] = (struct place){ &load->ini.v[i], kind, counts[kind]++ };
	}
	for (enum section_kind kind = IN_POSTVAK; kind < SECTION_KINDS; kind++)
		section_make(load->conf, kind, counts[kind]);
	for (size_t i = 0; i < *n; i++) {
		section_set_name(load->conf, places[i].kind, places[i].i, places[i].ini->name);
		section_origin(load->conf, places[i].kind, places[i].i)->line = places[i].ini->line;
	}
	return places;
}

static void load_sections(struct load *load)
{
	size_t n;
	struct place *places = place_sections(load, &n);

	for (enum section_kind kind = IN_POSTVAK; kind < SECTION_KINDS; kind++)
		for (size_t i = 0; i < section_count(load->conf, kind); i++)
			fill_defaults(load->conf, kind, i);
	for (size_t i = 0; i < n; i++)
		apply_section(load, &places[i]);
	for (enum section_kind kind = IN_POSTVAK; kind < SECTION_KINDS; kind++)
		for (size_t i = 0; i < section_count(load->conf, kind); i++)
			check_required(load, kind, i);
	free(places);
}

static const char *absolute(struct pool *pool, const char *file)
{
	char dir[PATH_MAX];

	if (*file == '/' || !getcwd(dir, sizeof dir))
		return pool_str(pool, file);
	return pool_fmt(pool, "%s/%s", strcmp(dir, "/") == 0 ? "" : dir, file);
}

static int by_line(const void *a, const void *b)
{
	const struct problem *x = a, *y = b;

	return x->line != y->line ? (x->line > y->line) - (x->line < y->line) : strcmp(x->text, y->text);
}

static int load_file(const char *file, conf_also *also, struct conf **out, struct problems *problems)
{
	size_t before = problems->n;
	struct conf *conf = conf_new();
	struct load load = { .conf = conf, .problems = problems };

	*out = NULL;
	conf->file = absolute(conf->pool, file);
	ini_file_read(conf->pool, conf->file, &load.ini, problems);
	if (problems->n == before || load.ini.n) {
		load_sections(&load);
		conf_resolve(conf);
		conf_read_secrets(conf, problems);
		conf_check(conf, problems);
		if (also) {
			also(conf, problems);
			conf_probe(conf, problems);
		}
	}
	if (problems->n == before) {
		*out = conf;
		return 0;
	}
	qsort(problems->v + before, problems->n - before, sizeof *problems->v, by_line);
	conf_free(&conf);
	return -1;
}

/* For the public one. */
static void own_key_stands_in(struct conf_signing *s)
{
	s->keys.ref = "file:";
	if ((s->scheme == SIGNATURE_STANDARD || s->scheme == SIGNATURE_SVIX) && !s->secret.ref)
		s->secret.ref = s->keys.ref;
}

int conf_of_sender(const struct conf_given *given, size_t n, bool own_key, struct conf **out, struct problems *problems)
{
	size_t before = problems->n;
	struct conf *conf = conf_new();
	struct ini_section section = { "sender", "command-line", 0, pool_alloc(conf->pool, (n + 1) * sizeof *section.v), n };
	struct load load = { conf, { &section, 1 }, problems };

	*out = NULL;
	conf->file = "./";
	for (size_t i = 0; i < n; i++)
		section.v[i] = (struct ini_entry){ given[i].key, given[i].value, (int)i + 1, 0 };
	load_sections(&load);
	conf_read_secrets(conf, problems);
	if (own_key)
		own_key_stands_in(&conf->senders[0].signing);
	if (problems->n == before)
		conf_check_trust(conf, problems);
	if (problems->n > before)
		conf_free(&conf);
	*out = conf;
	return conf ? 0 : -1;
}

const char *conf_path(const char *named)
{
	const char *env = getenv("POSTVAK_CONF");

	if (named && *named)
		return named;
	return env && *env ? env : SYSCONFDIR "/postvak/postvak.conf";
}

int conf_load(const char *file, struct conf **out, struct problems *problems)
{
	return load_file(file, NULL, out, problems);
}

int conf_load_probed(const char *file, conf_also *also, struct conf **out, struct problems *problems)
{
	return load_file(file, also, out, problems);
}
