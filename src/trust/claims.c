/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "trust/claims.h"

#include <stdlib.h>
#include <string.h>
#include "base/words.h"
#include "event/base64.h"

#define LAST_S 253402300799.0	/* 9999-12-31T23:59:59Z */

const char token_refused[] = "The token is not accepted here.";

/* ---- times ---- */

static bool read_time(struct json_object *claims, const char *name, int64_t *ms)
{
	struct json_object *value;
	double seconds;

	*ms = TIME_NONE;
	if (!json_member(claims, name, &value))
		return true;
	if (json_kind(value) != JSON_NUMBER)
		return false;
	seconds = strtod(json_text(value), NULL);
	if (!(seconds >= 0 && seconds <= LAST_S))
		return false;
	*ms = (int64_t)(seconds * 1000);
	return true;
}

bool times_read(struct json_object *claims, struct times *out, const char **note)
{
	if (!read_time(claims, "exp", &out->exp_ms))
		*note = "exp is not a number of seconds since 1970";
	else if (!read_time(claims, "nbf", &out->nbf_ms))
		*note = "nbf is not a number of seconds since 1970";
	else if (!read_time(claims, "iat", &out->iat_ms))
		*note = "iat is not a number of seconds since 1970";
	else
		return true;
	return false;
}

bool times_expired(const struct times *times, int64_t now_ms, int64_t leeway_ms)
{
	return times->exp_ms != TIME_NONE && now_ms >= times->exp_ms + leeway_ms;
}

const char *times_early(const struct times *times, int64_t now_ms, int64_t leeway_ms)
{
	if (times->nbf_ms != TIME_NONE && now_ms < times->nbf_ms - leeway_ms)
		return "it is not valid yet (nbf)";
	if (times->iat_ms != TIME_NONE && now_ms < times->iat_ms - leeway_ms)
		return "it was issued in the future (iat)";
	return NULL;
}

/* ---- words ---- */

bool claim_is(struct json_object *value, const char *text)
{
	size_t len;
	const char *p = json_string(value, &len);

	return p && len == strlen(text) && memcmp(p, text, len) == 0;
}

static bool has_word(const char *words, const char *p, size_t len)
{
	const char *word;
	size_t n;

	while ((word = words_next(&words, &n)))
		if (n == len && memcmp(word, p, len) == 0)
			return true;
	return false;
}

/* ---- what never changes ---- */

static bool is_audience(struct json_object *value, const char *words)
{
	size_t len;
	const char *p = json_string(value, &len);

	return p && has_word(words, p, len);
}

static bool is_none(const char *words)
{
	const char *word;
	size_t len;

	while ((word = words_next(&words, &len)))
		if (len != 4 || memcmp(word, "none", 4) != 0)
			return false;
	return true;
}

/* With `none` a token needs no aud; one that has it nonetheless is held to the other words, if there are any. */
static bool audience_fits(struct json_object *doc, const char *words)
{
	struct json_object *aud, *one;

	if (!words)
		return false;
	if (!json_member(doc, "aud", &aud))
		return has_word(words, "none", 4);
	if (is_none(words) || is_audience(aud, words))
		return true;
	for (size_t i = 0; json_element(aud, i, &one); i++)
		if (is_audience(one, words))
			return true;
	return false;
}

static bool is_whose(struct json_object *doc, const struct conf_issuer *issuer, enum claims_form form, const char **note)
{
	struct json_object *iss;

	if (!json_member(doc, "iss", &iss)) {
		*note = "it has no iss";
		return form == CLAIMS_ANSWER;
	}
	*note = "its iss is another";
	return issuer->issuer ? claim_is(iss, issuer->issuer) : form == CLAIMS_ANSWER;
}

/* ---- what is kept ---- */

/* A scope has no blank (RFC 6749 3.3): what has one, in an array, is none that could be asked for. */
static void keep_scope(struct buf *text, const char *p, size_t len)
{
	if (!len || memchr(p, '\0', len) || memchr(p, ' ', len))
		return;
	buf_put(text, p, len);
	buf_char(text, ' ');
}

static void keep_scopes(struct buf *text, struct json_object *doc, const char *name)
{
	struct json_object *value, *one;
	size_t len;
	const char *p;

	if (!json_member(doc, name, &value))
		return;
	for (size_t i = 0; json_element(value, i, &one); i++)
		if ((p = json_string(one, &len)))
			keep_scope(text, p, len);
	p = json_string(value, &len);
	while (p) {
		const char *blank = memchr(p, ' ', len);
		size_t n = blank ? (size_t)(blank - p) : len;

		keep_scope(text, p, n);
		p = blank ? blank + 1 : NULL;
		len -= n + (blank != NULL);
	}
}

/* The first of them that is there decides; what is no text is no client. */
static void keep_client(struct buf *text, struct json_object *doc)
{
	static const char *const names[] = { "client_id", "azp", "appid", "sub" };
	struct json_object *value;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		size_t len;
		const char *p;

		if (!json_member(doc, names[i], &value) || json_kind(value) == JSON_NULL)
			continue;
		p = json_string(value, &len);
		if (p && !memchr(p, '\0', len))
			buf_put(text, p, len);
		return;
	}
}

