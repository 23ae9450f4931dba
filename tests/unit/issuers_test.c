/* SPDX-License-Identifier: EUPL-1.2
 * Keys of issuers as they come and go in files, and what is wrong with those of the configuration. What issuers answer
 * about tokens is in introspection_test.c. */
#include "config.h"
#include "token_rig.h"

#include <poll.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/sock.h"
#include "trust/issuers.h"

#define CLAIMS "'aud':'urn:hook','scope':'events.write','exp':1900000300}"
#define GOOD "{'iss':'https://idp.example'," CLAIMS
#define HOUR 3600

static char state[UNIT_PATH];
static int wishes;

static void wish(void *arg, const char *issuer)
{
	(void)arg;
	ck_assert_str_eq(issuer, "idp");
	__atomic_add_fetch(&wishes, 1, __ATOMIC_RELAXED);
}

/* The first issuer publishes its keys, and nothing is fetched yet. */
static void open_fetched(struct rig *rig)
{
	rig_open(rig);
	unit_dir(state);
	ck_assert_int_eq(mkdir(pool_fmt(rig->pool, "%s/keys", state), 0770), 0);
	rig->conf.state_dir = state;
	rig->issuers[IDP].jwks = (struct conf_keys){ .ref = "https://idp.example/keys" };
	wishes = 0;
}

static void start(struct rig *rig)
{
	trust_free(&rig->trust);
	rig->trust = trust_new(&rig->conf);
	trust_consult(rig->trust, &(struct trust_outside){ .wanted = wish });
}

static void put(struct rig *rig, const char *suffix, const char *text)
{
	struct err err;

	ck_assert_msg(file_replace(pool_fmt(rig->pool, "%s/keys/idp.%s", state, suffix), text, strlen(text), 0660, &err) == 0, "%s",
		      err.text);
}

/* Fetched so many seconds ago. */
static void fetch(struct rig *rig, const char *pem, const char *kid, int64_t ago_s)
{
	put(rig, "jwks", rig_keys(rig, (const char *const []){ pem }, (const char *const []){ kid }, 1));
	put(rig, "json", pool_fmt(rig->pool, "{\"fetched\":%lld}", (long long)(clock_wall_ms() / 1000 - ago_s)));
}

static const char *es256(struct rig *rig, const char *kid)
{
	const char *header = pool_fmt(rig->pool, "{'alg':'ES256','kid':'%s'}", kid);

	return rig_token(rig, &(struct rig_token){ P256_PEM, ALG_ES256, header, GOOD, NULL });
}

/* New files are seen within a second or so. */
static void becomes(struct rig *rig, const char *token, enum trust_verdict verdict)
{
	int64_t until_ms = clock_mono_ms() + 20000;

	while (rig_bear(rig, token) != verdict && clock_mono_ms() < until_ms)
		poll(NULL, 0, 10);
	ck_assert_int_eq(rig_bear(rig, token), verdict);
}

START_TEST(without_keys_it_cannot_be_known)
{
	struct rig rig;

	open_fetched(&rig);
	start(&rig);
	ck_assert_int_eq(rig_bear(&rig, rig_rs256(&rig, GOOD)), TRUST_UNSURE);
	ck_assert_str_eq(rig.admitted.why, "The token cannot be checked now. Send it again later.");
	ck_assert_int_eq(wishes, 1);
	ck_assert_int_eq(rig_bear(&rig, rig_rs256(&rig, "{'iss':'https://unknown.example'," CLAIMS)), TRUST_TOKEN);
	ck_assert_int_eq(rig_bear(&rig, "opaque"), TRUST_TOKEN);
	fetch(&rig, RSA_PEM, "r1", 0);
	becomes(&rig, rig_rs256(&rig, GOOD), TRUST_OK);
	rig_close(&rig);
}
END_TEST

START_TEST(a_start_needs_only_the_files)
{
	struct rig rig;

	open_fetched(&rig);
	fetch(&rig, RSA_PEM, "r1", 5 * HOUR);
	for (int i = 0; i < 2; i++) {
		start(&rig);
		ck_assert_int_eq(rig_bear(&rig, rig_rs256(&rig, GOOD)), TRUST_OK);
	}
	ck_assert_int_eq(wishes, 0);
	start(&rig);			/* they are read before anybody asks, so that nobody finds them being read */
	ck_assert_int_eq(unlink(pool_fmt(rig.pool, "%s/keys/idp.jwks", state)), 0);
	ck_assert_int_eq(rig_bear(&rig, rig_rs256(&rig, GOOD)), TRUST_OK);
	rig_close(&rig);
}
END_TEST

