/* SPDX-License-Identifier: EUPL-1.2
 * Who may send: secrets of the endpoint's senders, all of them live, and nothing else. */
#include "config.h"
#include "unit.h"

#include <string.h>
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

static enum trust_verdict admit(size_t endpoint, struct attr *headers, size_t n, size_t *sender)
{
	struct trust *trust = trust_new(&conf);
	struct message m = { .headers = headers, .n_headers = n };
	enum trust_verdict verdict;

	*sender = 99;
	verdict = trust_admit(trust, endpoint, &m, sender);
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
	size_t first = 0, found;
	struct conf_endpoint endpoint = { .senders = &first, .n_senders = 1 };
	struct conf one = { .endpoints = &endpoint, .n_endpoints = 1, .senders = &sender, .n_senders = 1 };
	struct trust *trust = trust_new(&one);
	struct attr header = { "authorization", "Token tijdelijk" };
	struct message m = { .headers = &header, .n_headers = 1 };

	memset(secret, 'x', sizeof secret - 1);
	ck_assert_int_eq(trust_admit(trust, 0, &m, &found), TRUST_OK);
	trust_free(&trust);
	trust_free(&trust);
}
END_TEST

UNIT_MAIN("trust", the_whole_header_decides, no_credential_is_missing, a_repeated_credential_is_wrong,
	  secrets_are_not_kept)