/* False: it is bound to something else than a certificate (RFC 7800, RFC 9449), which nobody here can check. */
static bool read_binding(struct json_object *doc, struct claims *out)
{
	struct json_object *cnf, *digits;
	unsigned char room[BASE64URL_DECODED(64)];
	const char *p;
	size_t len;

	if (!json_member(doc, "cnf", &cnf))
		return true;
	if (!json_member(cnf, "x5t#S256", &digits) || !(p = json_string(digits, &len)) || len > 64 ||
	    !base64url_decode(p, len, room, &len) || len != sizeof out->thumbprint)
		return false;
	memcpy(out->thumbprint, room, len);
	out->bound = true;
	return true;
}

static struct claims *join(const struct claims *fixed, const struct buf *text)
{
	size_t len = sizeof *fixed + text->len + 1;
	struct claims *claims = mem_alloc(len);

	*claims = *fixed;
	claims->len = len;
	memcpy(claims->text, text->p, text->len);
	return claims;
}

struct claims *claims_read(struct json_object *doc, const struct conf_issuer *issuer, enum claims_form form, const char **note)
{
	struct claims fixed = {0}, *claims;
	struct buf text = {0};

	if (!is_whose(doc, issuer, form, note) || !times_read(doc, &fixed.times, note))
		return NULL;
	if (!audience_fits(doc, issuer->audience))
		*note = "its aud does not name us";
	else if (form == CLAIMS_JWT && fixed.times.exp_ms == TIME_NONE)
		*note = "it has no exp";
	else if (!read_binding(doc, &fixed))
		*note = "its cnf has no thumbprint of a certificate (x5t#S256)";
	else
		*note = NULL;
	if (*note)
		return NULL;
	keep_client(&text, doc);
	buf_char(&text, '\0');
	keep_scopes(&text, doc, "scope");
	keep_scopes(&text, doc, "scp");
	keep_scopes(&text, doc, "roles");
	claims = join(&fixed, &text);
	buf_free(&text);
	return claims;
}

/* ---- at each request ---- */

enum trust_verdict claims_tell(struct trial *trial, enum trust_verdict verdict, const char *why, const char *note,
			       const struct conf_issuer *issuer)
{
	trial->why = why;
	trial->note = note ? pool_fmt(trial->request->pool, "token of [issuer %s]: %s", issuer->name, note) : NULL;
	return verdict;
}

/* What is wrong, or null. */
static const char *check_binding(const struct claims *claims, const struct trial *trial)
{
	const struct message_tls *tls = &trial->request->m->tls;
	unsigned char thumbprint[32];
	struct cert *cert;

	if (!claims->bound)
		return trial->sender->bound ? "it is not bound to a certificate (cnf), and has to be" : NULL;
	if (!tls->trusted)
		return "it is bound to a certificate, and who passes certificates here is not the web server";
	if (!tls->verified || !tls->cert)
		return "it is bound to a certificate, and there is none that the web server verified";
	cert = cert_read(trial->request->pool, tls->cert);
	if (!cert)
		return "it is bound to a certificate, and what the web server passed is none";
	cert_thumbprint(cert, thumbprint);
	cert_free(&cert);
	return bytes_equal(thumbprint, claims->thumbprint, sizeof thumbprint) ? NULL : "it is bound to another certificate";
}

static bool is_client(const struct claims *claims, const char *words)
{
	return !words || has_word(words, claims->text, strlen(claims->text));
}

/* Only a blank ends a scope of a token: a comma may be part of it. */
static bool has_scope(const char *scopes, const char *p, size_t len)
{
	for (size_t n; *scopes; scopes += n + 1) {
		n = strcspn(scopes, " ");
		if (n == len && memcmp(scopes, p, len) == 0)
			return true;
	}
	return false;
}

static bool has_scopes(const struct claims *claims, const char *words)
{
	const char *scopes = claims->text + strlen(claims->text) + 1, *word;
	size_t len;

	while (words && (word = words_next(&words, &len)))
		if (!has_scope(scopes, word, len))
			return false;
	return true;
}

enum trust_verdict claims_judge(const struct claims *claims, const struct conf_issuer *issuer, struct trial *trial)
{
	const struct conf_sender *sender = trial->sender;
	int64_t now_ms = trial->request->now_ms;
	const char *note;

	if (times_expired(&claims->times, now_ms, issuer->leeway_ms))
		return claims_tell(trial, TRUST_TOKEN, "The token has expired.", "it has expired", issuer);
	note = times_early(&claims->times, now_ms, issuer->leeway_ms);
	if (!note)
		note = check_binding(claims, trial);
	if (note)
		return claims_tell(trial, TRUST_TOKEN, token_refused, note, issuer);
	if (!is_client(claims, sender->clients))
		return claims_tell(trial, TRUST_SCOPE, token_refused, "it is of a client that clients does not name", issuer);
	if (!has_scopes(claims, sender->scopes))
		return claims_tell(trial, TRUST_SCOPE, "The token lacks a scope.", "it lacks one of the scopes", issuer);
	return claims_tell(trial, TRUST_OK, NULL, NULL, issuer);
}
