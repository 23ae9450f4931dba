/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "trust/sign.h"

#include <string.h>
#include "base/uuid.h"
#include "trust/scheme.h"

#define ADDED_MOST 4	/* headers that a scheme adds to a view, and Host */

int sign_request(const struct sign_order *order, sign_line *line, void *arg, struct err *err)
{
	struct buf lines = {0};
	int rc = order->signing->scheme ? schemes[order->signing->scheme].make(order, &lines, err) : 0;

	for (char *at = lines.p; rc == 0 && at && *at;) {
		char *end = strchr(at, '\n');

		*end = '\0';
		line(arg, at);
		at = end + 1;
	}
	buf_free(&lines);
	return rc;
}

/* ---- the request as its receiver will see it ---- */

int sign_view_open(struct sign_view *view, const struct sign_order *order, struct err *err)
{
	const char *authority = strstr(order->url, "://"), *path, *query;
	struct message *m = &view->m;

	if (!authority || strchr(order->url, '#') || strpbrk(order->url, " \t\r\n"))
		return err_set(err, "%s is not an absolute URL without a fragment", order->url);
	authority += 3;
	path = authority + strcspn(authority, "/?");
	query = path + strcspn(path, "?");
	view->pool = pool_new();
	*m = (struct message){
		.method = order->method, .path = path == query ? "/" : pool_strn(view->pool, path, (size_t)(query - path)),
		.query = *query ? query + 1 : "", .scheme = strncmp(order->url, "https:", 6) == 0 ? SCHEME_HTTPS : SCHEME_HTTP,
		.n_headers = order->n_headers, .body = order->body_len ? order->body : "", .body_len = order->body_len,
	};
	m->headers = pool_alloc(view->pool, (order->n_headers + ADDED_MOST) * sizeof *m->headers);
	if (order->n_headers)
		memcpy(m->headers, order->headers, order->n_headers * sizeof *m->headers);
	if (!message_header(m, "host", NULL))
		m->headers[m->n_headers++] = (struct attr){ "host", pool_strn(view->pool, authority, (size_t)(path - authority)) };
	target_read(view->pool, m, NULL, &view->target);
	return 0;
}

void sign_view_close(struct sign_view *view)
{
	pool_free(&view->pool);
}

void sign_view_add(struct sign_view *view, const char *name, const char *value, struct buf *lines)
{
	view->m.headers[view->m.n_headers++] = (struct attr){ name, pool_str(view->pool, value) };
	buf_fmt(lines, "%s: %s\n", name, value);
}

const char *sign_secret(const struct sign_order *order, struct err *err)
{
	const char *secret = order->secret ? order->secret : order->signing->secret.n ? order->signing->secret.values[0] : NULL;

	if (!secret || !*secret)
		err_set(err, "there is no secret to sign with");
	return secret && *secret ? secret : NULL;
}

/* ---- templates ---- */

/* A value that a header of the request has already, or else `fresh`. */
static const char *present(const struct sign_view *view, const char *place, const char *fresh)
{
	bool header = place && strncmp(place, "header:", 7) == 0;
	const char *value = header ? message_header(&view->m, template_lower(view->pool, place + 7, strlen(place + 7)), NULL) : NULL;

	return value ? value : fresh;
}

int sign_template(const struct sign_order *order, sign_template_fn *fn, struct buf *lines, struct err *err)
{
	struct template_fill fill;
	struct sign_view view;
	struct template t;
	struct buf id = {0};
	int rc;

	if (scheme_template(order->signing, &t, err) < 0 || sign_view_open(&view, order, err) < 0)
		return -1;
	uuid_put(&id);
	fill = (struct template_fill){ .pool = view.pool, .m = &view.m, .path = view.target.path,
				       .url = view.target.uri };
	fill.timestamp = present(&view, t.timestamp, pool_fmt(view.pool, "%lld", (long long)(order->now_ms / 1000)));
	fill.id = present(&view, t.id, order->id ? order->id : id.p);
	rc = fn(order, &t, &fill, lines, err);
	buf_free(&id);
	sign_view_close(&view);
	return rc;
}

/* ---- JWS ---- */

enum alg sign_alg(const struct sign_order *order, unsigned allowed, struct err *err)
{
	static const enum alg best[] = { ALG_PS512, ALG_PS256, ALG_ES256, ALG_ES384, ALG_EDDSA, ALG_RS256 };

	if (!order->key && allowed & 1u << ALG_HS256)
		return ALG_HS256;
	for (size_t i = 0; order->key && i < sizeof best / sizeof *best; i++)
		if (allowed & 1u << best[i] && key_fits(key_kind(order->key), best[i]))
			return best[i];
	err_set(err, order->key ? "the private key is not for any of the algorithms that are allowed"
		: "there is no private key to sign with");
	return ALG_NONE;
}

static void put_header(const struct sign_order *order, enum alg alg, const char *members, struct buf *out)
{
	buf_fmt(out, "{\"alg\":\"%s\"", alg_name(alg));
	if (order->kid) {
		buf_str(out, ",\"kid\":");
		buf_json(out, order->kid, strlen(order->kid));
	}
	buf_fmt(out, "%s}", members);
}

int sign_jws(const struct sign_order *order, unsigned allowed, const char *members, struct span payload, struct buf *lines,
	     struct err *err)
{
	struct jws_make make = { .alg = sign_alg(order, allowed, err), .key = order->key, .payload = &payload, .n = 1, .detached = true,
				 .raw = true };
	const char *secret = make.alg == ALG_HS256 ? sign_secret(order, err) : NULL;
	struct buf header = {0}, token = {0};
	int rc;

	if (make.alg == ALG_NONE || (make.alg == ALG_HS256 && !secret))
		return -1;
	make.secret = (struct span){ secret, secret ? strlen(secret) : 0 };
	put_header(order, make.alg, members, &header);
	make.header = header.p;
	rc = jws_make(&make, &token, err);
	if (rc == 0)
		buf_fmt(lines, "%s: %s\n", scheme_header(order->signing), token.p);
	buf_free(&header);
	buf_free(&token);
	return rc;
}
