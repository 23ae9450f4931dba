# SPDX-License-Identifier: EUPL-1.2
noinst_LIBRARIES += libcli.a
libcli_a_SOURCES = \
	src/cli/answer.c src/cli/answer.h \
	src/cli/ask.c src/cli/ask.h \
	src/cli/backup.c \
	src/cli/audit.c \
	src/cli/call.c \
	src/cli/callback.c src/cli/callback.h \
	src/cli/change.c \
	src/cli/check.c \
	src/cli/command.h \
	src/cli/commands.c \
	src/cli/conf.c \
	src/cli/credential.c src/cli/credential.h \
	src/cli/dead.c \
	src/cli/drain.c \
	src/cli/draft.c src/cli/draft.h \
	src/cli/erase.c src/cli/erase.h \
	src/cli/erase_find.c \
	src/cli/event_show.c \
	src/cli/events.c src/cli/events.h \
	src/cli/example.c src/cli/example.h \
	src/cli/gaps.c \
	src/cli/greet.c src/cli/greet.h \
	src/cli/handshakes.c \
	src/cli/help.c \
	src/cli/jot.c src/cli/jot.h \
	src/cli/keys.c \
	src/cli/keys_view.c src/cli/keys_view.h \
	src/cli/jwt.c src/cli/jwt.h \
	src/cli/material.c src/cli/material.h \
	src/cli/pick.c src/cli/pick.h \
	src/cli/plain.c src/cli/plain.h \
	src/cli/progress.c src/cli/progress.h \
	src/cli/rejected.c \
	src/cli/rewind.c src/cli/rewind.h \
	src/cli/send.c src/cli/send.h \
	src/cli/send_line.c \
	src/cli/send_recipe.c \
	src/cli/sender.c src/cli/sender.h \
	src/cli/serve.c \
	src/cli/sign.c \
	src/cli/spelled.c src/cli/spelled.h \
	src/cli/site.c src/cli/site.h \
	src/cli/status.c src/cli/status.h \
	src/cli/status_write.c \
	src/cli/table.c src/cli/table.h \
	src/cli/token.c \
	src/cli/version.c \
	src/cli/view.c src/cli/view.h \
	src/cli/when.c src/cli/when.h

bin_PROGRAMS += postvak
postvak_SOURCES = src/cli/main.c
CLI_LIBS = libcli.a libboss.a libdispatch.a libkeys.a libstore.a libtrust.a libnet.a libconf.a libpvevent.a libbase.a \
	$(SQLITE_LIBS) $(CRYPTO_LIBS) $(INIH_LIBS) $(CURL_LIBS)
postvak_LDADD = $(CLI_LIBS)

man_MANS += doc/man/postvak.1
EXTRA_DIST += doc/man/postvak.1.in
CLEANFILES += doc/man/postvak.1
doc/man/postvak.1: doc/man/postvak.1.in
	$(AM_V_GEN)$(MKDIR_P) doc/man && \
	$(SED) -e 's|@SYSCONFDIR''@|$(sysconfdir)|g' -e 's|@LOCALSTATEDIR''@|$(localstatedir)|g' \
		$(srcdir)/doc/man/postvak.1.in > $@.tmp && mv $@.tmp $@

CLI_CHECKS = tests/lint/cli-usage.sh tests/lint/cli-manual.sh
TESTS += $(CLI_CHECKS)
EXTRA_DIST += $(CLI_CHECKS)

if HAVE_CHECK
check_PROGRAMS += tests/unit/cli_test tests/unit/command_test tests/unit/send_test tests/unit/examples_test
TESTS += tests/unit/cli_test tests/unit/command_test tests/unit/send_test tests/unit/examples_test
tests_unit_cli_test_SOURCES = tests/unit/cli_test.c tests/unit/unit.h
tests_unit_cli_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_cli_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_cli_test_LDADD = $(CLI_LIBS) $(CHECK_LIBS)
tests_unit_command_test_SOURCES = tests/unit/command_test.c tests/unit/unit.h
tests_unit_command_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_command_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_command_test_LDADD = $(CLI_LIBS) $(CHECK_LIBS)
tests_unit_send_test_SOURCES = tests/unit/send_test.c tests/unit/unit.h tests/unit/keys.h
tests_unit_send_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_send_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_send_test_LDADD = $(CLI_LIBS) $(CHECK_LIBS)
tests_unit_examples_test_SOURCES = tests/unit/examples_test.c tests/unit/unit.h tests/unit/keys.h
tests_unit_examples_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_examples_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_examples_test_LDADD = libtrust.a libconf.a libpvevent.a libbase.a $(INIH_LIBS) $(CRYPTO_LIBS) $(CHECK_LIBS)
endif
