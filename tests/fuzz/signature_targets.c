/* SPDX-License-Identifier: EUPL-1.2
 * Headers of event signatures, as anybody can send them. */
#include "targets.h"

#include <stdlib.h>
#include <string.h>
#include "trust/scheme.h"

#define HEADERS 12

/* That of tests/unit/keys.h, and another */
#define KEY "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"4ubt0NskeCS54VsQG06HfgJZu-zXzSy6jMYB5ZByrkg\"," \
	    "\"y\":\"XqfvbVt9yjjrGgCcHr_d22brmJ791Dp-j22Gy8j1L-c\"}"
#define OTHER_KEY "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"66w-hJTYSfET_YGMuSDnOuiu1g4XO8jOP9x0kLP3p60\"}"

static void holds(int condition)
{
	if (!condition)
		abort();
}

struct sides {			/* who may send, and somebody else */
	const void *own, *other;
};

static const char *own[] = { "whsec_9FbS+fvKUiySyQH3fZ1PJLV6dq0I9hsc", "whpk_BkR1QOcXT78HtaTn1ZZQdTDVeZ9f6/JfxHhJZt1ZiQk=" };
static const char *other[] = { "whsec_8Yh0te5cFu+IDg6H943PDwn4q2RyQ6X9" };

static struct conf_sender sender_of(enum conf_signature scheme, bool owner)
{
	bool keys = scheme >= SIGNATURE_RFC9421;
	struct conf_sender sender = { .signing = {
		.scheme = scheme, .max_age_ms = 300000, .hash = scheme == SIGNATURE_WEBSUB ? "sha1 sha256 sha384 sha512" : NULL,
		.keys = { .ref = keys ? "file:x" : NULL, .text = !keys ? NULL : owner ? KEY : OTHER_KEY },
		.algorithms = scheme >= SIGNATURE_ADR_PAYLOAD ? "ES256 PS256 EdDSA" : NULL,
		/* the schemes without bytes of their own in the secret take the whole line */
		.secret = { .values = owner ? own : other, .n = owner && scheme <= SIGNATURE_SVIX ? 2 : 1 },
	} };

	if (scheme == SIGNATURE_TEMPLATE) {
		sender.signing.header = "x-sig";
		sender.signing.text = "{method} {path} {url} {header:x-a} {id}.{timestamp}.{body}";
		sender.signing.timestamp = "part:t=";
		sender.signing.id = "header:x-id";
		sender.signing.separator = ";";
		sender.signing.encoding = ENCODING_BASE64URL;
	}
	return sender;
}

static enum trust_verdict judge(const struct message *m, enum conf_signature scheme, bool owner)
{
	static const struct conf conf;
	static const struct workshop workshop = { .conf = &conf };
	static void *prepared[SIGNATURES][2];
	static const struct conf_endpoint endpoint = { .url = "https://example.nl/hook" };
	struct conf_sender sender = sender_of(scheme, owner);
	struct trust_request request = { .m = m, .pool = pool_new(), .now_ms = INT64_C(1700000000000) };
	struct trial trial = { .request = &request, .endpoint = &endpoint, .sender = &sender };
	enum trust_verdict verdict;

	if (!prepared[scheme][owner])
		prepared[scheme][owner] = schemes[scheme].prepare(&workshop, &sender, NULL);
	holds(prepared[scheme][owner] != NULL);
	verdict = schemes[scheme].check(prepared[scheme][owner], &trial);
	holds(verdict == TRUST_OK || verdict == TRUST_MISSING || verdict == TRUST_WRONG);
	holds(verdict != TRUST_WRONG || trial.note);
	pool_free(&request.pool);
	return verdict;
}

/* A letter that says which scheme, lines NAME: VALUE, an empty line, and the body. */
void run_signature(const uint8_t *p, size_t len)
{
	struct pool *pool = pool_new();
	struct attr headers[HEADERS];
	struct message m = { .method = "POST", .path = "/hook", .query = "x=1", .peer = "", .scheme = SCHEME_HTTPS, .headers = headers };
	enum conf_signature scheme = len ? 1 + p[0] % (SIGNATURES - 1) : SIGNATURE_GITHUB;
	char *at = pool_strn(pool, len ? (const char *)p + 1 : "", len ? len - 1 : 0), *end = at + (len ? len - 1 : 0);

	while (m.n_headers < HEADERS && at < end && *at != '\n') {
		char *line = at + strcspn(at, "\n"), *colon = strchr(at, ':');

		if (line == end || !colon || colon > line)
			break;
		*line = *colon = '\0';
		headers[m.n_headers++] = (struct attr){ at, colon + 1 + (colon[1] == ' ') };
		at = line + 1;
	}
	at += at < end && *at == '\n';
	m.body = (const unsigned char *)at;
	m.body_len = (size_t)(end - at);
	if (judge(&m, scheme, true) == TRUST_OK)
		holds(judge(&m, scheme, false) == TRUST_WRONG);
	pool_free(&pool);
}
