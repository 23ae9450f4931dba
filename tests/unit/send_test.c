/* SPDX-License-Identifier: EUPL-1.2
 * Floor 4: what postvak send, sign and token prove a sender with, and handshakes with a server of a few lines. */
#include "config.h"
#include "unit.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "keys.h"
#include "base/clock.h"
#include "base/sock.h"
#include "cli/credential.h"
#include "cli/greet.h"
#include "cli/jwt.h"
#include "cli/material.h"
#include "cli/send.h"
#include "event/base64.h"
#include "trust/jws.h"

static char dir[UNIT_PATH];

static char *write_file(const char *name, const char *text)
{
	char *path = str_fmt("%s/%s", *dir ? dir : unit_dir(dir), name);
	struct err err;

	ck_assert_msg(file_replace(path, text, strlen(text), 0600, &err) == 0, "%s", err.text);
	return path;
}

/* ---- tokens ---- */

static char *decoded(const char *digits)
{
	size_t len = strcspn(digits, "."), n;
	char *text = mem_alloc(BASE64URL_DECODED(len) + 1);

	ck_assert(base64url_decode(digits, len, (unsigned char *)text, &n));
	text[n] = '\0';
	return text;
}

/* Of a token in the compact form. */
static void says(const char *token, const char *header, const char *claims)
{
	char *first = decoded(token), *second = decoded(strchr(token, '.') + 1);

	ck_assert_str_eq(first, header);
	ck_assert_str_eq(second, claims);
	free(first);
	free(second);
}

START_TEST(a_zgw_token_is_the_one_that_everybody_makes)
{
	struct pool *pool = pool_new();
	struct jwt jwt = jwt_new(pool, 0);
	struct buf out = {0};
	struct err err;

	jwt.alg = ALG_HS256;
	jwt.secret = "secret";
	jwt_zgw(&jwt, "client", INT64_C(1572863906000), JWT_ENDLESS);
	ck_assert_int_eq(jwt_make(&jwt, &out, &err), 0);
	ck_assert_str_eq(out.p, "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
				"eyJpc3MiOiJjbGllbnQiLCJpYXQiOjE1NzI4NjM5MDYsImNsaWVudF9pZCI6ImNsaWVudCIs"
				"InVzZXJfaWQiOiIiLCJ1c2VyX3JlcHJlc2VudGF0aW9uIjoiIn0.Y2khsYcqIHFEupGEuqMJq1Pb2bqN6H_vQa9WJ15dvZU");
	buf_reset(&out);
	jwt = jwt_new(pool, 0);
	jwt.alg = ALG_HS256;
	jwt.secret = "secret";
	jwt_zgw(&jwt, "client", INT64_C(1572863906000), 43200000);
	ck_assert_int_eq(jwt_make(&jwt, &out, &err), 0);
	says(out.p, "{\"alg\":\"HS256\",\"typ\":\"JWT\"}",
	     "{\"iss\":\"client\",\"iat\":1572863906,\"exp\":1572907106,"
	     "\"client_id\":\"client\",\"user_id\":\"\",\"user_representation\":\"\"}");
	buf_free(&out);
	pool_free(&pool);
}
END_TEST

START_TEST(a_claim_keeps_its_place_and_takes_its_last_value)
{
	struct pool *pool = pool_new();
	struct jwt jwt = jwt_new(pool, 1);
	struct buf out = {0};
	struct err err;

	jwt.alg = ALG_HS256;
	jwt.secret = "secret";
	jwt.kid = "k\"1";
	jwt_text(&jwt, "iss", "one");
	jwt_json(&jwt, "n", " [1] ");
	jwt_text(&jwt, "iss", "two");
	ck_assert_int_eq(jwt_make(&jwt, &out, &err), 0);
	says(out.p, "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"k\\\"1\"}", "{\"iss\":\"two\",\"n\": [1]}");
	buf_free(&out);
	pool_free(&pool);
}
END_TEST

