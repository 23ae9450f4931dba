/* SPDX-License-Identifier: EUPL-1.2
 * Who may send: secrets of the endpoint's senders, all of them live, and nothing else. */
#include "config.h"
#include "unit.h"

#include <string.h>
#include "trust/origin.h"
#include "trust/trust.h"

static const char *on[] = { "Token oud", "Token nieuw" }, *og[] = { "Bearer abc" }, *empty[] = { "" };
static struct conf_sender senders[] = {
	{ .name = "on", .authorization = { .values = on, .n = 2 } },
	{ .name = "og", .authorization = { .values = og, .n = 1 } },
	{ .name = "leeg", .authorization = { .values = empty, .n = 1 } },
};
static size_t both[] = { 1, 0 }, only_og[] = { 1 }, only_empty[] = { 2 };
static struct conf_endpoint endpoints[] = {
	{ .name = "a", .senders = both, .n_senders = 2 },
	{ .name = "b", .senders = only_og, .n_senders = 1 },
	{ .name = "c", .senders = only_empty, .n_senders = 1 },
	{ .name = "d" },
};
static const struct conf conf = { .endpoints = endpoints, .n_endpoints = 4, .senders = senders, .n_senders = 3 };

static enum trust_verdict judge(const struct trust *trust, size_t endpoint, const struct message *m, struct admitted *admitted)
{
	struct pool *pool = pool_new();
	enum trust_verdict verdict = trust_admit(trust, &(struct trust_request){ .m = m, .pool = pool, .endpoint = endpoint }, admitted);

	admitted->note = NULL;	/* in the pool */
	pool_free(&pool);
	return verdict;
}

static enum trust_verdict admit(size_t endpoint, struct attr *headers, size_t n, size_t *sender)
{
	struct trust *trust = trust_new(&conf);
	struct message m = { .query = "access_token=abc", .headers = headers, .n_headers = n };
	struct admitted admitted;
	enum trust_verdict verdict = judge(trust, endpoint, &m, &admitted);

	*sender = verdict == TRUST_OK ? admitted.sender : 99;
	ck_assert(!admitted.by_query);
	trust_free(&trust);
	ck_assert_ptr_null(trust);
	return verdict;
}

struct row {
	size_t endpoint;
	const char *value;
	enum trust_verdict verdict;
	size_t sender;
};

static const struct row rows[] = {
	{ 0, "Token oud", TRUST_OK, 0 }, { 0, "Token nieuw", TRUST_OK, 0 }, { 0, "Bearer abc", TRUST_OK, 1 },
	{ 1, "Bearer abc", TRUST_OK, 1 }, { 1, "Token oud", TRUST_WRONG, 99 },
	{ 0, "token oud", TRUST_WRONG, 99 }, { 0, "oud", TRUST_WRONG, 99 }, { 0, "Token oud ", TRUST_WRONG, 99 },
	{ 0, "Token ou", TRUST_WRONG, 99 }, { 0, "Token oude", TRUST_WRONG, 99 }, { 0, "", TRUST_MISSING, 99 },
	{ 2, "", TRUST_MISSING, 99 }, { 2, "x", TRUST_WRONG, 99 }, { 3, "Token oud", TRUST_WRONG, 99 },
};

START_TEST(the_whole_header_decides)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct attr headers[] = { { "host", "voorbeeld.nl" }, { "authorization", rows[i].value } };
		size_t sender;

		ck_assert_msg(admit(rows[i].endpoint, headers, 2, &sender) == rows[i].verdict, "row %zu", i);
		ck_assert_uint_eq(sender, rows[i].sender);
	}
}
END_TEST

START_TEST(no_credential_is_missing)
{
	struct attr headers[] = { { "x-authorization", "Token oud" } };
	size_t sender;

	ck_assert_int_eq(admit(0, headers, 1, &sender), TRUST_MISSING);
	ck_assert_int_eq(admit(3, NULL, 0, &sender), TRUST_MISSING);
}
END_TEST