START_TEST(old_keys_serve_until_they_are_stale)
{
	const char *token;
	struct rig rig;

	open_fetched(&rig);
	token = rig_rs256(&rig, GOOD);
	fetch(&rig, RSA_PEM, "r1", 23 * HOUR);
	start(&rig);
	ck_assert_int_eq(rig_bear(&rig, token), TRUST_OK);
	fetch(&rig, RSA_PEM, "r1", 25 * HOUR);		/* the same keys, so that the token is cached */
	becomes(&rig, token, TRUST_UNSURE);
	start(&rig);
	ck_assert_int_eq(rig_bear(&rig, token), TRUST_UNSURE);
	rig_close(&rig);
}
END_TEST

/* Keys with a note about them, in which N is a number of seconds from now: '$N'. */
static enum trust_verdict noted(struct rig *rig, const char *note)
{
	struct buf out = {0};

	fetch(rig, RSA_PEM, "r1", 0);
	for (const char *at = rig_json(rig, note); *at; at++) {
		char *end;

		if (*at != '$') {
			buf_char(&out, *at);
			continue;
		}
		buf_fmt(&out, "%lld", (long long)clock_wall_ms() / 1000 + strtoll(at + 1, &end, 10));
		at = end - 1;
	}
	put(rig, "json", out.p ? out.p : "");
	buf_free(&out);
	start(rig);
	return rig_bear(rig, rig_rs256(rig, GOOD));
}

START_TEST(keys_without_a_sound_note_do_not_count)
{
	static const char *const unsound[] = { "", "{}", "[]", "{", "{'fetched':null}", "{'fetched':'$0'}", "{'fetched':1.5}",
					       "{'fetched':-5}",
					       "{'fetched':9223372036854775807}", "{'fetched':-9223372036854775807}",
					       "{'fetched':$0,'fetched':$0}" };
	struct rig rig;

	open_fetched(&rig);
	for (size_t i = 0; i < sizeof unsound / sizeof *unsound; i++)
		ck_assert_msg(noted(&rig, unsound[i]) == TRUST_UNSURE, "%s", unsound[i]);
	ck_assert_int_eq(noted(&rig, "{'fetched':$0}"), TRUST_OK);
	rig_close(&rig);
}
END_TEST

START_TEST(keys_are_stale_from_the_first_failure_to_fetch_them)
{
	struct rig rig;

	open_fetched(&rig);
	rig.issuers[IDP].stale_ms = HOUR * 1000;
	ck_assert_int_eq(noted(&rig, "{'fetched':$-86400,'due':$5,'error':'down','error_since':$-3500}"), TRUST_OK);
	ck_assert_int_eq(noted(&rig, "{'fetched':$-86400,'due':$5,'error':'down','error_since':$-3700}"), TRUST_UNSURE);
	ck_assert_int_eq(noted(&rig, "{'fetched':$-86300,'due':$100,'error':null,'error_since':null}"), TRUST_OK);
	ck_assert_int_eq(noted(&rig, "{'fetched':$-86300,'due':$-3700}"), TRUST_UNSURE);	/* nobody fetches any more */
	ck_assert_int_eq(noted(&rig, "{'fetched':$-900000,'due':$900000}"), TRUST_UNSURE);
	rig.issuers[IDP].stale_ms = 0;
	ck_assert_int_eq(noted(&rig, "{'fetched':$-500,'due':$5,'error':'down','error_since':$-400}"), TRUST_OK);	/* refresh */
	ck_assert_int_eq(noted(&rig, "{'fetched':$-700,'due':$5,'error':'down','error_since':$-50}"), TRUST_UNSURE);
	rig_close(&rig);
}
END_TEST

