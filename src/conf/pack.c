/* SPDX-License-Identifier: EUPL-1.2
 * A configuration as bytes, for a role: version, generation, file, the names of all sections, then
 * each section's settings as text that setting_parse takes. What a role is not sent, is not there. */
#include "config.h"
#include "conf/settings.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/child.h"
#include "base/die.h"
#include "base/sock.h"

#define MAGIC "postvak-conf " PACKAGE_VERSION
#define CONF_MAX (16u << 20)	/* bytes of it */
#define SECTIONS_MOST 100000	/* of one kind; more is not ours */

static unsigned role_mask(enum conf_role role)
{
	if (role == ROLE_RECEIVER)
		return FOR_RECEIVER;
	if (role == ROLE_KEYS)
		return FOR_KEYS;
	return role == ROLE_DISPATCH ? FOR_DISPATCH : FOR_ALL;
}

static void pack_secret(const struct secret *secret, struct buf *out)
{
	buf_u32(out, (uint32_t)secret->n);
	for (size_t i = 0; i < secret->n; i++)
		buf_text(out, secret->values[i]);
}

/* The settings whose value is more than their text. */
static struct secret *secret_of(const struct setting *setting, const void *base)
{
	return setting->type == TYPE_SECRET ? (void *)((char *)(uintptr_t)base + setting->offset) : NULL;
}

static struct conf_keys *keys_of(const struct setting *setting, const void *base)
{
	return setting->type == TYPE_KEYS ? (void *)((char *)(uintptr_t)base + setting->offset) : NULL;
}

static void pack_setting(const struct setting *setting, const struct conf *conf, const void *base, struct buf *out)
{
	const struct secret *secret = secret_of(setting, base);
	const struct conf_keys *keys = keys_of(setting, base);
	struct buf text = { 0 };

	if (setting_print(setting, conf, base, &text))
		buf_bytes(out, text.p ? text.p : "", text.len);
	else
		buf_text(out, NULL);
	if (secret)
		pack_secret(secret, out);
	if (keys)
		buf_text(out, keys->text);
	buf_free(&text);
}

static void pack_options(const struct conf_handler *handler, struct buf *out)
{
	buf_u32(out, (uint32_t)handler->n_options);
	for (size_t i = 0; i < handler->n_options; i++) {
		const struct conf_option *option = &handler->options[i];

		buf_text(out, option->name);
		buf_text(out, option->value);
		buf_text(out, option->ref);
		buf_u32(out, (uint32_t)option->line);
	}
}

static void pack_section(const struct conf *conf, enum section_kind kind, size_t i, unsigned mask, struct buf *out)
{
	const struct conf_origin *origin = section_origin(conf, kind, i);
	const void *base = section_at(conf, kind, i);

	buf_u32(out, (uint32_t)origin->line);
	for (size_t s = 0; s < settings_n; s++) {
		if (settings[s].section != kind || (settings[s].roles & mask) == 0)
			continue;
		buf_u32(out, (uint32_t)origin->lines[s]);
		pack_setting(&settings[s], conf, base, out);
	}
	if (kind == IN_HANDLER && (mask & FOR_DISPATCH))
		pack_options(base, out);
}

void conf_pack(const struct conf *conf, enum conf_role role, struct buf *out)
{
	unsigned mask = role_mask(role);

	buf_text(out, MAGIC);
	buf_u8(out, (uint8_t)mask);
	buf_u64(out, conf->generation);
	buf_text(out, conf->file);
	for (enum section_kind kind = IN_POSTVAK; kind < SECTION_KINDS; kind++) {
		buf_u32(out, (uint32_t)section_count(conf, kind));
		for (size_t i = 0; i < section_count(conf, kind); i++)
			buf_text(out, section_name(conf, kind, i));
	}
	for (enum section_kind kind = IN_POSTVAK; kind < SECTION_KINDS; kind++)
		for (size_t i = 0; i < section_count(conf, kind); i++)
			pack_section(conf, kind, i, mask, out);
}

static const char *take_text(struct pool *pool, struct cut *in)
{
	size_t len;
	const unsigned char *p = cut_bytes(in, &len);

	return p ? pool_strn(pool, (const char *)p, len) : NULL;
}

/* How many follow: never more than the bytes that are there could hold. */
static size_t take_count(struct cut *in)
{
	uint32_t n = cut_u32(in);

	if (n > SECTIONS_MOST || n > in->len)
		in->bad = true;
	return in->bad ? 0 : n;
}