START_TEST(a_repeated_credential_is_wrong)
{
	struct attr headers[] = { { "authorization", "Token oud" }, { "authorization", "Token oud" } };
	size_t sender;

	ck_assert_int_eq(admit(0, headers, 2, &sender), TRUST_WRONG);
	headers[0].value = "";
	ck_assert_int_eq(admit(0, headers, 2, &sender), TRUST_WRONG);
}
END_TEST

START_TEST(secrets_are_not_kept)
{
	char secret[] = "Token tijdelijk";
	const char *values[] = { secret };
	struct conf_sender sender = { .authorization = { .values = values, .n = 1 } };
	struct admitted found;
	size_t first = 0;
	struct conf_endpoint endpoint = { .senders = &first, .n_senders = 1 };
	struct conf one = { .endpoints = &endpoint, .n_endpoints = 1, .senders = &sender, .n_senders = 1 };
	struct trust *trust = trust_new(&one);
	struct attr header = { "authorization", "Token tijdelijk" };
	struct message m = { .headers = &header, .n_headers = 1 };

	memset(secret, 'x', sizeof secret - 1);
	ck_assert_int_eq(judge(trust, 0, &m, &found), TRUST_OK);
	trust_free(&trust);
	trust_free(&trust);
}
END_TEST

/* ---- Bearer, and a token in the query ---- */

static const char *many[] = { "bearer a+b/c", "BEARER  Twee", "Token drie" }, *closed[] = { "Bearer dicht" };
static struct conf_sender askers[] = {
	{ .name = "vraag", .authorization = { .values = many, .n = 3 }, .query_token = true },
	{ .name = "kop", .authorization = { .values = closed, .n = 1 } },
};
static size_t askers_both[] = { 0, 1 };
static struct conf_endpoint asked_at = { .name = "q", .senders = askers_both, .n_senders = 2 };
static const struct conf asking = { .endpoints = &asked_at, .n_endpoints = 1, .senders = askers, .n_senders = 2 };

static enum trust_verdict ask(const char *authorization, const char *query, struct admitted *admitted)
{
	struct trust *trust = trust_new(&asking);
	struct attr header = { "authorization", authorization };
	struct message m = { .query = query, .headers = &header, .n_headers = authorization != NULL };
	enum trust_verdict verdict = judge(trust, 0, &m, admitted);

	ck_assert_int_eq(verdict != TRUST_OK, admitted->why != NULL);
	trust_free(&trust);
	return verdict;
}

