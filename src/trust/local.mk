# SPDX-License-Identifier: EUPL-1.2
noinst_LIBRARIES += libtrust.a
libtrust_a_SOURCES = src/trust/trust.c src/trust/trust.h

if HAVE_CHECK
check_PROGRAMS += tests/unit/trust_test
TESTS += tests/unit/trust_test
tests_unit_trust_test_SOURCES = tests/unit/trust_test.c tests/unit/unit.h
tests_unit_trust_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_trust_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_trust_test_LDADD = libtrust.a libpvevent.a libbase.a $(JSONC_LIBS) $(CRYPTO_LIBS) $(CHECK_LIBS)
endif
