# SPDX-License-Identifier: EUPL-1.2
noinst_LIBRARIES += libnet.a
libnet_a_SOURCES = \
	src/net/http.c src/net/http.h \
	src/net/http_answer.c
libnet_a_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS)
libnet_a_CFLAGS = $(AM_CFLAGS)

if HAVE_CHECK
check_PROGRAMS += tests/unit/net_test
TESTS += tests/unit/net_test
tests_unit_net_test_SOURCES = tests/unit/net_test.c tests/unit/unit.h
tests_unit_net_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_net_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_net_test_LDADD = libnet.a libbase.a $(CURL_LIBS) $(CHECK_LIBS)
endif