static void take_secret(struct pool *pool, struct cut *in, struct secret *secret)
{
	secret->n = take_count(in);
	secret->values = pool_alloc(pool, secret->n * sizeof *secret->values);
	for (size_t i = 0; i < secret->n; i++)
		if (!(secret->values[i] = take_text(pool, in)))
			in->bad = true;
}

static void take_options(struct pool *pool, struct cut *in, struct conf_handler *handler)
{
	handler->n_options = take_count(in);
	handler->options = pool_alloc(pool, handler->n_options * sizeof *handler->options);
	for (size_t i = 0; i < handler->n_options; i++) {
		struct conf_option *option = &handler->options[i];

		option->name = take_text(pool, in);
		option->value = take_text(pool, in);
		option->ref = take_text(pool, in);
		option->line = (int)cut_u32(in);
		option->secret = option->ref != NULL;
		if (!option->name || !option->value)
			in->bad = true;
	}
}

static void take_setting(const struct setting *setting, struct conf *conf, void *base, struct cut *in)
{
	const char *text = take_text(conf->pool, in);
	struct secret *secret = secret_of(setting, base);
	struct conf_keys *keys = keys_of(setting, base);
	struct err err;

	if (text && !in->bad && setting_parse(setting, conf, base, text, &err) < 0)
		in->bad = true;
	if (secret)
		take_secret(conf->pool, in, secret);
	if (keys)
		keys->text = take_text(conf->pool, in);
}

static void take_section(struct conf *conf, enum section_kind kind, size_t i, unsigned mask, struct cut *in)
{
	struct conf_origin *origin = section_origin(conf, kind, i);

	origin->line = (int)cut_u32(in);
	for (size_t s = 0; s < settings_n && !in->bad; s++) {
		if (settings[s].section != kind || (settings[s].roles & mask) == 0)
			continue;
		origin->lines[s] = (int)cut_u32(in);
		take_setting(&settings[s], conf, section_at(conf, kind, i), in);
	}
	if (kind == IN_HANDLER && (mask & FOR_DISPATCH))
		take_options(conf->pool, in, &conf->handlers[i]);
}

static void take_names(struct conf *conf, enum section_kind kind, struct cut *in)
{
	size_t n = take_count(in);

	if (kind == IN_POSTVAK && n != 1)
		in->bad = true;
	section_make(conf, kind, in->bad ? (kind == IN_POSTVAK) : n);
	for (size_t i = 0; i < section_count(conf, kind) && !in->bad; i++) {
		const char *name = take_text(conf->pool, in);

		if (!name)
			in->bad = true;
		section_set_name(conf, kind, i, name);
	}
}

int conf_unpack(const void *p, size_t len, struct conf **out, struct err *err)
{
	struct cut in = { p, len, false };
	struct conf *conf = conf_new();
	const char *magic = take_text(conf->pool, &in);
	unsigned mask = cut_u8(&in);

	*out = NULL;
	if (!magic || strcmp(magic, MAGIC) != 0) {
		conf_free(&conf);
		return err_set(err, "the configuration was sent by another version of postvak: stop it and start it again");
	}
	conf->generation = cut_u64(&in);
	conf->file = take_text(conf->pool, &in);
	for (enum section_kind kind = IN_POSTVAK; kind < SECTION_KINDS && !in.bad; kind++)
		take_names(conf, kind, &in);
	for (enum section_kind kind = IN_POSTVAK; kind < SECTION_KINDS && !in.bad; kind++)
		for (size_t i = 0; i < section_count(conf, kind) && !in.bad; i++)
			take_section(conf, kind, i, mask, &in);
	if (in.bad || in.len || !conf->file) {
		conf_free(&conf);
		return err_set(err, "the configuration that was sent is damaged (%zu bytes)", len);
	}
	*out = conf;
	return 0;
}

struct conf *conf_of_boss(void)
{
	struct err err = {{0}};
	struct conf *conf = NULL;
	size_t len;
	char *text = fd_read_all(CHILD_CONF_FD, CONF_MAX, &len, &err);

	close(CHILD_CONF_FD);
	if (!text || conf_unpack(text, len, &conf, &err) < 0)
		die("the configuration that the boss sent cannot be read: %s", err.text);
	explicit_bzero(text, len);
	free(text);
	return conf;
}
