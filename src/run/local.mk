# SPDX-License-Identifier: EUPL-1.2
pkglibexec_PROGRAMS += postvak-runner
postvak_runner_SOURCES = \
	src/run/host.c src/run/host.h \
	src/run/limits.c src/run/limits.h \
	src/run/loader.c src/run/loader.h \
	src/run/main.c \
	src/run/options.c src/run/options.h \
	src/run/ways.c src/run/ways.h
postvak_runner_LDADD = libpvevent.a libbase.a $(DL_LIBS)

if HAVE_CHECK
check_PROGRAMS += tests/unit/run_test tests/unit/handlers_test
TESTS += tests/unit/run_test tests/unit/handlers_test
RUN_RIG = tests/unit/run_rig.c tests/unit/run_rig.h tests/unit/unit.h
tests_unit_run_test_SOURCES = tests/unit/run_test.c $(RUN_RIG)
tests_unit_run_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_run_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_run_test_LDADD = libpvevent.a libbase.a $(CHECK_LIBS)
check_PROGRAMS += tests/unit/run_state_test
TESTS += tests/unit/run_state_test
tests_unit_run_state_test_SOURCES = tests/unit/run_state_test.c $(RUN_RIG)
tests_unit_run_state_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_run_state_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_run_state_test_LDADD = libpvevent.a libbase.a $(CHECK_LIBS)
check_PROGRAMS += tests/unit/zaakverloop_test
TESTS += tests/unit/zaakverloop_test
tests_unit_zaakverloop_test_SOURCES = tests/unit/zaakverloop_test.c $(RUN_RIG)
tests_unit_zaakverloop_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_zaakverloop_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_zaakverloop_test_LDADD = libpvevent.a libbase.a $(CHECK_LIBS)
tests_unit_handlers_test_SOURCES = tests/unit/handlers_test.c $(RUN_RIG)
tests_unit_handlers_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_handlers_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_handlers_test_LDADD = libpvevent.a libbase.a $(CHECK_LIBS)
endif
