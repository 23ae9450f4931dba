/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "keys/shelf.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/child.h"
#include "base/sock.h"
#include "event/json.h"
#include "trust/jwk.h"

#define NOTE_MAX (64u << 10)
#define TEXT_MAX 2048		/* bytes of a text in a note */
#define MODE 0640

void note_free(struct note *note)
{
	free(note->url);
	free(note->etag);
	free(note->error);
	*note = (struct note){0};
}

void note_set(char **text, const char *value)
{
	char *copy = str_dup(value);

	free(*text);
	*text = copy;
}

const char *issuer_url(const struct conf_issuer *issuer)
{
	if (!conf_issuer_fetches(issuer))
		return NULL;
	return issuer->introspection ? issuer->introspection : issuer->discovery ? issuer->discovery : issuer->jwks.ref;
}

char *shelf_path(const struct conf *conf, const struct conf_issuer *issuer, const char *suffix)
{
	return str_fmt("%s/" STATE_KEYS "/%s.%s", conf->state_dir, issuer->name, suffix);
}

static int open_to_group(const struct conf *conf, const char *path, struct err *err)
{
	if (path_group(path, conf->group, err) < 0)
		return -1;
	return chmod(path, 02750) < 0 ? err_sys(err, "cannot open %s to the group", path) : 0;
}

int shelf_make(const struct conf *conf, struct err *err)
{
	char *path = str_fmt("%s/" STATE_KEYS, conf->state_dir);
	int rc = 0;

	if (mkdir(path, 0700) == 0)
		rc = open_to_group(conf, path, err);
	else if (errno != EEXIST)
		rc = err_sys(err, "cannot make the directory %s", path);
	free(path);
	return rc;
}

static void take_text(struct json_object *doc, const char *name, char **out)
{
	struct json_object *value;
	const char *text;
	size_t len;

	text = json_member(doc, name, &value) ? json_string(value, &len) : NULL;
	if (text && strlen(text) == len && len <= TEXT_MAX)
		note_set(out, text);
}

static void take_time(struct json_object *doc, const char *name, int64_t *out)
{
	struct json_object *value;
	int64_t s;

	if (json_member(doc, name, &value) && json_is_int(value, &s) && s > 0 && s < INT64_MAX / 1000)
		*out = s;
}

static void read_note(const char *text, size_t len, struct note *out)
{
	struct pool *pool = pool_new();
	struct faults faults = { .pool = pool };
	struct json_object *doc = NULL;

	if (json_parse(text, len, &doc, &faults) == 0) {
		take_time(doc, "fetched", &out->fetched_s);
		take_time(doc, "due", &out->due_s);
		take_time(doc, "error_since", &out->error_since_s);
		take_text(doc, "url", &out->url);
		take_text(doc, "etag", &out->etag);
		take_text(doc, "error", &out->error);
	}
	json_drop(&doc);
	pool_free(&pool);
}

void shelf_note(const struct conf *conf, const struct conf_issuer *issuer, struct note *out)
{
	char *path = shelf_path(conf, issuer, "json"), *text;
	const char *url = issuer_url(issuer);
	size_t len;

	*out = (struct note){0};
	text = file_read(path, NOTE_MAX, &len, NULL);
	if (text)
		read_note(text, len, out);
	if (!out->url || !url || strcmp(out->url, url) != 0)
		note_free(out);
	free(text);
	free(path);
}

static void put_time(struct buf *out, const char *name, int64_t s)
{
	if (s)
		buf_fmt(out, "\"%s\":%" PRId64, name, s);
	else
		buf_fmt(out, "\"%s\":null", name);
}

static void put_text(struct buf *out, const char *name, const char *text)
{
	buf_fmt(out, "\"%s\":", name);
	if (text)
		buf_json(out, text, strlen(text));
	else
		buf_str(out, "null");
}

int shelf_put_note(const struct conf *conf, const struct conf_issuer *issuer, const struct note *note, struct err *err)
{
	char *path = shelf_path(conf, issuer, "json");
	struct buf out = {0};
	int rc;

	buf_char(&out, '{');
	put_time(&out, "fetched", note->fetched_s);
	buf_char(&out, ',');
	put_time(&out, "due", note->due_s);
	buf_char(&out, ',');
	put_text(&out, "url", note->url);
	buf_char(&out, ',');
	put_text(&out, "etag", note->etag);
	buf_char(&out, ',');
	put_text(&out, "error", note->error);
	buf_char(&out, ',');
	put_time(&out, "error_since", note->error_since_s);
	buf_str(&out, "}\n");
	rc = file_replace(path, out.p, out.len, MODE, err);
	buf_free(&out);
	free(path);
	return rc;
}

char *shelf_keys(const struct conf *conf, const struct conf_issuer *issuer, size_t *len, struct err *err)
{
	char *path = shelf_path(conf, issuer, "jwks"), *text = file_read(path, JWKS_LEN_MAX, len, err);

	free(path);
	return text;
}

int shelf_put_keys(const struct conf *conf, const struct conf_issuer *issuer, const void *p, size_t len, struct err *err)
{
	char *path = shelf_path(conf, issuer, "jwks");
	int rc = file_replace(path, p, len, MODE, err);

	free(path);
	return rc;
}