START_TEST(keys_from_another_place_do_not_count)
{
	struct rig rig;

	open_fetched(&rig);
	ck_assert_int_eq(noted(&rig, "{'fetched':$0,'url':'https://idp.example/keys'}"), TRUST_OK);
	ck_assert_int_eq(noted(&rig, "{'fetched':$0,'url':null}"), TRUST_OK);
	ck_assert_int_eq(noted(&rig, "{'fetched':$0,'url':'https://test.idp.example/keys'}"), TRUST_UNSURE);
	rig.issuers[IDP].jwks.ref = NULL;
	rig.issuers[IDP].discovery = "https://idp.example/discovery";
	ck_assert_int_eq(noted(&rig, "{'fetched':$0,'url':'https://idp.example/discovery'}"), TRUST_OK);
	ck_assert_int_eq(noted(&rig, "{'fetched':$0,'url':'https://idp.example/keys'}"), TRUST_UNSURE);
	rig_close(&rig);
}
END_TEST

START_TEST(an_unknown_kid_is_refused_while_keys_are_fresh)
{
	struct rig rig;

	open_fetched(&rig);
	fetch(&rig, RSA_PEM, "r1", 0);
	start(&rig);
	ck_assert_int_eq(rig_bear(&rig, es256(&rig, "e1")), TRUST_TOKEN);
	ck_assert_int_eq(wishes, 1);
	rig_close(&rig);
}
END_TEST

/* It may be signed with a key that was published since. */
START_TEST(an_unknown_kid_of_a_token_that_is_newer_than_fresh_keys_cannot_be_known)
{
	int64_t now_s = clock_wall_ms() / 1000;
	struct rig rig;

	open_fetched(&rig);
	rig.now_ms = clock_wall_ms();
	fetch(&rig, RSA_PEM, "r1", 20);
	start(&rig);
	for (int ago_s = 0; ago_s <= 40; ago_s += 40) {
		const char *claims = pool_fmt(rig.pool, "{'iss':'https://idp.example','iat':%lld," CLAIMS, (long long)now_s - ago_s);
		const char *token = rig_token(&rig, &(struct rig_token){ P256_PEM, ALG_ES256, "{'alg':'ES256','kid':'e1'}", claims, NULL });

		ck_assert_int_eq(rig_bear(&rig, token), ago_s < 20 ? TRUST_UNSURE : TRUST_TOKEN);
	}
	rig_close(&rig);
}
END_TEST

/* However new its tokens are: the keys were fetched since it was first missed. */
START_TEST(a_kid_that_newer_keys_do_not_have_either_is_refused)
{
	struct rig rig;
	const char *token;

	open_fetched(&rig);
	rig.now_ms = clock_wall_ms();
	token = rig_token(&rig, &(struct rig_token){ P256_PEM, ALG_ES256, "{'alg':'ES256','kid':'e1'}",
		pool_fmt(rig.pool, "{'iss':'https://idp.example','iat':%lld," CLAIMS, (long long)clock_wall_ms() / 1000 + 20), NULL });
	fetch(&rig, RSA_PEM, "r1", 20);
	start(&rig);
	ck_assert_int_eq(rig_bear(&rig, token), TRUST_UNSURE);
	ck_assert_int_eq(rig_bear(&rig, token), TRUST_UNSURE);
	fetch(&rig, RSA_PEM, "r1", -10);
	becomes(&rig, token, TRUST_TOKEN);
	rig_close(&rig);
}
END_TEST

START_TEST(keys_of_a_clock_that_was_set_back_are_not_fresh)
{
	struct rig rig;

	open_fetched(&rig);
	fetch(&rig, RSA_PEM, "r1", -HOUR);
	start(&rig);
	ck_assert_int_eq(rig_bear(&rig, es256(&rig, "e1")), TRUST_UNSURE);
	rig_close(&rig);
}
END_TEST

START_TEST(without_a_kid_it_cannot_be_known_when_keys_are_old)
{
	const struct rig_token rotated = { P256_PEM, ALG_ES256, "{'alg':'ES256'}", GOOD, NULL };
	struct rig rig;

	open_fetched(&rig);
	fetch(&rig, OTHER_P256_PEM, "e1", 120);
	start(&rig);
	ck_assert_int_eq(rig_bear(&rig, rig_token(&rig, &rotated)), TRUST_UNSURE);
	ck_assert_int_eq(wishes, 1);
	rig.issuers[IDP].algorithms = "RS256";
	start(&rig);
	ck_assert_int_eq(rig_bear(&rig, rig_token(&rig, &rotated)), TRUST_TOKEN);
	rig.issuers[IDP].algorithms = "ES256";
	fetch(&rig, OTHER_P256_PEM, "e1", 0);
	start(&rig);
	ck_assert_int_eq(rig_bear(&rig, rig_token(&rig, &rotated)), TRUST_TOKEN);
	rig_close(&rig);
}
END_TEST

