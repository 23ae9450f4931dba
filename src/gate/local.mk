# SPDX-License-Identifier: EUPL-1.2
noinst_LIBRARIES += libgate.a
libgate_a_SOURCES = \
	src/gate/conn.c src/gate/conn.h \
	src/gate/gate.c src/gate/gate.h \
	src/gate/gate_cgi.c \
	src/gate/call.c src/gate/call.h \
	src/gate/params.c src/gate/params.h \
	src/gate/peer.c src/gate/peer.h \
	src/gate/turns.c src/gate/turns.h \
	src/gate/unfinished.c src/gate/unfinished.h \
	src/gate/walk.c src/gate/walk.h

if HAVE_CHECK
check_PROGRAMS += tests/unit/call_test tests/unit/gate_test tests/unit/peer_test
TESTS += tests/unit/call_test tests/unit/gate_test tests/unit/peer_test
tests_unit_call_test_SOURCES = tests/unit/call_test.c tests/unit/unit.h
tests_unit_call_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_call_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_call_test_LDADD = libgate.a libpvevent.a libbase.a $(CRYPTO_LIBS) $(CHECK_LIBS) -lpthread
tests_unit_gate_test_SOURCES = tests/unit/gate_test.c tests/unit/unit.h
tests_unit_gate_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_gate_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_gate_test_LDADD = libgate.a libpvevent.a libbase.a $(CRYPTO_LIBS) $(CHECK_LIBS) -lpthread
tests_unit_peer_test_SOURCES = tests/unit/peer_test.c tests/unit/unit.h
tests_unit_peer_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_peer_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_peer_test_LDADD = libgate.a libbase.a $(CHECK_LIBS)
endif
