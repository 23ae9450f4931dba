# SPDX-License-Identifier: EUPL-1.2
noinst_LIBRARIES += libdispatch.a
libdispatch_a_SOURCES = \
	src/dispatch/cursor.c src/dispatch/inner.h \
	src/dispatch/engine.c src/dispatch/engine.h \
	src/dispatch/house.c src/dispatch/house.h \
	src/dispatch/lanes.c \
	src/dispatch/loop.c src/dispatch/loop.h \
	src/dispatch/outcome.c \
	src/dispatch/quarantine.c src/dispatch/asked.h \
	src/dispatch/request.c src/dispatch/request.h \
	src/dispatch/runner.c src/dispatch/runner.h \
	src/dispatch/runners.c src/dispatch/runners.h \
	src/dispatch/settle.c \
	src/dispatch/sort.c src/dispatch/sort.h \
	src/dispatch/start.c
