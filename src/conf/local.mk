# SPDX-License-Identifier: EUPL-1.2
noinst_LIBRARIES += libconf.a
libconf_a_SOURCES = \
	src/conf/check.c \
	src/conf/conf.h \
	src/conf/file.c src/conf/file.h \
	src/conf/load.c \
	src/conf/mdoc.c \
	src/conf/pack.c \
	src/conf/print.c \
	src/conf/probe.c src/conf/probe.h \
	src/conf/problem.c \
	src/conf/resolve.c \
	src/conf/secrets.c \
	src/conf/section.c \
	src/conf/settings.c src/conf/settings.h \
	src/conf/value.c
libconf_a_CPPFLAGS = $(AM_CPPFLAGS) $(INIH_CFLAGS)
libconf_a_CFLAGS = $(AM_CFLAGS)
# What a program that uses libconf.a is linked with, in this order.
CONF_LDADD = libconf.a libpvevent.a libbase.a $(INIH_LIBS) $(JSONC_LIBS) $(CRYPTO_LIBS)

if HAVE_CHECK
check_PROGRAMS += tests/unit/conf_test tests/unit/conf_runner
TESTS += tests/unit/conf_test
tests_unit_conf_test_SOURCES = tests/unit/conf_test.c tests/unit/unit.h
tests_unit_conf_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_conf_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_conf_test_LDADD = $(CONF_LDADD) $(CHECK_LIBS)
tests_unit_conf_runner_SOURCES = tests/unit/conf_runner.c
tests_unit_conf_runner_LDADD = libpvevent.a libbase.a $(JSONC_LIBS) $(CRYPTO_LIBS)
endif