START_TEST(an_unknown_kid_cannot_be_known_when_keys_are_old)
{
	int64_t began_ms;
	struct rig rig;

	open_fetched(&rig);
	fetch(&rig, RSA_PEM, "r1", 120);
	start(&rig);
	began_ms = clock_mono_ms();
	for (int i = 0; i < 20; i++)
		ck_assert_int_eq(rig_bear(&rig, es256(&rig, "e1")), TRUST_UNSURE);
	ck_assert_int_ge(wishes, 1);
	ck_assert_int_le(wishes, 1 + (int)((clock_mono_ms() - began_ms) / 1000));	/* not for each of them */
	fetch(&rig, P256_PEM, "e1", 0);
	becomes(&rig, es256(&rig, "e1"), TRUST_OK);
	rig_close(&rig);
}
END_TEST

START_TEST(the_same_keys_are_fresh_once_they_were_fetched_again)
{
	struct rig rig;

	open_fetched(&rig);
	fetch(&rig, RSA_PEM, "r1", 120);
	start(&rig);
	ck_assert_int_eq(rig_bear(&rig, es256(&rig, "e1")), TRUST_UNSURE);
	fetch(&rig, RSA_PEM, "r1", 0);
	becomes(&rig, es256(&rig, "e1"), TRUST_TOKEN);
	rig_close(&rig);
}
END_TEST

START_TEST(a_wrong_signature_with_a_known_kid_is_refused_however_old_the_keys)
{
	struct rig rig;

	open_fetched(&rig);
	fetch(&rig, OTHER_P256_PEM, "e1", 120);
	start(&rig);
	ck_assert_int_eq(rig_bear(&rig, es256(&rig, "e1")), TRUST_TOKEN);
	ck_assert_int_eq(wishes, 0);
	rig_close(&rig);
}
END_TEST

START_TEST(after_a_rotation_old_tokens_fail_and_new_ones_pass)
{
	const char *old;
	struct rig rig;

	open_fetched(&rig);
	old = rig_rs256(&rig, GOOD);
	fetch(&rig, RSA_PEM, "r1", 0);
	start(&rig);
	ck_assert_int_eq(rig_bear(&rig, old), TRUST_OK);
	ck_assert_int_eq(rig_bear(&rig, old), TRUST_OK);	/* cached */
	fetch(&rig, P256_PEM, "e1", 0);
	becomes(&rig, es256(&rig, "e1"), TRUST_OK);
	ck_assert_int_eq(rig_bear(&rig, old), TRUST_TOKEN);
	rig_close(&rig);
}
END_TEST

START_TEST(unsound_keys_do_not_replace_sound_ones)
{
	struct rig rig;

	open_fetched(&rig);
	fetch(&rig, RSA_PEM, "r1", 0);
	start(&rig);
	ck_assert_int_eq(rig_bear(&rig, rig_rs256(&rig, GOOD)), TRUST_OK);
	put(&rig, "jwks", "{\"keys\":[]}");
	for (int64_t until_ms = clock_mono_ms() + 1100; clock_mono_ms() < until_ms; poll(NULL, 0, 5))	/* it looks meanwhile */
		ck_assert_int_eq(rig_bear(&rig, rig_rs256(&rig, GOOD)), TRUST_OK);
	rig_close(&rig);
}
END_TEST

START_TEST(unsound_keys_are_none)
{
	static const char *const unsound[] = { "", "{", "{\"keys\":[]}", "{\"keys\":[{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}]}",
					       RSA_PUBLIC_PEM };
	struct rig rig;

	open_fetched(&rig);
	for (size_t i = 0; i < sizeof unsound / sizeof *unsound; i++) {
		fetch(&rig, RSA_PEM, "r1", 0);
		put(&rig, "jwks", unsound[i]);
		start(&rig);
		ck_assert_msg(rig_bear(&rig, rig_rs256(&rig, GOOD)) == TRUST_UNSURE, "%s", unsound[i]);
	}
	rig_close(&rig);
}
END_TEST