START_TEST(an_issuers_token_has_what_the_settings_ask_for)
{
	struct conf_issuer issuer = { .name = "i", .issuer = "https://i", .audience = " a, b", .at_jwt = true,
				      .algorithms = "RS256 ES256" };
	struct conf_sender sender = { .name = "s", .scopes = "x:y,  z", .clients = "c d" };
	struct pool *pool = pool_new();
	struct key *key = keys_private(P256_PEM), *rsa = keys_private(RSA_PEM), *ed = keys_private(ED25519_PEM);
	struct jwt jwt = jwt_new(pool, 0);
	struct buf out = {0};
	struct err err;

	jwt.key = key;
	jwt.alg = jwt_alg(key, issuer.algorithms);
	jwt_of_issuer(&jwt, &issuer, &sender);
	jwt_times(&jwt, 5000, 300000);
	ck_assert_int_eq(jwt_make(&jwt, &out, &err), 0);
	says(out.p, "{\"alg\":\"ES256\",\"typ\":\"at+jwt\"}",
	     "{\"iss\":\"https://i\",\"aud\":\"a\",\"sub\":\"c\",\"client_id\":\"c\",\"scope\":\"x:y z\",\"iat\":5,\"exp\":305}");
	ck_assert_int_eq(jwt_alg(rsa, "PS256 RS256"), ALG_PS256);
	ck_assert_int_eq(jwt_alg(rsa, NULL), ALG_RS256);
	ck_assert_int_eq(jwt_alg(ed, "none HS256 RS256"), ALG_NONE);
	issuer.audience = "none";
	sender = (struct conf_sender){ .name = "s" };
	jwt = jwt_new(pool, 0);
	jwt.key = key;
	jwt.alg = ALG_ES256;
	jwt_of_issuer(&jwt, &issuer, &sender);
	buf_reset(&out);
	ck_assert_int_eq(jwt_make(&jwt, &out, &err), 0);
	says(out.p, "{\"alg\":\"ES256\",\"typ\":\"at+jwt\"}", "{\"iss\":\"https://i\",\"sub\":\"s\"}");
	key_free(&key);
	key_free(&rsa);
	key_free(&ed);
	buf_free(&out);
	pool_free(&pool);
}
END_TEST

START_TEST(what_options_name_is_never_the_secret_itself)
{
	struct pool *pool = pool_new();
	char *path = write_file("secret", "\n  geheim \nander\n"), *at = str_fmt("@%s", path), *key_path = write_file("key", P256_PEM);
	struct key *key;
	struct err err;

	ck_assert_str_eq(material_secret(pool, "--secret", at, &err), "geheim");
	ck_assert_int_eq(setenv("POSTVAK_TEST_SECRET", "ook", 1), 0);
	ck_assert_str_eq(material_secret(pool, "--secret", "env:POSTVAK_TEST_SECRET", &err), "ook");
	ck_assert_ptr_null(material_secret(pool, "--secret", "geheim", &err));
	ck_assert_ptr_nonnull(strstr(err.text, "--secret takes @FILE or env:NAME"));
	ck_assert_ptr_null(material_secret(pool, "--secret", "@", &err));
	ck_assert_ptr_null(material_secret(pool, "--secret", "env:", &err));
	ck_assert_ptr_null(material_key(path, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "it has none in PEM"));
	ck_assert_ptr_null(material_cert(key_path, &err));
	key = material_key(key_path, &err);
	ck_assert_ptr_nonnull(key);
	key_free(&key);
	free(path);
	free(at);
	free(key_path);
	pool_free(&pool);
}
END_TEST

/* ---- what a sender proves itself with ---- */

#define ONE(text) { "env:X", (const char *[]){ text }, 1 }
#define GITHUB "x-hub-signature-256: sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17\n"

static struct buf lines;
static struct err err_;

static void take(void *to, const char *line)
{
	(void)to;
	buf_fmt(&lines, "%s\n", line);
}

/* The lines of a request with the body of GitHub's example; null: it failed. */
static const char *made(const struct credential *c)
{
	const char *headers[] = { "Content-Type: text/plain" };
	struct http_request request = { "https://h/p", headers, 1, "Hello, World!", 13, "POST" };

	buf_reset(&lines);
	buf_str(&lines, "");
	return credential_make(c, &request, take, NULL, &err_) == 0 ? lines.p : NULL;
}

static struct conf_sender four = {
	.name = "vier", .authorization = ONE("Bearer a"), .api_key = ONE("sleutel"), .api_key_header = "x-key",
	.client_state = ONE("staat"),
	.signing = { .scheme = SIGNATURE_GITHUB, .secret = ONE("It's a Secret to Everybody") }
};

