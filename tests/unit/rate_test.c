/* SPDX-License-Identifier: EUPL-1.2
 * Requests a minute: buckets that fill by the clock, shared by all who have the file. */
#include "config.h"
#include "unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "trust/rate.h"

#define NOW INT64_C(5000000)

static const struct rate_of sixty = { "sender", "", "on", 60 };

/* Takes n at once; how many went through. */
static int take_many(struct rates *rates, const struct rate_of *of, int n, int64_t now_ms)
{
	int taken = 0;

	for (int i = 0; i < n; i++)
		taken += rates_take(rates, of, now_ms) == 0;
	return taken;
}

START_TEST(a_minutes_worth_goes_at_once_and_then_as_it_fills)
{
	struct rates *rates = rates_private();

	ck_assert_int_eq(take_many(rates, &sixty, 100, NOW), 60);
	ck_assert_int_eq(rates_take(rates, &sixty, NOW), 1);
	ck_assert_int_eq(rates_take(rates, &sixty, NOW + 999), 1);
	ck_assert_int_eq(rates_take(rates, &sixty, NOW + 1000), 0);
	ck_assert_int_eq(rates_take(rates, &sixty, NOW + 1000), 1);
	ck_assert_int_eq(take_many(rates, &sixty, 100, NOW + 31000), 30);
	ck_assert_int_eq(take_many(rates, &sixty, 100, NOW + 600000), 60);
	rates_close(&rates);
	ck_assert_ptr_null(rates);
}
END_TEST

START_TEST(WH_11_the_wait_is_whole_seconds_until_one_may_come)
{
	static const struct { int rate, wait; } cases[] = { { 1, 60 }, { 2, 30 }, { 7, 9 }, { 60, 1 }, { 1000000, 1 } };
	struct rates *rates = rates_private();

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct rate_of of = { "sender", "", "x", cases[i].rate };
		int64_t now = NOW + (int64_t)i * 600000;

		ck_assert_int_eq(take_many(rates, &of, cases[i].rate + 5, now), cases[i].rate);
		ck_assert_int_eq(rates_take(rates, &of, now), cases[i].wait);
		ck_assert_int_eq(rates_take(rates, &of, now + cases[i].wait * 1000), 0);
	}
	rates_close(&rates);
}
END_TEST

START_TEST(who_is_refused_pays_nothing_for_it)
{
	struct rate_of one = { "sender", "", "x", 1 };
	struct rates *rates = rates_private();

	ck_assert_int_eq(rates_take(rates, &one, NOW), 0);
	for (int i = 1; i < 60; i++)
		ck_assert_int_eq(rates_take(rates, &one, NOW + i * 1000), 60 - i);
	ck_assert_int_eq(rates_take(rates, &one, NOW + 60000), 0);
	rates_close(&rates);
}
END_TEST

START_TEST(each_has_a_bucket_of_its_own)
{
	static const struct rate_of others[] = {
		{ "sender", "", "on", 1 }, { "origin", "", "on", 1 }, { "sender", "a", "on", 1 }, { "sender", "b", "on", 1 },
		{ "sender", "", "og", 1 }, { "sender", "on", "", 1 },
	};
	struct rates *rates = rates_private();

	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		ck_assert_int_eq(rates_take(rates, &others[i], NOW), 0);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		ck_assert_int_eq(rates_take(rates, &others[i], NOW), 60);
	rates_close(&rates);
}
END_TEST

START_TEST(more_names_than_slots_do_no_harm)
{
	struct rates *rates = rates_private();
	struct rate_of of = { "origin", "a", NULL, 5 };
	char name[32];

	for (int i = 0; i < 20000; i++) {
		snprintf(name, sizeof name, "host%d.example", i);
		of.name = name;
		ck_assert_int_eq(rates_take(rates, &of, NOW), 0);
	}
	of.name = "new.example";
	ck_assert_int_eq(take_many(rates, &of, 20, NOW), 5);
	rates_close(&rates);
}
END_TEST

/* A run directory that outlived a boot: the monotonic clock began anew. */
START_TEST(what_another_boot_left_is_forgotten)
{
	struct rates *rates = rates_private();

	ck_assert_int_eq(take_many(rates, &sixty, 60, NOW * 1000), 60);
	ck_assert_int_eq(take_many(rates, &sixty, 100, NOW), 60);
	rates_close(&rates);
}
END_TEST

START_TEST(processes_share_what_is_in_the_file)
{
	char dir[UNIT_PATH], path[UNIT_PATH + 8];
	struct rates *one, *two;
	struct err err = {{0}};
	struct stat st;

	snprintf(path, sizeof path, "%s/rates", unit_dir(dir));
	umask(077);
	one = rates_open(path, "", &err);
	ck_assert_msg(one != NULL, "%s", err.text);
	two = rates_open(path, "", &err);
	ck_assert_msg(two != NULL, "%s", err.text);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0660);
	ck_assert_int_eq(take_many(one, &sixty, 40, NOW), 40);
	ck_assert_int_eq(take_many(two, &sixty, 40, NOW), 20);
	ck_assert_int_eq(rates_take(one, &sixty, NOW), 1);
	rates_close(&one);
	rates_close(&two);
	ck_assert_ptr_null(rates_open("/no/such/place", "", &err));
	ck_assert_ptr_nonnull(strstr(err.text, "/no/such/place"));
}
END_TEST

struct crowd {
	struct rates *rates;
	int taken;
};

static void *push(void *arg)
{
	static const struct rate_of of = { "sender", "", "on", 10000 };
	struct crowd *crowd = arg;

	__atomic_fetch_add(&crowd->taken, take_many(crowd->rates, &of, 5000, NOW), __ATOMIC_RELAXED);
	return NULL;
}

START_TEST(no_more_than_the_rate_gets_through_from_many_threads)
{
	struct crowd crowd = { rates_private(), 0 };
	pthread_t threads[8];

	for (size_t i = 0; i < 8; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, push, &crowd), 0);
	for (size_t i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	ck_assert_int_eq(crowd.taken, 10000);
	rates_close(&crowd.rates);
}
END_TEST

UNIT_MAIN("rate", a_minutes_worth_goes_at_once_and_then_as_it_fills, WH_11_the_wait_is_whole_seconds_until_one_may_come,
	  who_is_refused_pays_nothing_for_it, each_has_a_bucket_of_its_own, more_names_than_slots_do_no_harm,
	  what_another_boot_left_is_forgotten, processes_share_what_is_in_the_file,
	  no_more_than_the_rate_gets_through_from_many_threads)
