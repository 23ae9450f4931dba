# SPDX-License-Identifier: EUPL-1.2
noinst_LIBRARIES += libdispatch.a
libdispatch_a_SOURCES = \
	src/dispatch/choice.c src/dispatch/choice.h \
	src/dispatch/circuit.c \
	src/dispatch/courtesy.c src/dispatch/courtesy.h \
	src/dispatch/cursor.c src/dispatch/inner.h src/dispatch/window.c \
	src/dispatch/engine.c src/dispatch/engine.h \
	src/dispatch/emit.c \
	src/dispatch/gaps.c src/dispatch/gaps.h \
	src/dispatch/groups.c src/dispatch/groups.h \
	src/dispatch/house.c src/dispatch/house.h \
	src/dispatch/lanes.c \
	src/dispatch/loop.c src/dispatch/loop.h \
	src/dispatch/outcome.c \
	src/dispatch/quarantine.c src/dispatch/asked.h \
	src/dispatch/rebuild.c \
	src/dispatch/request.c src/dispatch/request.h \
	src/dispatch/request_erase.c \
	src/dispatch/request_rewind.c \
	src/dispatch/request_rows.c \
	src/dispatch/rewind_count.c \
	src/dispatch/runner.c src/dispatch/runner.h \
	src/dispatch/runners.c src/dispatch/runners.h \
	src/dispatch/settle.c \
	src/dispatch/sort.c src/dispatch/sort.h \
	src/dispatch/start.c

pkglibexec_PROGRAMS += postvak-dispatch
postvak_dispatch_SOURCES = src/dispatch/main.c
DISPATCH_LIBS = libdispatch.a libstore.a libconf.a libpvevent.a libbase.a \
	$(SQLITE_LIBS) $(INIH_LIBS) $(CRYPTO_LIBS)
postvak_dispatch_LDADD = $(DISPATCH_LIBS)

if HAVE_CHECK
check_PROGRAMS += tests/unit/dispatch_test tests/unit/circuit_test tests/unit/operator_test tests/unit/dispatch_model_test tests/unit/gaps_test tests/unit/runners_test
TESTS += tests/unit/dispatch_test tests/unit/circuit_test tests/unit/operator_test tests/unit/dispatch_model_test tests/unit/gaps_test tests/unit/runners_test
tests_unit_dispatch_test_SOURCES = tests/unit/dispatch_test.c tests/unit/dispatch_rig.h tests/unit/unit.h
tests_unit_dispatch_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_dispatch_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_dispatch_test_LDADD = $(DISPATCH_LIBS) $(CHECK_LIBS)
check_PROGRAMS += tests/unit/bound_test
TESTS += tests/unit/bound_test
tests_unit_bound_test_SOURCES = tests/unit/bound_test.c tests/unit/unit.h
tests_unit_bound_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_bound_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_bound_test_LDADD = $(DISPATCH_LIBS) $(CHECK_LIBS)
check_PROGRAMS += tests/unit/emit_test
TESTS += tests/unit/emit_test
tests_unit_emit_test_SOURCES = tests/unit/emit_test.c tests/unit/unit.h
tests_unit_emit_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_emit_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_emit_test_LDADD = $(DISPATCH_LIBS) $(CHECK_LIBS)
tests_unit_dispatch_model_test_SOURCES = tests/unit/dispatch_model_test.c tests/unit/unit.h
tests_unit_dispatch_model_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_dispatch_model_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_dispatch_model_test_LDADD = $(DISPATCH_LIBS) $(CHECK_LIBS)
tests_unit_gaps_test_SOURCES = tests/unit/gaps_test.c tests/unit/unit.h
tests_unit_gaps_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_gaps_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_gaps_test_LDADD = $(DISPATCH_LIBS) $(CHECK_LIBS)
tests_unit_rebuild_test_SOURCES = tests/unit/rebuild_test.c tests/unit/replay_rig.h tests/unit/unit.h
tests_unit_rebuild_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_rebuild_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_rebuild_test_LDADD = $(DISPATCH_LIBS) $(CHECK_LIBS)
tests_unit_replay_test_SOURCES = tests/unit/replay_test.c tests/unit/replay_rig.h tests/unit/unit.h
tests_unit_replay_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_replay_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_replay_test_LDADD = $(DISPATCH_LIBS) $(CHECK_LIBS)
tests_unit_runners_test_SOURCES = tests/unit/runners_test.c tests/unit/unit.h
tests_unit_runners_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_runners_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_runners_test_LDADD = $(DISPATCH_LIBS) $(CHECK_LIBS)
tests_unit_circuit_test_SOURCES = tests/unit/circuit_test.c tests/unit/dispatch_rig.h tests/unit/unit.h
tests_unit_circuit_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_circuit_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_circuit_test_LDADD = $(DISPATCH_LIBS) $(CHECK_LIBS)
tests_unit_operator_test_SOURCES = tests/unit/operator_test.c tests/unit/dispatch_rig.h tests/unit/unit.h
tests_unit_operator_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_operator_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_operator_test_LDADD = $(DISPATCH_LIBS) $(CHECK_LIBS)

check_PROGRAMS += tests/unit/rebuild_test tests/unit/replay_test
TESTS += tests/unit/rebuild_test tests/unit/replay_test
check_PROGRAMS += tests/unit/jump_test
TESTS += tests/unit/jump_test
tests_unit_jump_test_SOURCES = tests/unit/jump_test.c tests/unit/unit.h
tests_unit_jump_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_jump_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_jump_test_LDADD = $(DISPATCH_LIBS) $(CHECK_LIBS)
endif
