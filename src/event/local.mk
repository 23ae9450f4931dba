# SPDX-License-Identifier: EUPL-1.2
noinst_LIBRARIES += libpvevent.a
libpvevent_a_SOURCES = \
	src/event/base64.c src/event/base64.h \
	src/event/cloud_identity.c \
	src/event/cloudevents.c src/event/cloudevents.h \
	src/event/digest.c src/event/digest.h \
	src/event/emitted.c src/event/emitted.h \
	src/event/emitted_make.c \
	src/event/event.c src/event/event.h \
	src/event/fault.c src/event/fault.h \
	src/event/extension.c src/event/extension.h \
	src/event/header.c src/event/header.h \
	src/event/host.c src/event/host.h \
	src/event/integer.c src/event/integer.h \
	src/event/json.c src/event/json.h \
	src/event/json_canonical.c src/event/json_node.h \
	src/event/json_scan.c src/event/json_scan.h \
	src/event/mapping.c src/event/mapping.h \
	src/event/mapped.c src/event/mapped.h \
	src/event/media.c src/event/media.h \
	src/event/message.c src/event/message.h \
	src/event/nlgov.c src/event/nlgov.h \
	src/event/nrc.c src/event/nrc.h \
	src/event/pack.c src/event/pack.h \
	src/event/query.c src/event/query.h \
	src/event/read.c src/event/read.h \
	src/event/source.c src/event/source.h \
	src/event/spare.h \
	src/event/text.c src/event/text.h \
	src/event/time.c src/event/time.h \
	src/event/type.c src/event/type.h \
	src/event/uri.c src/event/uri.h \
	src/event/wire.c src/event/wire.h
libpvevent_a_CPPFLAGS = $(AM_CPPFLAGS) $(CRYPTO_CFLAGS)
libpvevent_a_CFLAGS = $(AM_CFLAGS)

if HAVE_CHECK
check_PROGRAMS += tests/unit/event_test tests/unit/nrc_test tests/unit/types_test tests/unit/mapping_test
TESTS += tests/unit/event_test tests/unit/nrc_test tests/unit/types_test tests/unit/mapping_test
tests_unit_event_test_SOURCES = tests/unit/event_test.c tests/unit/unit.h
tests_unit_event_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_event_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_event_test_LDADD = libpvevent.a libbase.a $(CRYPTO_LIBS) $(CHECK_LIBS)
check_PROGRAMS += tests/unit/canonical_test
TESTS += tests/unit/canonical_test
tests_unit_canonical_test_SOURCES = tests/unit/canonical_test.c tests/unit/unit.h
tests_unit_canonical_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_canonical_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_canonical_test_LDADD = libpvevent.a libbase.a $(CRYPTO_LIBS) $(CHECK_LIBS)
check_PROGRAMS += tests/unit/emitted_test
TESTS += tests/unit/emitted_test
tests_unit_emitted_test_SOURCES = tests/unit/emitted_test.c tests/unit/unit.h
tests_unit_emitted_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_emitted_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_emitted_test_LDADD = libpvevent.a libbase.a $(CRYPTO_LIBS) $(CHECK_LIBS)
tests_unit_nrc_test_SOURCES = tests/unit/nrc_test.c tests/unit/unit.h
tests_unit_nrc_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_nrc_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_nrc_test_LDADD = libpvevent.a libbase.a $(CRYPTO_LIBS) $(CHECK_LIBS)
tests_unit_types_test_SOURCES = tests/unit/types_test.c tests/unit/unit.h
tests_unit_types_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_types_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_types_test_LDADD = libpvevent.a libbase.a $(CRYPTO_LIBS) $(CHECK_LIBS)
tests_unit_mapping_test_SOURCES = tests/unit/mapping_test.c tests/unit/unit.h
tests_unit_mapping_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_mapping_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_mapping_test_LDADD = libpvevent.a libbase.a $(CRYPTO_LIBS) $(CHECK_LIBS)
endif
