# SPDX-License-Identifier: EUPL-1.2
noinst_LIBRARIES += libbase.a
libbase_a_SOURCES = \
	src/base/board.c src/base/board.h \
	src/base/buf.c src/base/buf.h \
	src/base/child.h \
	src/base/clock.c src/base/clock.h \
	src/base/die.c src/base/die.h \
	src/base/err.c src/base/err.h \
	src/base/fail.c src/base/fail.h \
	src/base/frame.c src/base/frame.h \
	src/base/hex.h \
	src/base/list.h \
	src/base/lock.c src/base/lock.h \
	src/base/log.c src/base/log.h \
	src/base/map.c src/base/map.h \
	src/base/mem.c src/base/mem.h \
	src/base/share.c src/base/share.h \
	src/base/sock.c src/base/sock.h src/base/sock_listen.c \
	src/base/spawn.c src/base/spawn.h \
	src/base/utf8.c src/base/utf8.h \
	src/base/random.c src/base/random.h \
	src/base/uuid.c src/base/uuid.h \
	src/base/words.h

if HAVE_CHECK
check_PROGRAMS += tests/unit/base_test
TESTS += tests/unit/base_test
tests_unit_base_test_SOURCES = tests/unit/base_test.c tests/unit/unit.h
tests_unit_base_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_base_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_base_test_LDADD = libbase.a $(CHECK_LIBS)
endif