START_TEST(all_that_is_required_is_made)
{
	struct conf_sender two = { .name = "twee", .basic = ONE("ik:geheim"), .zgw = ONE("c:s") };
	struct credential c = { .sender = &four };

	ck_assert_str_eq(made(&c), "Authorization: Bearer a\nx-key: sleutel\n" GITHUB);
	c.authorized = true;
	ck_assert_str_eq(made(&c), "x-key: sleutel\n" GITHUB);
	c = (struct credential){ .sender = &four, .only = "signature" };
	ck_assert_str_eq(made(&c), GITHUB);
	c = (struct credential){ .sender = &two, .only = "basic" };
	ck_assert_str_eq(made(&c), "Authorization: Basic aWs6Z2VoZWlt\n");
	c = (struct credential){0};
	ck_assert_str_eq(made(&c), "");
	ck_assert(credential_has(&four, "client_state") && credential_has(&four, "signature"));
	ck_assert(!credential_has(&four, "zgw") && !credential_has(&four, "may_send"));
	buf_free(&lines);
}
END_TEST

START_TEST(of_several_that_do_the_first_that_can_be_made_is)
{
	struct conf_issuer issuer = { .name = "i", .issuer = "https://i", .algorithms = "RS256" };
	size_t issuers[] = { 0 };
	struct conf conf = { .issuers = &issuer, .n_issuers = 1 };
	struct conf_sender any = { .name = "s", .require = REQUIRE_ANY, .tls_names = "DNS:x", .issuers = issuers, .n_issuers = 1 };
	struct credential c = { .conf = &conf, .sender = &any };

	ck_assert_ptr_null(made(&c));
	ck_assert_ptr_nonnull(strstr(err_.text, "--cert FILE is missing"));
	c.key = keys_private(RSA_PEM);
	ck_assert_int_eq(strncmp(made(&c), "Authorization: Bearer ey", 24), 0);
	any.signing = four.signing;
	ck_assert_str_eq(made(&c), GITHUB);
	any.client_state = four.client_state;
	any.signing.scheme = SIGNATURE_NONE;
	key_free((struct key **)(uintptr_t)&c.key);
	ck_assert_str_eq(made(&c), "");
	any.zgw = (struct secret)ONE("c:s");
	c.authorized = true;
	ck_assert_str_eq(made(&c), "");
	buf_free(&lines);
}
END_TEST

START_TEST(what_cannot_be_made_says_what_is_missing)
{
	struct conf_issuer issuer = { .name = "i", .issuer = "https://i", .algorithms = "RS256" };
	size_t issuers[] = { 0 };
	struct conf conf = { .issuers = &issuer, .n_issuers = 1 };
	struct conf_sender sender = { .name = "s", .issuers = issuers, .n_issuers = 1 };
	struct credential c = { .conf = &conf, .sender = &sender };
	struct key *key = keys_private(P256_PEM);

	ck_assert(!made(&c) && strstr(err_.text, "--key FILE is missing"));
	c.key = key;
	ck_assert(!made(&c) && strstr(err_.text, "RS256"));
	issuer.algorithms = "ES256";
	ck_assert_ptr_nonnull(made(&c));
	sender.bound = true;
	ck_assert(!made(&c) && strstr(err_.text, "--cert FILE is missing"));
	issuer.introspection = "https://i/ask";
	ck_assert(!made(&c) && strstr(err_.text, "--authorization"));
	c.key = NULL;
	sender = (struct conf_sender){ .name = "s", .signing = { .scheme = SIGNATURE_RFC9421, .keys = { .ref = "file:x" } } };
	ck_assert(!made(&c) && strstr(err_.text, "--key FILE is missing"));
	sender = (struct conf_sender){ .name = "s", .tls_subject = "CN=x" };
	ck_assert(!made(&c) && strstr(err_.text, "--cert FILE is missing"));
	c.bare = true;
	ck_assert_str_eq(made(&c), "");
	key_free(&key);
	buf_free(&lines);
}
END_TEST

static int64_t claim(const char *token, const char *name)
{
	char *claims = decoded(strchr(token, '.') + 1), *at = strstr(claims, name);
	int64_t n = strtoll(at + strlen(name) + 2, NULL, 10);

	free(claims);
	return n;
}

