/* SPDX-License-Identifier: EUPL-1.2
 * The signing module of the Dutch API Design Rules (API-mod-signing 1.0.0): a detached JWS of the JAdES profile (ETSI TS
 * 119 182-1 5.2.8.2) over the Digest header (RFC 3230), or over headers of the message as well. x5c and x5t#S256 are not
 * looked at: a key is one of the sender's. */
#include "config.h"
#include "trust/scheme.h"

#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "event/time.h"
#include "trust/digest_field.h"
#include "trust/field.h"

#define MECHANISM "http://uri.etsi.org/19182/HttpHeaders"
#define TARGET "(request-target)"
/* Of adr-message: what the module has covered, each as far as the message has it; the settings may say otherwise. */
#define REQUIRED TARGET " host content-type content-length digest ce-*"	/* name*: headers that carry data are signed too (SG-02) */
#define REQUIRED_TOO "origin content-encoding"
#define PARS_MOST 64

/* ---- what is signed ---- */

struct scene {			/* a message, and what lines can be made of it */
	struct pool *pool;
	const struct message *m;
	struct httpsig_target target;
	const char *host;	/* as its sender wrote it; or null */
};

static struct scene scene_of(struct pool *pool, const struct message *m, const char *url)
{
	struct scene scene = { .pool = pool, .m = m };

	target_read(pool, m, url, &scene.target);
	scene.host = url ? scene.target.authority : field_value(pool, m, "host");
	return scene;
}

/* The value of a line of the signing string (draft-cavage-http-signatures-10 2.3); null: the message has none. */
static const char *line_value(const struct scene *scene, const char *name)
{
	if (strcmp(name, "host") == 0)
		return scene->host;
	if (strcmp(name, TARGET) != 0)
		return field_value(scene->pool, scene->m, name);
	return pool_fmt(scene->pool, "%s %s", template_lower(scene->pool, scene->target.method, strlen(scene->target.method)),
			target_origin_form(scene->pool, &scene->target));
}

/* False: one of them is not there. */
static bool put_lines(const struct scene *scene, const char *const *pars, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		const char *value = line_value(scene, pars[i]);

		if (!value)
			return false;
		buf_fmt(out, "%s%s: %s", i ? "\n" : "", pars[i], value);
	}
	return true;
}

/* ---- checking ---- */

struct adr {
	bool payload;			/* the Digest header alone */
	const char *required;		/* words; a|b: one of them */
	struct scheme_keys *keys;
};

void *adr_prepare(const struct workshop *workshop, const struct conf_sender *sender, struct err *err)
{
	const struct conf_signing *signing = &sender->signing;
	struct adr adr = { signing->scheme == SIGNATURE_ADR_PAYLOAD, signing->components ? signing->components : REQUIRED, NULL };

	if (strchr(adr.required, '@')) {
		err_set(err, "signature.components of adr-message are names of headers and " TARGET);
		return NULL;
	}
	adr.keys = scheme_jws_keys(workshop, sender, 1u << ALG_PS256, err);
	return adr.keys ? mem_dup(&adr, sizeof adr) : NULL;
}

void adr_drop(void *prepared)
{
	struct adr *adr = prepared;

	scheme_keys_drop(adr->keys);
	free(adr);
}

static bool named(const char *const *names, size_t n, const char *name, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
			return true;
	return false;
}

static bool crit_has(struct json_object *header, const char *name)
{
	struct json_object *crit, *one;

	if (!json_member(header, "crit", &crit))
		return false;
	for (size_t i = 0, len; json_element(crit, i, &one); i++) {
		const char *text = json_string(one, &len);

		if (text && strcmp(text, name) == 0)
			return true;
	}
	return false;
}