START_TEST(AU_01_both_transports_and_tokens_of_any_shape)
{
	static const struct { const char *secret, *header, *query; bool by_query; } cases[] = {
		{ "Bearer geheim", "Bearer geheim", "access_token=geheim", true },
		{ "bearer 6f1d0c3e-8a8f-4f0e-9d4e-2f0c6a1b7c55", "Bearer 6f1d0c3e-8a8f-4f0e-9d4e-2f0c6a1b7c55",
		  "a=1&access_token=6f1d0c3e-8a8f-4f0e-9d4e-2f0c6a1b7c55", true },
		{ "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2ln-_A", "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2ln-_A",
		  "access_token=eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2ln-_A", true },
		{ "Bearer a+b/c==", "Bearer a+b/c==", "access_token=a%2Bb/c%3D%3D", true },
		{ "Bearer a+b/c==", "Bearer a+b/c==", "access_token=a+b/c==", true },
		/* the parameter has no place for a scheme, and means Bearer */
		{ "Token geheim", "Token geheim", "access_token=geheim", false },
		{ "geheim", "geheim", "access_token=geheim", false },
		{ "Basic b246Z2VoZWlt", "Basic b246Z2VoZWlt", "access_token=b246Z2VoZWlt", false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *values[] = { cases[i].secret };
		struct conf_sender sender = { .authorization = { .values = values, .n = 1 }, .query_token = true };
		size_t first = 0;
		struct conf_endpoint endpoint = { .senders = &first, .n_senders = 1 };
		struct conf one = { .endpoints = &endpoint, .n_endpoints = 1, .senders = &sender, .n_senders = 1 };
		struct trust *trust = trust_new(&one);
		struct attr header = { "authorization", cases[i].header };
		struct message by_header = { .query = "", .headers = &header, .n_headers = 1 }, by_query = { .query = cases[i].query };
		struct admitted admitted;

		ck_assert_msg(judge(trust, 0, &by_header, &admitted) == TRUST_OK && !admitted.by_query, "%s", cases[i].secret);
		ck_assert_msg(judge(trust, 0, &by_query, &admitted) == (cases[i].by_query ? TRUST_OK : TRUST_WRONG), "%s",
			      cases[i].query);
		ck_assert(admitted.by_query);
		trust_free(&trust);
	}
}
END_TEST

START_TEST(AU_02_the_scheme_has_no_case_and_the_token_has)
{
	static const struct { const char *value; enum trust_verdict verdict; size_t sender; } cases[] = {
		{ "Bearer a+b/c", TRUST_OK, 0 }, { "bearer a+b/c", TRUST_OK, 0 }, { "bEaReR   a+b/c", TRUST_OK, 0 },
		{ "Bearer A+b/c", TRUST_WRONG, 0 }, { "Bearer a+b/c ", TRUST_WRONG, 0 }, { "Bearera+b/c", TRUST_WRONG, 0 },
		{ "Bearer\ta+b/c", TRUST_WRONG, 0 }, { "bearer Twee", TRUST_OK, 0 }, { "bearer twee", TRUST_WRONG, 0 },
		{ "Token drie", TRUST_OK, 0 }, { "token drie", TRUST_WRONG, 0 }, { "bearer dicht", TRUST_OK, 1 },
		{ "Bearer", TRUST_WRONG, 0 }, { "Bearer ", TRUST_WRONG, 0 }, { "Bea", TRUST_WRONG, 0 },
	};
	struct admitted admitted;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		ck_assert_msg(ask(cases[i].value, "", &admitted) == cases[i].verdict, "%s", cases[i].value);
		ck_assert_uint_eq(admitted.sender, cases[i].sender);
		ck_assert(!admitted.by_query);
	}
}
END_TEST

START_TEST(AU_04_the_token_in_the_query_is_a_parameter_of_its_exact_name)
{
	static const struct { const char *query; enum trust_verdict verdict; } cases[] = {
		{ "access_token=a+b/c", TRUST_OK }, { "access_token=a%2Bb%2fc", TRUST_OK }, { "x=1&access_token=Twee&y", TRUST_OK },
		{ "access_token=%54wee", TRUST_OK }, { "access_token=a%20b/c", TRUST_WRONG }, { "access_token=A+b/c", TRUST_WRONG },
		{ "access_token=drie", TRUST_WRONG }, { "access_token=Token%20drie", TRUST_WRONG },
		{ "access_token=dicht", TRUST_WRONG },	/* of a sender without query_token */
		{ "Access_token=Twee", TRUST_MISSING }, { "access%5Ftoken=Twee", TRUST_MISSING }, { "access_tokens=Twee", TRUST_MISSING },
		{ "xaccess_token=Twee", TRUST_MISSING }, { "x;access_token=Twee", TRUST_MISSING }, { "", TRUST_MISSING },
		{ "access_token=", TRUST_MISSING }, { "access_token", TRUST_MISSING }, { "&&&", TRUST_MISSING },
		{ "access_token=%", TRUST_UNCLEAR }, { "access_token=Twe%6", TRUST_UNCLEAR }, { "access_token=Twee%zz", TRUST_UNCLEAR },
		{ "access_token=Twee%00", TRUST_UNCLEAR },
	};
	struct admitted admitted;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		ck_assert_msg(ask(NULL, cases[i].query, &admitted) == cases[i].verdict, "%s", cases[i].query);
		ck_assert(cases[i].verdict != TRUST_OK || admitted.by_query);
	}
}
END_TEST

