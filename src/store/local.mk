# SPDX-License-Identifier: EUPL-1.2
noinst_LIBRARIES += libstore.a
libstore_a_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS)
libstore_a_SOURCES = \
	src/store/store.c src/store/store.h src/store/store_ops.h \
	src/store/store_done.c \
	src/store/store_memory.c src/store/store_memory.h src/store/store_memory_desk.c \
	src/store/store_sqlite.c src/store/store_sqlite.h \
	src/store/store_sqlite_desk.c \
	src/store/store_sqlite_history.c \
	src/store/store_sqlite_house.c \
	src/store/store_sqlite_log.c \
	src/store/store_sqlite_part.c \
	src/store/store_sqlite_query.c \
	src/store/store_sqlite_request.c \
	src/store/store_sqlite_schema.c \
	src/store/store_sqlite_sort.c \
	src/store/store_sqlite_write.c