START_TEST(what_is_to_be_refused_is_wrong_in_one_thing)
{
	struct conf_sender sender = { .name = "s", .zgw = ONE("c:s"), .iat_max_age_ms = 3600000 };
	struct credential c = { .sender = &sender, .at_ms = INT64_C(1795254300000) };
	char *right = str_dup(made(&c));
	const char *wrong;

	c.spoil = SPOIL_TOKEN;
	wrong = made(&c);
	ck_assert_uint_eq(strlen(wrong), strlen(right));
	ck_assert_int_eq(strncmp(wrong, right, (size_t)(strrchr(right, '.') - right)), 0);
	ck_assert_str_ne(wrong, right);
	c.spoil = SPOIL_EXPIRED;
	wrong = made(&c);
	ck_assert_int_lt(claim(wrong, "exp"), 1795254300 - 3600);
	c.spoil = SPOIL_OLD;
	wrong = made(&c);
	ck_assert_int_lt(claim(wrong, "iat"), 1795254300 - 7200);
	ck_assert_int_gt(claim(wrong, "exp"), 1795254300);
	c.spoil = SPOIL_SIGNATURE;
	ck_assert(!made(&c) && strstr(err_.text, "there is no signature"));
	c.sender = &four;
	ck_assert_str_eq(made(&c), "Authorization: Bearer a\nx-key: sleutel\n" GITHUB);
	c.spoil = SPOIL_OLD;
	ck_assert(!made(&c) && strstr(err_.text, "nothing with a time"));
	c.spoil = SPOIL_EXPIRED;
	ck_assert(!made(&c) && strstr(err_.text, "there is no token"));
	free(right);
	buf_free(&lines);
}
END_TEST

/* ---- handshakes ---- */

static const char *reply;	/* with %s for what came behind the first = of the target, decoded */
static char base[64];
static pid_t server;

static void serve_one(int peer)
{
	static const char *const marks[] = { "challenge\":\"", "validationCode\":\"", "=" };
	char request[8000], value[1000] = "", text[9000];
	ssize_t n = read(peer, request, sizeof request - 1);
	const char *at = NULL;
	size_t len = 0;

	request[n > 0 ? n : 0] = '\0';
	for (size_t i = 0; !at && i < 3; i++)
		if ((at = strstr(request, marks[i])))
			at += strlen(marks[i]);
	for (; at && *at && !strchr("& \"", *at) && len < sizeof value - 1; at++) {
		char pair[3] = { at[1], at[1] ? at[2] : '\0', '\0' };

		value[len++] = *at == '%' ? (char)strtol(pair, NULL, 16) : *at;
		at += *at == '%' ? 2 : 0;
	}
	if (strncmp(value, "subscribe", 9) == 0 && (at = strstr(request, "hub.challenge=")))
		snprintf(value, sizeof value, "%.*s", (int)strcspn(at + 14, "& "), at + 14);
	snprintf(text, sizeof text, reply, value);
	if (write(peer, text, strlen(text)) < 0)
		_exit(1);
	close(peer);
}

static void start(const char *with)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	reply = with;
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, len), 0);
	ck_assert_int_eq(listen(listener, 20), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &len), 0);
	snprintf(base, sizeof base, "http://127.0.0.1:%d/", ntohs(address.sin_port));
	server = fork();
	if (server == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			serve_one(accept(listener, NULL, NULL));
	}
	close(listener);
}

static char *said;		/* what the last handshake said, on either stream */

static int greeted(const char *who, const char *with)
{
	static const struct http_rules rules = { .direct = true, .connect_ms = 20000, .total_ms = 20000, .answer_max = 1000 };
	struct sender sender = { .credential.secret = "geheim" };
	struct http_answer answer = {0};
	char *path = write_file("said", "");
	struct err err;
	struct http *http = http_new(&rules, &err);
	int status;

	ck_assert_ptr_nonnull(http);
	start(with);
	fflush(stdout);
	ck_assert(freopen(path, "a", stdout) && freopen(path, "a", stderr));
	status = greet(&(struct greeting){ who, &sender, base, base, NULL, 0 }, http, &answer);
	fflush(stdout);
	fflush(stderr);
	free(said);
	said = file_read(path, 65536, NULL, &err);
	free(path);
	http_free(&http);
	http_answer_free(&answer);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	return status;
}