START_TEST(who_has_keys_keeps_them_while_others_get_newer_ones)
{
	const struct jwks *old, *now = NULL;
	struct issuers *issuers;
	struct rig rig;

	open_fetched(&rig);
	fetch(&rig, RSA_PEM, "r1", 0);
	issuers = issuers_new(&rig.conf, NULL);
	old = issuers_keys(issuers, IDP);
	ck_assert_str_eq(old->v[0].kid, "r1");
	fetch(&rig, P256_PEM, "e1", 0);
	for (int64_t until_ms = clock_mono_ms() + 20000; clock_mono_ms() < until_ms; poll(NULL, 0, 10)) {
		now = issuers_keys(issuers, IDP);
		if (now != old)
			break;
		issuers_keys_done(issuers, now);
	}
	ck_assert_str_eq(now->v[0].kid, "e1");
	ck_assert_str_eq(old->v[0].kid, "r1");
	ck_assert_uint_ne(issuers_keys_edition(old), issuers_keys_edition(now));
	issuers_keys_done(issuers, old);
	issuers_keys_done(issuers, now);
	issuers_keys_done(issuers, NULL);
	issuers_free(&issuers);
	rig_close(&rig);
}
END_TEST

/* ---- many threads ---- */

struct worker {
	struct rig *rig;
	const char *tokens[2];
	bool *stop;
	int taken[2];			/* atomic */
	bool unsure;			/* an answer that none of both tokens should get */
};

static void *work(void *arg)
{
	struct worker *w = arg;
	struct pool *pool = pool_new();
	struct attr header = { .name = "authorization" };
	const struct message m = { .query = "", .headers = &header, .n_headers = 1 };
	const struct trust_request request = { .m = &m, .pool = pool, .now_ms = NOW_MS };

	for (size_t i = 0; !__atomic_load_n(w->stop, __ATOMIC_RELAXED); i++) {
		struct admitted admitted;
		enum trust_verdict verdict;

		pool_reset(pool);
		header.value = pool_fmt(pool, "Bearer %s", w->tokens[i % 2]);
		verdict = trust_admit(w->rig->trust, &request, &admitted);
		if (verdict == TRUST_OK)
			__atomic_add_fetch(&w->taken[i % 2], 1, __ATOMIC_RELAXED);
		else if (verdict != TRUST_TOKEN)
			w->unsure = true;
	}
	pool_free(&pool);
	return NULL;
}

/* Whether each of them had that token taken, some time. */
static bool all_took(const struct worker *workers, size_t n, size_t token)
{
	for (size_t i = 0; i < n; i++)
		if (!__atomic_load_n(&workers[i].taken[token], __ATOMIC_RELAXED))
			return false;
	return true;
}

