/* SPDX-License-Identifier: EUPL-1.2
 * What is in force, and where it came from: as a file that loads again, or as JSON. */
#include "config.h"
#include "conf/settings.h"

#include <stdlib.h>
#include <string.h>

#define COLUMN 40	/* where comments begin, when there is room */
#define LINE_LONGEST 190	/* inih, as it is packaged, reads lines of less than 200 bytes */

static void print_comment(const struct conf *conf, int line, struct buf *out)
{
	if (line)
		buf_fmt(out, "; %s:%d\n", conf->file, line);
	else
		buf_str(out, "; default\n");
}

/* A long list goes on on lines that begin with a blank. */
static void print_wrapped(const char *value, struct buf *out)
{
	size_t column = 0;

	for (const char *at = value; *at; at++, column++) {
		bool between = *at == ' ' || *at == '\t' || *at == ',';

		if (between && column + strcspn(at + 1, " \t,") > LINE_LONGEST / 2) {
			buf_str(out, "\n   ");
			column = 0;
		}
		if (*at == ',' && column == 0)
			buf_char(out, ' ');
		buf_char(out, *at);
	}
}

static void print_line(const struct conf *conf, const char *key, const char *value, int line, struct buf *out)
{
	size_t len = strlen(key) + 3 + strlen(value);

	if (len + strlen(conf->file) > LINE_LONGEST) {
		print_comment(conf, line, out);
		buf_fmt(out, "%s = ", key);
		if (len > LINE_LONGEST)
			print_wrapped(value, out);
		else
			buf_str(out, value);
		buf_char(out, '\n');
	} else {
		buf_fmt(out, "%s = %s%*s ", key, value, len < COLUMN ? (int)(COLUMN - len) : 0, "");
		print_comment(conf, line, out);
	}
}

static void print_setting(const struct conf *conf, const struct setting *setting, const void *base, int line, struct buf *out)
{
	struct buf value = { 0 };

	if (setting_print(setting, conf, base, &value))
		print_line(conf, setting->key, value.p ? value.p : "", line, out);
	else
		buf_fmt(out, "; %s is not set\n", setting->key);
	buf_free(&value);
}

static void print_options(const struct conf *conf, const struct conf_handler *handler, struct buf *out)
{
	for (size_t i = 0; i < handler->n_options; i++) {
		const struct conf_option *option = &handler->options[i];
		char *key = str_fmt("option.%s", option->name);

		print_line(conf, key, option->secret ? option->ref : option->value, option->line, out);
		free(key);
	}
}

static void print_section(const struct conf *conf, enum section_kind kind, size_t i, struct buf *out)
{
	const struct conf_origin *origin = section_origin(conf, kind, i);
	const void *base = section_at(conf, kind, i);

	buf_fmt(out, "%s[%s%s%s]\n", kind == IN_POSTVAK ? "" : "\n", sections[kind].name, sections[kind].named ? " " : "",
		section_name(conf, kind, i));
	for (size_t s = 0; s < settings_n; s++)
		if (settings[s].section == kind)
			print_setting(conf, &settings[s], base, origin->lines[s], out);
	if (kind == IN_HANDLER)
		print_options(conf, base, out);
}

static void json_member(const char *name, struct buf *out)
{
	buf_json(out, name, strlen(name));
	buf_char(out, ':');
}

/* {"value":...,"line":N}; line is null for a default. */
static void json_value(const char *value, size_t len, int line, struct buf *out)
{
	buf_str(out, "{\"value\":");
	if (value)
		buf_json(out, value, len);
	else
		buf_str(out, "null");
	if (line)
		buf_fmt(out, ",\"line\":%d}", line);
	else
		buf_str(out, ",\"line\":null}");
}

static void json_section(const struct conf *conf, enum section_kind kind, size_t i, struct buf *out)
{
	const struct conf_origin *origin = section_origin(conf, kind, i);
	const void *base = section_at(conf, kind, i);
	const char *comma = "";

	buf_char(out, '{');
	for (size_t s = 0; s < settings_n; s++) {
		struct buf text = { 0 };

		if (settings[s].section != kind)
			continue;
		buf_str(out, comma);
		comma = ",";
		json_member(settings[s].key, out);
		if (setting_print(&settings[s], conf, base, &text))
			json_value(text.p ? text.p : "", text.len, origin->lines[s], out);
		else
			json_value(NULL, 0, origin->lines[s], out);
		buf_free(&text);
	}
	for (size_t o = 0; kind == IN_HANDLER && o < conf->handlers[i].n_options; o++) {
		const struct conf_option *option = &conf->handlers[i].options[o];
		const char *value = option->secret ? option->ref : option->value;
		char *name = str_fmt("option.%s", option->name);

		buf_char(out, ',');
		json_member(name, out);
		json_value(value, strlen(value), option->line, out);
		free(name);
	}
	buf_char(out, '}');
}

static void print_json(const struct conf *conf, struct buf *out)
{
	buf_str(out, "{\"file\":");
	buf_json(out, conf->file, strlen(conf->file));
	for (enum section_kind kind = IN_POSTVAK; kind < SECTION_KINDS; kind++) {
		buf_char(out, ',');
		json_member(sections[kind].name, out);
		if (sections[kind].named)
			buf_char(out, '{');
		for (size_t i = 0; i < section_count(conf, kind); i++) {
			if (i)
				buf_char(out, ',');
			if (sections[kind].named)
				json_member(section_name(conf, kind, i), out);
			json_section(conf, kind, i, out);
		}
		if (sections[kind].named)
			buf_char(out, '}');
	}
	buf_str(out, "}\n");
}

void conf_endpoint_text(const struct conf *conf, const struct conf_endpoint *endpoint, const char *key, struct buf *out)
{
	setting_print(setting_find(IN_ENDPOINT, key), conf, endpoint, out);
}

void conf_print(const struct conf *conf, bool json, struct buf *out)
{
	if (json) {
		print_json(conf, out);
		return;
	}
	for (enum section_kind kind = IN_POSTVAK; kind < SECTION_KINDS; kind++)
		for (size_t i = 0; i < section_count(conf, kind); i++)
			print_section(conf, kind, i, out);
}
