# SPDX-License-Identifier: EUPL-1.2
noinst_LIBRARIES += libboss.a
libboss_a_SOURCES = \
	src/boss/boss.h \
	src/boss/notify.c src/boss/notify.h \
	src/boss/pace.c src/boss/pace.h \
	src/boss/pidfile.c src/boss/pidfile.h

if HAVE_CHECK
check_PROGRAMS += tests/unit/boss_test
TESTS += tests/unit/boss_test
tests_unit_boss_test_SOURCES = tests/unit/boss_test.c tests/unit/unit.h
tests_unit_boss_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_boss_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_boss_test_LDADD = libboss.a libbase.a $(CHECK_LIBS)
endif