/* The names in pars, in the document; null, or what is wrong with sigD. */
static const char *read_pars(struct json_object *header, const char *pars[PARS_MOST], size_t *n)
{
	struct json_object *sigd, *value, *par;
	const char *text;
	size_t len;

	if (!json_member(header, "sigD", &sigd) || !crit_has(header, "sigD"))
		return "the signature has no sigD in its header, or not in its crit";
	if (!json_member(sigd, "mId", &value) || !(text = json_string(value, &len)) || strcmp(text, MECHANISM) != 0)
		return "the mId of the signature's sigD is not HttpHeaders";
	if (!json_member(sigd, "pars", &value) || json_kind(value) != JSON_ARRAY)
		return "the signature's sigD has no pars";
	for (*n = 0; json_element(value, *n, &par); ++*n) {
		text = json_string(par, &len);
		if (*n == PARS_MOST || !text || strlen(text) != len)
			return "the signature's pars have what is no name, or too many";
		if (named(pars, *n, text, len))
			return "the signature's pars have a name twice";
		pars[*n] = text;
	}
	return NULL;
}

/* name*: each header that the message has of those. */
static bool covers_each(const struct scene *scene, const char *const *pars, size_t n, struct span word)
{
	const char *prefix = template_lower(scene->pool, word.p, word.len - 1);

	for (size_t i = 0; i < scene->m->n_headers; i++) {
		const char *name = scene->m->headers[i].name;

		if (strncmp(name, prefix, word.len - 1) == 0 && !named(pars, n, name, strlen(name)))
			return false;
	}
	return true;
}

/* Whether one of the alternatives a|b is covered, or the message has none of them. */
static bool covers(const struct scene *scene, const char *const *pars, size_t n, struct span word)
{
	const char *at = word.p, *end = at + word.len;
	bool there = false;

	if (end[-1] == '*')
		return covers_each(scene, pars, n, word);
	while (at < end) {
		const char *bar = memchr(at, '|', (size_t)(end - at)), *name;
		size_t len = (size_t)((bar ? bar : end) - at);

		if (named(pars, n, at, len))
			return true;
		name = template_lower(scene->pool, at, len);
		there = there || line_value(scene, name);
		at += len + 1;
	}
	return !there;
}

static bool covers_all(const struct scene *scene, const char *const *pars, size_t n, const char *required)
{
	struct span word;

	while (scheme_word(&required, &word))
		if (!covers(scene, pars, n, word))
			return false;
	return true;
}

static const char *check_pars(const struct adr *adr, const struct scene *scene, const char *const *pars, size_t n)
{
	if (!named(pars, n, "digest", 6))
		return "the signature does not cover digest";
	if (adr->payload)
		return n == 1 ? NULL : "the signature covers more than digest";
	return covers_all(scene, pars, n, adr->required) && covers_all(scene, pars, n, REQUIRED_TOO) ? NULL
		: "the signature does not cover all that it has to";
}

/* sigT (ETSI TS 119 182-1 5.2.1) or iat, which followed it. */
static const char *check_time(const struct jws *jws, const struct window *window)
{
	struct json_object *value;
	bool iat, sigt = json_member(jws->header, "sigT", &value);
	const char *why = scheme_jws_iat(jws, window, &iat), *text;
	int64_t ms;
	size_t len;

	if (why)
		return why;
	if (!sigt)
		return iat || !window->max_age_ms ? NULL : "the signature has no time (sigT or iat)";
	text = json_string(value, &len);
	if (!text || strlen(text) != len || !time_parse(text, TIME_RFC3339, &ms))
		return "the signature's sigT is no time";
	return window_has(window, ms) ? NULL : "the signature's sigT is too far from now";
}

static enum trust_verdict judge(const struct adr *adr, const struct jws *jws, struct trial *trial)
{
	struct scene scene = scene_of(trial->request->pool, trial->request->m, trial->endpoint->url);
	struct window window = scheme_window(trial);
	const char *pars[PARS_MOST], *why;
	struct buf text = {0};
	enum trust_verdict verdict;
	size_t n = 0;

	why = read_pars(jws->header, pars, &n);
	if (!why)
		why = check_pars(adr, &scene, pars, n);
	if (!why)
		why = check_time(jws, &window);
	if (!why && !put_lines(&scene, pars, n, &text))
		why = "the signature covers a header that is not there";
	if (!why)
		digest_field_right(scene.pool, DIGEST_OLD, scene.m, &why);
	verdict = why ? scheme_wrong(trial, why) : scheme_jws_verify(adr->keys, jws, (struct span){ text.p, text.len }, trial);
	buf_free(&text);
	return verdict;
}

