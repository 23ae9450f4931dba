/* SPDX-License-Identifier: EUPL-1.2
 * What every unit test program has in common: one suite, one main. */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A directory for what the tests of this program write; it goes when they have ended. */
static char unit_root[] = "/tmp/postvak-unit-XXXXXX";

/* A fresh directory in it, into path, which has at least UNIT_PATH bytes. */
#define UNIT_PATH 64
static inline char *unit_dir(char *path)
{
	snprintf(path, UNIT_PATH, "%s/XXXXXX", unit_root);
	ck_assert_ptr_nonnull(mkdtemp(path));
	return path;
}

static inline int unit_remove(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

/* Runs one test case of functions made with START_TEST; the process's exit status. */
static inline int unit_run(const char *name, const TTest *const *tests, size_t n)
{
	Suite *suite = suite_create(name);
	TCase *tcase = tcase_create(name);
	SRunner *runner;
	int failed;

	if (!mkdtemp(unit_root))
		return EXIT_FAILURE;
	tcase_set_timeout(tcase, 60);
	for (size_t i = 0; i < n; i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	nftw(unit_root, unit_remove, 16, FTW_DEPTH | FTW_PHYS);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#define UNIT_MAIN(name, ...) \
	int main(void) \
	{ \
		const TTest *const tests[] = { __VA_ARGS__ }; \
		return unit_run(name, tests, sizeof tests / sizeof *tests); \
	}

#endif