#define HEAD(status, type) "HTTP/1.1 " status "\r\nConnection: close\r\nContent-Type: " type "\r\n\r\n"
#define BARE "HTTP/1.1 200 OK\r\nConnection: close\r\n"

static void right(const char *who, const char *with)
{
	int status = greeted(who, with);

	ck_assert_msg(status == CLI_DONE && strstr(said, ": right: "), "%s: %s", who, said);
}

static void wrong(const char *who, const char *with, const char *why)
{
	int status = greeted(who, with);

	ck_assert_msg(status == CLI_NOTHING && strstr(said, ": wrong: ") && strstr(said, why), "%s: %s", who, said);
}

START_TEST(the_answer_that_a_platform_wants_is_right)
{
	if (!http_library())
		return;
	right("graph", HEAD("200 OK", "text/plain; charset=utf-8") "%s");
	right("meta", HEAD("200 OK", "Text/Plain") "%s");
	right("websub=https://hub/t", HEAD("201 Created", "text/html") "%s");
	right("eventgrid", HEAD("200 OK", "application/json") "{\"validationResponse\":\"%s\"}");
	right("slack", HEAD("200 OK", "text/plain") "%s");
	right("cloudevents=a.example", BARE "Allow: OPTIONS, POST\r\nWebHook-Allowed-Origin: A.example\r\n"
	      "WebHook-Allowed-Rate: 5\r\n\r\n");
	right("cloudevents", BARE "Allow: POST\r\nWebHook-Allowed-Origin: *\r\nWebHook-Allowed-Rate: *\r\n\r\n");
	free(said);
}
END_TEST

START_TEST(an_answer_that_is_nearly_right_is_wrong)
{
	if (!http_library())
		return;
	wrong("graph", HEAD("202 Accepted", "text/plain") "%s", "the status is 202 and has to be 200");
	wrong("graph", HEAD("200 OK", "application/json") "%s", "the Content-Type is \"application/json\" and has to be text/plain");
	wrong("graph", HEAD("200 OK", "text/plain") "%s\n", "not the challenge alone");
	wrong("graph", HEAD("200 OK", "text/plain") "%.10s", "not the challenge alone");
	wrong("slack", BARE "\r\n%s", "there is no Content-Type");
	wrong("eventgrid", HEAD("200 OK", "application/json") "{\"validationResponse\":\"x%s\"}", "validationResponse");
	wrong("eventgrid", HEAD("200 OK", "application/json") "%s", "validationResponse");
	wrong("x", HEAD("200 OK", "application/json") "{\"response_token\":\"sha256=%s\"}", "response_token");
	wrong("websub=https://hub/t", HEAD("404 Not Found", "text/plain") "%s", "the status is 404 and has to be 2xx");
	wrong("cloudevents=a.example", BARE "Allow: POST\r\nWebHook-Allowed-Origin: b.example\r\nWebHook-Allowed-Rate: 0\r\n\r\n",
	      "WebHook-Allowed-Origin is \"b.example\", not a.example; WebHook-Allowed-Rate is \"0\"");
	wrong("cloudevents", BARE "\r\n", "Allow does not name POST; WebHook-Allowed-Origin is missing");
	free(said);
}
END_TEST

START_TEST(who_begins_a_handshake_is_known_by_name)
{
	ck_assert(greet_known("graph") && greet_known("x") && greet_known("websub=https://t") && greet_known("eventgrid"));
	ck_assert(!greet_known("graph=1") && !greet_known("websub=") && !greet_known("grap") && !greet_known("graphs"));
	ck_assert(!greet_known(""));
}
END_TEST

UNIT_MAIN("send",
	a_zgw_token_is_the_one_that_everybody_makes, a_claim_keeps_its_place_and_takes_its_last_value,
	an_issuers_token_has_what_the_settings_ask_for, what_options_name_is_never_the_secret_itself,
	all_that_is_required_is_made, of_several_that_do_the_first_that_can_be_made_is, what_cannot_be_made_says_what_is_missing,
	what_is_to_be_refused_is_wrong_in_one_thing, the_answer_that_a_platform_wants_is_right, an_answer_that_is_nearly_right_is_wrong,
	who_begins_a_handshake_is_known_by_name)
