# SPDX-License-Identifier: EUPL-1.2
noinst_LIBRARIES += libboss.a
libboss_a_SOURCES = \
	src/boss/boss.h \
	src/boss/crew.c src/boss/crew.h \
	src/boss/house.c src/boss/house.h \
	src/boss/notify.c src/boss/notify.h \
	src/boss/pace.c src/boss/pace.h \
	src/boss/phase.c src/boss/phase.h \
	src/boss/pidfile.c src/boss/pidfile.h \
	src/boss/reload.c \
	src/boss/seat.c src/boss/seat.h \
	src/boss/serve.c

if HAVE_CHECK
check_PROGRAMS += tests/unit/boss_test tests/unit/serve_test tests/unit/fake_child
TESTS += tests/unit/boss_test tests/unit/serve_test
tests_unit_boss_test_SOURCES = tests/unit/boss_test.c tests/unit/unit.h
tests_unit_boss_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_boss_test_CFLAGS = $(UNIT_CFLAGS)
BOSS_TEST_LIBS = libboss.a libtrust.a libconf.a libpvevent.a libbase.a $(INIH_LIBS) $(CRYPTO_LIBS) $(CHECK_LIBS)
tests_unit_boss_test_LDADD = $(BOSS_TEST_LIBS)

# The boss alone: a configuration of lines, and children that do as they are told.
tests_unit_serve_test_SOURCES = tests/unit/serve_test.c tests/unit/boss_conf.c tests/unit/unit.h
tests_unit_serve_test_CPPFLAGS = $(UNIT_CPPFLAGS) -DFAKE_CHILD='"$(abs_builddir)/tests/unit/fake_child"'
tests_unit_serve_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_serve_test_LDADD = $(BOSS_TEST_LIBS)
tests_unit_fake_child_SOURCES = tests/unit/fake_child.c
tests_unit_fake_child_LDADD = libbase.a
endif

EXTRA_DIST += examples/apache.conf examples/logrotate examples/nginx.conf \
	examples/postvak.conf examples/postvak.service
EXTRA_DIST += examples/issuers.conf examples/senders.conf examples/issuers/README \
	examples/issuers/banenor.headers examples/issuers/banenor.json \
	examples/issuers/github.headers examples/issuers/github.json \
	examples/issuers/gitlab.headers examples/issuers/gitlab.json \
	examples/issuers/pagerduty.headers examples/issuers/pagerduty.json \
	examples/issuers/stripe.headers examples/issuers/stripe.json
