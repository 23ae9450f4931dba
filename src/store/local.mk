# SPDX-License-Identifier: EUPL-1.2
noinst_LIBRARIES += libstore.a
libstore_a_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS)
libstore_a_SOURCES = \
	src/store/store.c src/store/store.h src/store/store_ops.h \
	src/store/store_done.c \
	src/store/store_memory.c src/store/store_memory.h src/store/store_memory_desk.c \
	src/store/store_memory_gaps.c \
	src/store/store_memory_keep.c \
	src/store/store_memory_handshake.c \
	src/store/journal.c src/store/journal.h \
	src/store/journal_file.c src/store/journal_file.h \
	src/store/journal_io.c src/store/journal_io.h \
	src/store/journal_read.c \
	src/store/journal_spare.c \
	src/store/store_sqlite.c src/store/store_sqlite.h \
	src/store/store_sqlite_checkpoint.c \
	src/store/store_sqlite_collect.c \
	src/store/store_sqlite_convert.c \
	src/store/store_sqlite_backup.c \
	src/store/store_sqlite_desk.c \
	src/store/store_sqlite_erase.c \
	src/store/store_sqlite_fail.c \
	src/store/store_sqlite_file.c \
	src/store/store_sqlite_gaps.c \
	src/store/store_sqlite_keep.c \
	src/store/store_sqlite_handshake.c \
	src/store/store_sqlite_history.c \
	src/store/store_sqlite_house.c \
	src/store/store_sqlite_log.c \
	src/store/store_sqlite_part.c \
	src/store/store_sqlite_query.c \
	src/store/store_sqlite_request.c \
	src/store/store_sqlite_schema.c \
	src/store/store_sqlite_seen.c src/store/store_sqlite_seen.h \
	src/store/store_sqlite_scrub.c \
	src/store/store_sqlite_sort.c \
	src/store/store_sqlite_walk.c \
	src/store/store_sqlite_write.c \
	src/store/store_sqlite_young.c

if HAVE_CHECK
check_PROGRAMS += tests/contract/store_contract
TESTS += tests/contract/store_contract
tests_contract_store_contract_SOURCES = tests/contract/store_contract.c tests/unit/unit.h
tests_contract_store_contract_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_contract_store_contract_CFLAGS = $(UNIT_CFLAGS)
tests_contract_store_contract_LDADD = libstore.a libpvevent.a libbase.a \
	$(SQLITE_LIBS) $(CRYPTO_LIBS) $(CHECK_LIBS)

check_PROGRAMS += tests/unit/journal_test
TESTS += tests/unit/journal_test
tests_unit_journal_test_SOURCES = tests/unit/journal_test.c tests/unit/unit.h
tests_unit_journal_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_journal_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_journal_test_LDADD = libstore.a libpvevent.a libbase.a \
	$(SQLITE_LIBS) $(CRYPTO_LIBS) $(CHECK_LIBS) -lpthread

check_PROGRAMS += tests/unit/seen_test
TESTS += tests/unit/seen_test
tests_unit_seen_test_SOURCES = tests/unit/seen_test.c tests/unit/unit.h
tests_unit_seen_test_CPPFLAGS = $(UNIT_CPPFLAGS) $(SQLITE_CFLAGS)
tests_unit_seen_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_seen_test_LDADD = libstore.a libpvevent.a libbase.a \
	$(SQLITE_LIBS) $(CRYPTO_LIBS) $(CHECK_LIBS)
check_PROGRAMS += tests/contract/erase_contract
TESTS += tests/contract/erase_contract
tests_contract_erase_contract_SOURCES = tests/contract/erase_contract.c tests/unit/unit.h
tests_contract_erase_contract_CPPFLAGS = $(UNIT_CPPFLAGS) $(SQLITE_CFLAGS)
tests_contract_erase_contract_CFLAGS = $(UNIT_CFLAGS)
tests_contract_erase_contract_LDADD = $(tests_contract_store_contract_LDADD)

check_PROGRAMS += tests/unit/store_sqlite_test
TESTS += tests/unit/store_sqlite_test
tests_unit_store_sqlite_test_SOURCES = tests/unit/store_sqlite_test.c tests/unit/unit.h
tests_unit_store_sqlite_test_CPPFLAGS = $(UNIT_CPPFLAGS) $(SQLITE_CFLAGS)
tests_unit_store_sqlite_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_store_sqlite_test_LDADD = libstore.a libpvevent.a libbase.a \
	$(SQLITE_LIBS) $(CRYPTO_LIBS) $(CHECK_LIBS) -lpthread

check_PROGRAMS += tests/unit/checkpoint_test
TESTS += tests/unit/checkpoint_test
tests_unit_checkpoint_test_SOURCES = tests/unit/checkpoint_test.c tests/unit/unit.h
tests_unit_checkpoint_test_CPPFLAGS = $(UNIT_CPPFLAGS) $(SQLITE_CFLAGS)
tests_unit_checkpoint_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_checkpoint_test_LDADD = $(tests_unit_store_sqlite_test_LDADD)
endif
