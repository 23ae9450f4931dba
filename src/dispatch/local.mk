# SPDX-License-Identifier: EUPL-1.2
noinst_LIBRARIES += libdispatch.a
libdispatch_a_SOURCES = \
	src/dispatch/cursor.c src/dispatch/inner.h \
	src/dispatch/engine.c src/dispatch/engine.h \
	src/dispatch/lanes.c \
	src/dispatch/outcome.c \
	src/dispatch/settle.c \
	src/dispatch/start.c