START_TEST(AU_04_twice_is_unclear)
{
	struct admitted admitted;

	ck_assert_int_eq(ask(NULL, "access_token=Twee&access_token=Twee", &admitted), TRUST_UNCLEAR);
	ck_assert_int_eq(ask(NULL, "access_token=&access_token=Twee", &admitted), TRUST_UNCLEAR);
}
END_TEST

START_TEST(AU_07_both_transports_are_unclear)
{
	struct admitted admitted;

	ck_assert_int_eq(ask("Bearer Twee", "access_token=Twee", &admitted), TRUST_UNCLEAR);
	ck_assert_int_eq(ask("Bearer dicht", "access_token=x", &admitted), TRUST_UNCLEAR);
	ck_assert_int_eq(ask("", "access_token=Twee", &admitted), TRUST_OK);
}
END_TEST

START_TEST(AU_06_the_query_counts_only_where_a_sender_has_it)
{
	struct attr header = { "authorization", "Bearer abc" };
	size_t sender;

	ck_assert_int_eq(admit(1, NULL, 0, &sender), TRUST_MISSING);
	ck_assert_int_eq(admit(1, &header, 1, &sender), TRUST_OK);
}
END_TEST

/* ---- origins ---- */

static enum trust_grant decide(void *arg, const char *endpoint, const char *origin, int *rate)
{
	ck_assert_str_eq(endpoint, "hook");
	if (strcmp(origin, "given.example") == 0) {
		*rate = 7;
		return GRANT_GIVEN;
	}
	return strcmp(origin, "denied.example") == 0 ? GRANT_DENIED : *(enum trust_grant *)arg;
}

static enum origin_verdict origin_of(const char *listed, const char *name, int *rate)
{
	static enum trust_grant otherwise = GRANT_NONE;
	struct conf_endpoint endpoint = { .name = "hook", .origins = listed, .origin_rate = 100 };
	struct attr header = { "webhook-request-origin", name };
	struct message m = { .headers = &header, .n_headers = name != NULL };
	struct trust *trust = trust_new(&conf);
	struct origin origin;
	enum origin_verdict verdict;

	trust_consult(trust, &(struct trust_outside){ .granted = decide, .granted_arg = &otherwise });
	verdict = origin_judge(trust, &endpoint, &m, &origin);
	otherwise = GRANT_UNSURE;
	if (verdict == ORIGIN_UNKNOWN)
		ck_assert_int_eq(origin_judge(trust, &endpoint, &m, &origin), ORIGIN_UNSURE);
	otherwise = GRANT_NONE;
	trust_free(&trust);
	*rate = origin.rate;
	return verdict;
}

START_TEST(OP_06_a_listed_origin_is_the_whole_name_in_any_case)
{
	static const char listed[] = "good.example, Other.example";
	int rate;

	ck_assert_int_eq(origin_of(listed, "good.example", &rate), ORIGIN_GRANTED);
	ck_assert_int_eq(rate, 100);
	ck_assert_int_eq(origin_of(listed, "GOOD.example", &rate), ORIGIN_GRANTED);
	ck_assert_int_eq(origin_of(listed, "other.EXAMPLE", &rate), ORIGIN_GRANTED);
	ck_assert_int_eq(origin_of(listed, "good.example.evil.net", &rate), ORIGIN_UNKNOWN);	/* */
	ck_assert_int_eq(origin_of(listed, "good", &rate), ORIGIN_UNKNOWN);
	ck_assert_int_eq(origin_of(listed, "a.good.example", &rate), ORIGIN_UNKNOWN);
	ck_assert_int_eq(origin_of("*", "any.example", &rate), ORIGIN_GRANTED);
	ck_assert_int_eq(origin_of(listed, "given.example", &rate), ORIGIN_GRANTED);
	ck_assert_int_eq(rate, 7);
	ck_assert_int_eq(origin_of(NULL, "denied.example", &rate), ORIGIN_DENIED);
	ck_assert_int_eq(origin_of(NULL, NULL, &rate), ORIGIN_NONE);
}
END_TEST

