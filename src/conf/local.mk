# SPDX-License-Identifier: EUPL-1.2
noinst_LIBRARIES += libconf.a
libconf_a_SOURCES = \
	src/conf/check.c \
	src/conf/check_trust.c \
	src/conf/conf.h \
	src/conf/dirs.c \
	src/conf/file.c src/conf/file.h \
	src/conf/load.c \
	src/conf/mdoc.c \
	src/conf/pack.c \
	src/conf/print.c \
	src/conf/probe.c src/conf/probe.h \
	src/conf/problem.c \
	src/conf/resolve.c \
	src/conf/secrets.c \
	src/conf/section.c \
	src/conf/settings.c src/conf/settings.h \
	src/conf/value.c src/conf/value.h \
	src/conf/value_print.c
libconf_a_CPPFLAGS = $(AM_CPPFLAGS) $(INIH_CFLAGS)
libconf_a_CFLAGS = $(AM_CFLAGS)
# What a program that uses libconf.a is linked with, in this order.
CONF_LDADD = libconf.a libpvevent.a libbase.a $(INIH_LIBS) $(CRYPTO_LIBS)

if HAVE_CHECK
check_PROGRAMS += tests/unit/conf_test tests/unit/conf_trust_test tests/unit/conf_runner
TESTS += tests/unit/conf_test tests/unit/conf_trust_test
tests_unit_conf_test_SOURCES = tests/unit/conf_test.c tests/unit/unit.h
tests_unit_conf_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_conf_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_conf_test_LDADD = $(CONF_LDADD) $(CHECK_LIBS)
tests_unit_conf_trust_test_SOURCES = tests/unit/conf_trust_test.c tests/unit/unit.h
tests_unit_conf_trust_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_conf_trust_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_conf_trust_test_LDADD = $(CONF_LDADD) $(CHECK_LIBS)
tests_unit_conf_runner_SOURCES = tests/unit/conf_runner.c
tests_unit_conf_runner_LDADD = libpvevent.a libbase.a $(CRYPTO_LIBS)
endif

# postvak.conf(5): the text of postvak.conf.5.in with the settings of the table in it.
noinst_PROGRAMS += src/conf/conf-mdoc
src_conf_conf_mdoc_SOURCES = src/conf/mdoc_main.c
src_conf_conf_mdoc_LDADD = $(CONF_LDADD)
man_MANS += doc/man/postvak.conf.5
EXTRA_DIST += doc/man/postvak.conf.5.in tests/lint/conf-man.sh
CLEANFILES += doc/man/postvak.conf.5 doc/man/postvak.conf.5.tmp doc/man/postvak.conf.5.new
doc/man/postvak.conf.5: doc/man/postvak.conf.5.in src/conf/conf-mdoc$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) doc/man && \
	src/conf/conf-mdoc$(EXEEXT) > $@.tmp && \
	$(SED) -e '/^@SETTINGS@$$/{' -e 'r $@.tmp' -e 'd' -e '}' \
		-e 's|@SYSCONFDIR''@|$(sysconfdir)|g' -e 's|@HANDLERDIR''@|$(handlerdir)|g' \
		$(srcdir)/doc/man/postvak.conf.5.in > $@.new && \
	mv $@.new $@ && rm -f $@.tmp
TESTS += tests/lint/conf-man.sh
