# SPDX-License-Identifier: EUPL-1.2
noinst_LIBRARIES += libreceive.a
libreceive_a_SOURCES = \
	src/receive/asker.c src/receive/asker.h \
	src/receive/cgi.c src/receive/cgi.h \
	src/receive/challenge.c src/receive/challenge.h \
	src/receive/clerk.c src/receive/clerk.h \
	src/receive/committer.c src/receive/committer.h \
	src/receive/flood.c src/receive/flood.h \
	src/receive/grants.c src/receive/grants.h \
	src/receive/intake.c src/receive/intake.h \
	src/receive/pipeline.c src/receive/pipeline.h \
	src/receive/refusal.c src/receive/refusal.h \
	src/receive/reply.c src/receive/reply.h \
	src/receive/upkeep.c src/receive/upkeep.h \
	src/receive/waiting.c src/receive/waiting.h

RECEIVE_LDADD = libreceive.a libgate.a libstore.a libtrust.a libconf.a libpvevent.a libbase.a \
	$(SQLITE_LIBS) $(CRYPTO_LIBS) $(INIH_LIBS) -lpthread
pkglibexec_PROGRAMS += postvak.fcgi
postvak_fcgi_SOURCES = src/receive/main.c
postvak_fcgi_LDADD = $(RECEIVE_LDADD)

if HAVE_CHECK
CLOUD_RIG = tests/unit/cloud_rig.c tests/unit/cloud_rig.h tests/unit/unit.h
check_PROGRAMS += tests/unit/receive_test tests/unit/cloudevents_test tests/unit/corners_test tests/unit/reading_test
TESTS += tests/unit/receive_test tests/unit/cloudevents_test tests/unit/corners_test tests/unit/reading_test
check_PROGRAMS += tests/unit/webhook_test
TESTS += tests/unit/webhook_test
tests_unit_receive_test_SOURCES = tests/unit/receive_test.c tests/unit/unit.h
tests_unit_receive_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_receive_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_receive_test_LDADD = $(RECEIVE_LDADD) $(CHECK_LIBS)
tests_unit_cloudevents_test_SOURCES = tests/unit/cloudevents_test.c $(CLOUD_RIG)
tests_unit_cloudevents_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_cloudevents_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_cloudevents_test_LDADD = $(RECEIVE_LDADD) $(CHECK_LIBS)
tests_unit_corners_test_SOURCES = tests/unit/corners_test.c $(CLOUD_RIG)
tests_unit_corners_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_corners_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_corners_test_LDADD = $(RECEIVE_LDADD) $(CHECK_LIBS)
tests_unit_reading_test_SOURCES = tests/unit/reading_test.c $(CLOUD_RIG)
tests_unit_reading_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_reading_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_reading_test_LDADD = $(RECEIVE_LDADD) $(CHECK_LIBS)
tests_unit_webhook_test_SOURCES = tests/unit/webhook_test.c tests/unit/unit.h
tests_unit_webhook_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_webhook_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_webhook_test_LDADD = $(RECEIVE_LDADD) $(CHECK_LIBS)
check_PROGRAMS += tests/unit/challenge_test
TESTS += tests/unit/challenge_test
tests_unit_challenge_test_SOURCES = tests/unit/challenge_test.c tests/unit/unit.h
tests_unit_challenge_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_challenge_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_challenge_test_LDADD = $(RECEIVE_LDADD) $(CHECK_LIBS)
check_PROGRAMS += tests/unit/waiting_test
TESTS += tests/unit/waiting_test
tests_unit_waiting_test_SOURCES = tests/unit/waiting_test.c tests/unit/unit.h
tests_unit_waiting_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_waiting_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_waiting_test_LDADD = $(RECEIVE_LDADD) $(CHECK_LIBS)
check_PROGRAMS += tests/unit/admit_test
TESTS += tests/unit/admit_test
tests_unit_admit_test_SOURCES = tests/unit/admit_test.c tests/unit/unit.h
tests_unit_admit_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_admit_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_admit_test_LDADD = $(RECEIVE_LDADD) $(CHECK_LIBS)
endif