START_TEST(threads_go_on_while_keys_change)
{
	struct rig rig;
	bool stop = false;
	pthread_t threads[4];
	struct worker workers[4];
	const char *kids[] = { "e1", "e2" };

	open_fetched(&rig);
	fetch(&rig, P256_PEM, kids[0], 0);
	start(&rig);
	for (size_t i = 0; i < 4; i++) {
		workers[i] = (struct worker){ &rig, { es256(&rig, kids[0]), es256(&rig, kids[1]) }, &stop, { 0, 0 }, false };
		ck_assert_int_eq(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
	}
	for (size_t i = 0; i < 3; i++) {
		int64_t until_ms = clock_mono_ms() + 20000;

		fetch(&rig, P256_PEM, kids[i % 2], 0);
		becomes(&rig, es256(&rig, kids[i % 2]), TRUST_OK);
		while (!all_took(workers, 4, i % 2) && clock_mono_ms() < until_ms)
			poll(NULL, 0, 10);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (size_t i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	ck_assert(all_took(workers, 4, 0) && all_took(workers, 4, 1));
	for (size_t i = 0; i < 4; i++)
		ck_assert(!workers[i].unsure);
	rig_close(&rig);
}
END_TEST

struct starter {
	struct issuers *issuers;
	pthread_barrier_t *together;
	bool had;
};

static void *start_asking(void *arg)
{
	struct starter *s = arg;
	const struct jwks *keys;

	pthread_barrier_wait(s->together);
	keys = issuers_keys(s->issuers, IDP);
	s->had = keys != NULL;
	issuers_keys_done(s->issuers, keys);
	return NULL;
}

/* While one looks at the files for the first time, nobody is told that there are no keys. */
START_TEST(all_threads_have_the_keys_at_the_start)
{
	struct rig rig;
	pthread_barrier_t together;
	pthread_t threads[4];
	struct starter starters[4];

	open_fetched(&rig);
	fetch(&rig, RSA_PEM, "r1", 0);
	ck_assert_int_eq(pthread_barrier_init(&together, NULL, 4), 0);
	for (size_t round = 0; round < 50; round++) {
		struct issuers *issuers = issuers_new(&rig.conf, NULL);

		for (size_t i = 0; i < 4; i++) {
			starters[i] = (struct starter){ issuers, &together, false };
			ck_assert_int_eq(pthread_create(&threads[i], NULL, start_asking, &starters[i]), 0);
		}
		for (size_t i = 0; i < 4; i++)
			pthread_join(threads[i], NULL);
		for (size_t i = 0; i < 4; i++)
			ck_assert_msg(starters[i].had, "in round %zu", round);
		issuers_free(&issuers);
	}
	pthread_barrier_destroy(&together);
	rig_close(&rig);
}
END_TEST

/* ---- what `postvak check` tells ---- */

static const char *told(struct rig *rig, size_t i)
{
	struct problems problems = { .pool = rig->pool };

	trust_check(&rig->conf, &problems);
	return i < problems.n ? problems.v[i].text : NULL;
}

START_TEST(sound_settings_have_no_problems)
{
	struct rig rig;

	rig_open(&rig);
	ck_assert_ptr_null(told(&rig, 0));
	rig_close(&rig);
	open_fetched(&rig);		/* nothing fetched yet is no problem */
	ck_assert_ptr_null(told(&rig, 0));
	put(&rig, "jwks", "{");		/* nor is what an issuer sent */
	ck_assert_ptr_null(told(&rig, 0));
	rig_close(&rig);
}
END_TEST

START_TEST(an_unsound_file_of_keys_is_told_and_trusts_nobody)
{
	static const char *const unsound[] = { "", "{", "{\"keys\":[{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}]}", "geen sleutels",
					       "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n" };
	struct rig rig;

	rig_open(&rig);
	for (size_t i = 0; i < sizeof unsound / sizeof *unsound; i++) {
		rig.issuers[IDP].jwks.text = unsound[i];
		ck_assert_msg(told(&rig, 0) && strstr(told(&rig, 0), "jwks: file:idp.json has no keys that can be used"), "%s",
			      unsound[i]);
		ck_assert_ptr_null(told(&rig, 1));
		trust_free(&rig.trust);
		ck_assert_int_eq(rig_bear(&rig, rig_rs256(&rig, GOOD)), TRUST_UNSURE);
	}
	rig_close(&rig);
}
END_TEST

START_TEST(algorithms_are_those_of_public_keys)
{
	static const char *const bad[] = { "HS256", "RS256 none", "RS256,rs256", "RS512" };
	struct rig rig;

	rig_open(&rig);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		rig.issuers[IDP].algorithms = bad[i];
		ck_assert_msg(told(&rig, 0) && strstr(told(&rig, 0), "is not an algorithm of public keys"), "%s", bad[i]);
	}
	rig_close(&rig);
}
END_TEST

UNIT_MAIN("issuers", without_keys_it_cannot_be_known, a_start_needs_only_the_files, old_keys_serve_until_they_are_stale,
	  keys_without_a_sound_note_do_not_count, keys_are_stale_from_the_first_failure_to_fetch_them,
	  keys_from_another_place_do_not_count, an_unknown_kid_is_refused_while_keys_are_fresh,
	  an_unknown_kid_of_a_token_that_is_newer_than_fresh_keys_cannot_be_known,
	  a_kid_that_newer_keys_do_not_have_either_is_refused, keys_of_a_clock_that_was_set_back_are_not_fresh,
	  without_a_kid_it_cannot_be_known_when_keys_are_old,
	  an_unknown_kid_cannot_be_known_when_keys_are_old, the_same_keys_are_fresh_once_they_were_fetched_again,
	  a_wrong_signature_with_a_known_kid_is_refused_however_old_the_keys, after_a_rotation_old_tokens_fail_and_new_ones_pass,
	  unsound_keys_do_not_replace_sound_ones, unsound_keys_are_none,
	  who_has_keys_keeps_them_while_others_get_newer_ones, threads_go_on_while_keys_change,
	  all_threads_have_the_keys_at_the_start,
	  sound_settings_have_no_problems, an_unsound_file_of_keys_is_told_and_trusts_nobody, algorithms_are_those_of_public_keys)
