# SPDX-License-Identifier: EUPL-1.2
# The bundled handlers, built exactly as a stranger's: the public header and nothing else.
HANDLER_CPPFLAGS = -D_GNU_SOURCE -I$(srcdir)/include
HANDLER_CFLAGS = $(AM_CFLAGS)
HANDLER_LDFLAGS = -module -avoid-version -shared $(HANDLER_DEFS)

pkghandler_LTLIBRARIES += handlers/log.la handlers/null.la
handlers_log_la_SOURCES = handlers/log.c
handlers_log_la_CPPFLAGS = $(HANDLER_CPPFLAGS)
handlers_log_la_CFLAGS = $(HANDLER_CFLAGS)
handlers_log_la_LDFLAGS = $(HANDLER_LDFLAGS)
handlers_null_la_SOURCES = handlers/null.c
handlers_null_la_CPPFLAGS = $(HANDLER_CPPFLAGS)
handlers_null_la_CFLAGS = $(HANDLER_CFLAGS)
handlers_null_la_LDFLAGS = $(HANDLER_LDFLAGS)

# What authors of handlers get.
dist_aclocal_DATA = m4/postvak.m4
dist_man_MANS += doc/man/postvak-handler.3
TESTS += tests/lint/handler-build.sh tests/lint/handler-man.sh
EXTRA_DIST += tests/lint/handler-build.sh tests/lint/handler-man.sh \
	examples/handlers/zaakstatus/Makefile.am \
	examples/handlers/zaakstatus/README \
	examples/handlers/zaakstatus/configure.ac \
	examples/handlers/zaakstatus/zaakstatus.c \
	examples/handlers/zaakverloop/Makefile.am \
	examples/handlers/zaakverloop/README \
	examples/handlers/zaakverloop/configure.ac \
	examples/handlers/zaakverloop/zaakverloop.c

include tests/handlers/local.mk
