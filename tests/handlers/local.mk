# SPDX-License-Identifier: EUPL-1.2
# Handlers for tests: built like any other, shared (-rpath), not installed.
TEST_HANDLER_LDFLAGS = $(HANDLER_LDFLAGS) -rpath /nowhere

check_LTLIBRARIES += tests/handlers/testhandler.la
tests_handlers_testhandler_la_SOURCES = tests/handlers/testhandler.c tests/handlers/misbehave.c tests/handlers/misbehave.h
tests_handlers_testhandler_la_CPPFLAGS = $(HANDLER_CPPFLAGS)
tests_handlers_testhandler_la_CFLAGS = $(HANDLER_CFLAGS)
tests_handlers_testhandler_la_LDFLAGS = $(TEST_HANDLER_LDFLAGS)

check_LTLIBRARIES += tests/handlers/statehandler.la
tests_handlers_statehandler_la_SOURCES = $(tests_handlers_testhandler_la_SOURCES)
tests_handlers_statehandler_la_CPPFLAGS = $(HANDLER_CPPFLAGS) -DUSES_STATE=1
tests_handlers_statehandler_la_CFLAGS = $(HANDLER_CFLAGS)
tests_handlers_statehandler_la_LDFLAGS = $(TEST_HANDLER_LDFLAGS)

# The example that keeps a state, to be tested.
check_LTLIBRARIES += tests/handlers/zaakverloop.la
tests_handlers_zaakverloop_la_SOURCES = examples/handlers/zaakverloop/zaakverloop.c
tests_handlers_zaakverloop_la_CPPFLAGS = $(HANDLER_CPPFLAGS)
tests_handlers_zaakverloop_la_CFLAGS = $(HANDLER_CFLAGS)
tests_handlers_zaakverloop_la_LDFLAGS = $(TEST_HANDLER_LDFLAGS)

check_LTLIBRARIES += tests/handlers/bad1.la
tests_handlers_bad1_la_SOURCES = tests/handlers/bad.c
tests_handlers_bad1_la_CPPFLAGS = $(HANDLER_CPPFLAGS) -DBAD=1
tests_handlers_bad1_la_CFLAGS = $(HANDLER_CFLAGS)
tests_handlers_bad1_la_LDFLAGS = $(TEST_HANDLER_LDFLAGS)

check_LTLIBRARIES += tests/handlers/bad2.la
tests_handlers_bad2_la_SOURCES = tests/handlers/bad.c
tests_handlers_bad2_la_CPPFLAGS = $(HANDLER_CPPFLAGS) -DBAD=2
tests_handlers_bad2_la_CFLAGS = $(HANDLER_CFLAGS)
tests_handlers_bad2_la_LDFLAGS = $(TEST_HANDLER_LDFLAGS)

check_LTLIBRARIES += tests/handlers/bad3.la
tests_handlers_bad3_la_SOURCES = tests/handlers/bad.c
tests_handlers_bad3_la_CPPFLAGS = $(HANDLER_CPPFLAGS) -DBAD=3
tests_handlers_bad3_la_CFLAGS = $(HANDLER_CFLAGS)
tests_handlers_bad3_la_LDFLAGS = $(TEST_HANDLER_LDFLAGS)

check_LTLIBRARIES += tests/handlers/bad4.la
tests_handlers_bad4_la_SOURCES = tests/handlers/bad.c
tests_handlers_bad4_la_CPPFLAGS = $(HANDLER_CPPFLAGS) -DBAD=4
tests_handlers_bad4_la_CFLAGS = $(HANDLER_CFLAGS)
tests_handlers_bad4_la_LDFLAGS = $(TEST_HANDLER_LDFLAGS)

check_LTLIBRARIES += tests/handlers/bad5.la
tests_handlers_bad5_la_SOURCES = tests/handlers/bad.c
tests_handlers_bad5_la_CPPFLAGS = $(HANDLER_CPPFLAGS) -DBAD=5
tests_handlers_bad5_la_CFLAGS = $(HANDLER_CFLAGS)
tests_handlers_bad5_la_LDFLAGS = $(TEST_HANDLER_LDFLAGS)

check_LTLIBRARIES += tests/handlers/bad6.la
tests_handlers_bad6_la_SOURCES = tests/handlers/bad.c
tests_handlers_bad6_la_CPPFLAGS = $(HANDLER_CPPFLAGS) -DBAD=6
tests_handlers_bad6_la_CFLAGS = $(HANDLER_CFLAGS)
tests_handlers_bad6_la_LDFLAGS = $(TEST_HANDLER_LDFLAGS)

check_LTLIBRARIES += tests/handlers/bad7.la
tests_handlers_bad7_la_SOURCES = tests/handlers/bad.c
tests_handlers_bad7_la_CPPFLAGS = $(HANDLER_CPPFLAGS) -DBAD=7
tests_handlers_bad7_la_CFLAGS = $(HANDLER_CFLAGS)
tests_handlers_bad7_la_LDFLAGS = $(TEST_HANDLER_LDFLAGS)

check_LTLIBRARIES += tests/handlers/bad8.la
tests_handlers_bad8_la_SOURCES = tests/handlers/bad.c
tests_handlers_bad8_la_CPPFLAGS = $(HANDLER_CPPFLAGS) -DBAD=8
tests_handlers_bad8_la_CFLAGS = $(HANDLER_CFLAGS)
tests_handlers_bad8_la_LDFLAGS = $(TEST_HANDLER_LDFLAGS)

check_LTLIBRARIES += tests/handlers/bad9.la
tests_handlers_bad9_la_SOURCES = tests/handlers/bad.c
tests_handlers_bad9_la_CPPFLAGS = $(HANDLER_CPPFLAGS) -DBAD=9
tests_handlers_bad9_la_CFLAGS = $(HANDLER_CFLAGS)
tests_handlers_bad9_la_LDFLAGS = $(TEST_HANDLER_LDFLAGS)

check_LTLIBRARIES += tests/handlers/bad10.la
tests_handlers_bad10_la_SOURCES = tests/handlers/bad.c
tests_handlers_bad10_la_CPPFLAGS = $(HANDLER_CPPFLAGS) -DBAD=10
tests_handlers_bad10_la_CFLAGS = $(HANDLER_CFLAGS)
tests_handlers_bad10_la_LDFLAGS = $(TEST_HANDLER_LDFLAGS)

check_LTLIBRARIES += tests/handlers/bad11.la
tests_handlers_bad11_la_SOURCES = tests/handlers/bad.c
tests_handlers_bad11_la_CPPFLAGS = $(HANDLER_CPPFLAGS) -DBAD=11
tests_handlers_bad11_la_CFLAGS = $(HANDLER_CFLAGS)
tests_handlers_bad11_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere

check_LTLIBRARIES += tests/handlers/bad12.la
tests_handlers_bad12_la_SOURCES = tests/handlers/bad.c
tests_handlers_bad12_la_CPPFLAGS = $(HANDLER_CPPFLAGS) -DBAD=12
tests_handlers_bad12_la_CFLAGS = $(HANDLER_CFLAGS)
tests_handlers_bad12_la_LDFLAGS = $(TEST_HANDLER_LDFLAGS)