enum trust_verdict adr_check(const void *prepared, struct trial *trial)
{
	static const char *const understood[] = { "sigD", "sigT", NULL };
	enum trust_verdict verdict;
	struct jws jws;

	if (!scheme_jws_read(trial, understood, &jws, &verdict))
		return verdict;
	verdict = judge(prepared, &jws, trial);
	jws_drop(&jws);
	return verdict;
}

/* ---- making ---- */

static bool add(const struct scene *scene, const char *name, const char *pars[PARS_MOST], size_t *n)
{
	if (*n == PARS_MOST || !line_value(scene, name))
		return false;
	if (!named(pars, *n, name, strlen(name)))
		pars[(*n)++] = name;
	return true;
}

/* Of a|b the first that the message has; of name* all. */
static void choose(const struct scene *scene, const char *words, const char *pars[PARS_MOST], size_t *n)
{
	struct span word;

	while (scheme_word(&words, &word)) {
		char *rest, *list = template_lower(scene->pool, word.p, word.len);

		if (list[word.len - 1] == '*') {
			for (size_t i = 0; i < scene->m->n_headers; i++)
				if (strncmp(scene->m->headers[i].name, list, word.len - 1) == 0)
					add(scene, scene->m->headers[i].name, pars, n);
			continue;
		}
		for (char *name = strtok_r(list, "|", &rest); name; name = strtok_r(NULL, "|", &rest))
			if (add(scene, name, pars, n))
				break;
	}
}

static size_t choose_pars(const struct scene *scene, const struct conf_signing *signing, const char *pars[PARS_MOST])
{
	size_t n = 0;

	if (signing->scheme == SIGNATURE_ADR_MESSAGE) {
		choose(scene, signing->components ? signing->components : REQUIRED, pars, &n);
		choose(scene, REQUIRED_TOO, pars, &n);
	}
	choose(scene, "digest", pars, &n);
	return n;
}

static void put_members(const char *const *pars, size_t n, int64_t now_ms, struct buf *out)
{
	char time[CLOCK_TEXT];

	buf_fmt(out, ",\"b64\":false,\"sigT\":\"%.19sZ\",\"sigD\":{\"mId\":\"" MECHANISM "\",\"pars\":[", clock_text(time, now_ms));
	for (size_t i = 0; i < n; i++) {
		buf_str(out, i ? "," : "");
		buf_json(out, pars[i], strlen(pars[i]));
	}
	buf_str(out, "]},\"crit\":[\"sigT\",\"sigD\",\"b64\"]");
}

static void add_digest(struct sign_view *view, struct buf *lines)
{
	struct buf value = {0};

	if (message_header(&view->m, "digest", NULL))
		return;
	digest_field_put(DIGEST_OLD, HASH_SHA256, view->m.body, view->m.body_len, &value);
	sign_view_add(view, "digest", value.p, lines);
	buf_free(&value);
}

int adr_make(const struct sign_order *order, struct buf *lines, struct err *err)
{
	struct buf text = {0}, members = {0};
	const char *pars[PARS_MOST];
	struct sign_view view;
	struct scene scene;
	unsigned allowed;
	size_t n;
	int rc;

	if (scheme_algorithms(order->signing->algorithms, 1u << ALG_PS256, &allowed, err) < 0 || sign_view_open(&view, order, err) < 0)
		return -1;
	add_digest(&view, lines);
	scene = scene_of(view.pool, &view.m, NULL);
	n = choose_pars(&scene, order->signing, pars);
	put_members(pars, n, order->now_ms, &members);
	rc = put_lines(&scene, pars, n, &text) ? sign_jws(order, allowed & SCHEME_PUBLIC, members.p, (struct span){ text.p, text.len },
							     lines, err) : err_set(err, "there is nothing to sign");
	buf_free(&text);
	buf_free(&members);
	sign_view_close(&view);
	return rc;
}