START_TEST(OP_04_an_origin_is_a_host_name)
{
	static const char *const bad[] = { "", "https://good.example", "good.example:443", "good.example/x", "a b", "a,b",
					   "a..b", "-a.example", "good.example.", "*" };
	int rate;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(origin_of("*", bad[i], &rate) == ORIGIN_MALFORMED, "%s", bad[i]);
}
END_TEST

START_TEST(OP_08_a_rate_is_a_positive_whole_number)
{
	static const struct { const char *text; int rate; } cases[] = {
		{ NULL, 0 }, { "1", 1 }, { "120", 120 }, { "000000120", 120 }, { "99999999", 99999999 }, { "0", -1 }, { "-1", -1 },
		{ "1.5", -1 }, { "abc", -1 }, { "", -1 }, { "+1", -1 }, { " 1", -1 }, { "1e3", -1 }, { "9999999999", 100000000 }, { "999999999999999999999999", 100000000 }, { "*", -1 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct attr header = { "webhook-request-rate", cases[i].text };
		struct message m = { .headers = &header, .n_headers = cases[i].text != NULL };

		ck_assert_msg(origin_rate_asked(&m) == cases[i].rate, "%s", cases[i].text);
	}
	ck_assert_int_eq(origin_rate_allowed(0, 0), 0);
	ck_assert_int_eq(origin_rate_allowed(10, 0), 10);
	ck_assert_int_eq(origin_rate_allowed(0, 20), 20);
	ck_assert_int_eq(origin_rate_allowed(10, 20), 10);
	ck_assert_int_eq(origin_rate_allowed(30, 20), 20);
}
END_TEST

START_TEST(OP_14_a_callback_is_an_https_url_without_surprises)
{
	static const char *const bad[] = { "http://a.example/", "https://", "https:///x", "https://:443/", "ftp://a.example/",
					   "https://u:p@a.example/", "https://a b/", "/x", "", "https://a.example/\xe9",
					   "https://a.example:65536/", "https://[::1]:999999999999999999999/" };
	static const char *const good[] = { "https://a.example/cb?id=1&k=%20", "HTTPS://a.example:8443", "https://[::1]/x",
					    "https://a.example:65535?x" };
	char longest[CALLBACK_MAX + 2] = "https://a.example/";
	struct attr header[] = { { "webhook-request-callback", NULL }, { "webhook-request-callback", "https://b.example/" } };
	struct message m = { .headers = header, .n_headers = 1 };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		header[0].value = bad[i];
		ck_assert_msg(origin_callback(&m) == NULL, "%s", bad[i]);
	}
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		header[0].value = good[i];
		ck_assert_msg(origin_callback(&m) == good[i], "%s", good[i]);
	}
	memset(longest + strlen(longest), 'x', CALLBACK_MAX - strlen(longest));
	header[0].value = longest;
	ck_assert_ptr_eq(origin_callback(&m), longest);
	longest[CALLBACK_MAX] = 'x';
	ck_assert_ptr_null(origin_callback(&m));
	header[0].value = "https://a.example/";
	m.n_headers = 2;
	ck_assert_ptr_null(origin_callback(&m));
	m.n_headers = 0;
	ck_assert_ptr_null(origin_callback(&m));
}
END_TEST

UNIT_MAIN("trust", the_whole_header_decides, no_credential_is_missing, a_repeated_credential_is_wrong,
	  secrets_are_not_kept, AU_01_both_transports_and_tokens_of_any_shape, AU_02_the_scheme_has_no_case_and_the_token_has,
	  AU_04_the_token_in_the_query_is_a_parameter_of_its_exact_name, AU_04_twice_is_unclear,
	  AU_07_both_transports_are_unclear, AU_06_the_query_counts_only_where_a_sender_has_it,
	  OP_06_a_listed_origin_is_the_whole_name_in_any_case, OP_04_an_origin_is_a_host_name,
	  OP_08_a_rate_is_a_positive_whole_number, OP_14_a_callback_is_an_https_url_without_surprises)
