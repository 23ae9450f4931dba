# SPDX-License-Identifier: EUPL-1.2
noinst_LIBRARIES += libkeys.a
libkeys_a_SOURCES = \
	src/keys/door.c src/keys/door.h \
	src/keys/errand.c src/keys/errand.h \
	src/keys/form.c src/keys/form.h \
	src/keys/keeper.c src/keys/keeper.h \
	src/keys/metadata.c src/keys/metadata.h \
	src/keys/questions.c src/keys/questions.h \
	src/keys/schedule.c src/keys/schedule.h \
	src/keys/shelf.c src/keys/shelf.h

pkglibexec_PROGRAMS += postvak-keys
postvak_keys_SOURCES = src/keys/main.c
postvak_keys_LDADD = libkeys.a libtrust.a libnet.a libconf.a libpvevent.a libbase.a \
	$(CRYPTO_LIBS) $(INIH_LIBS) $(CURL_LIBS)

if HAVE_CHECK
check_PROGRAMS += tests/unit/keys_test tests/unit/ask_test
TESTS += tests/unit/keys_test tests/unit/ask_test
tests_unit_keys_test_SOURCES = tests/unit/keys_test.c tests/unit/keys.h tests/unit/unit.h
tests_unit_keys_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_keys_test_CFLAGS = $(UNIT_CFLAGS)
# Its issuers are of its own making: it takes the place of what libnet.a has for several requests at once.
tests_unit_keys_test_LDADD = libkeys.a libtrust.a libnet.a libconf.a libpvevent.a libbase.a \
	$(CRYPTO_LIBS) $(INIH_LIBS) $(CHECK_LIBS)
tests_unit_ask_test_SOURCES = tests/unit/ask_test.c tests/unit/unit.h
tests_unit_ask_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_ask_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_ask_test_LDADD = libkeys.a libtrust.a libpvevent.a libbase.a $(CRYPTO_LIBS) $(CHECK_LIBS)
endif
