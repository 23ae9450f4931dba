# SPDX-License-Identifier: EUPL-1.2
AM_TESTS_ENVIRONMENT = srcdir='$(srcdir)'; export srcdir; NM='$(NM)'; export NM; CFLAGS='$(CFLAGS)'; export CFLAGS; CC='$(CC)'; export CC;
LINT_TESTS = tests/lint/constant-time.sh tests/lint/floors.sh tests/lint/symbols.sh tests/lint/man.sh tests/lint/requirements.sh
TESTS += $(LINT_TESTS)
EXTRA_DIST += doc/design .ci/run
EXTRA_DIST += $(LINT_TESTS) tests/unit/requirements.txt tests/unit/unit.h tests/run.sh tests/clean-root.sh
EXTRA_DIST += tests/conformance/run.py tests/conformance/cases.py tests/conformance/judge.py
EXTRA_DIST += tests/story/arrival_story.py tests/story/attack_story.py tests/story/chosen_build.py \
	tests/story/clock_story.py tests/story/command_story.py tests/story/crash_story.py tests/story/delivery_story.py \
	tests/story/disk_story.py tests/story/erase_story.py tests/story/exhaustion_story.py tests/story/fcgi.py \
	tests/story/handshake_story.py tests/story/hosting_story.py tests/story/idempotency_story.py \
	tests/story/introspection_story.py tests/story/issuer.py tests/story/issuers_story.py tests/story/keys_story.py \
	tests/story/misbehaviour_story.py tests/story/operator_story.py tests/story/postvak_site.py \
	tests/story/receiver_story.py tests/story/replay_story.py tests/story/rotation_story.py tests/story/run.py \
	tests/story/sdk_sender.js tests/story/sdk_story.py tests/story/sequence_story.py tests/story/sign_story.py \
	tests/story/signature_story.py tests/story/signers.py tests/story/state_story.py tests/story/store_story.py \
	tests/story/supervision_story.py tests/story/tls_story.py tests/story/token_story.py tests/story/trust_site.py \
	tests/story/trust_story.py tests/story/webhook_story.py
EXTRA_DIST += examples/packages.sh examples/quickstart.sh examples/notifications/1-probe.json \
	examples/notifications/2-zaak-create.json examples/notifications/3-status-create.json \
	examples/notifications/4-empty-kenmerk.json examples/notifications/5-object-update.json \
	examples/notifications/6-partij-partial-update.json examples/notifications/7-no-offset.json README.md

# The handlers that the stories load
story-handlers: $(check_LTLIBRARIES)
.PHONY: story-handlers

# Programs of the benchmarks, built when they are asked for. prune says how long keeping house holds the locks, append what
# a commit of the log costs: make tests/bench/prune && tests/bench/prune
EXTRA_PROGRAMS = tests/bench/load tests/bench/plain_fcgi tests/bench/event_fcgi tests/bench/parse tests/bench/identities \
	tests/bench/prune tests/bench/append
BENCH_STORE_LIBS = libstore.a libpvevent.a libbase.a $(SQLITE_LIBS) $(CRYPTO_LIBS)
tests_bench_plain_fcgi_SOURCES = tests/bench/plain_fcgi.c
tests_bench_plain_fcgi_CPPFLAGS = $(FCGI_CFLAGS)
tests_bench_plain_fcgi_CFLAGS = $(AM_CFLAGS) -pthread
tests_bench_plain_fcgi_LDADD = $(FCGI_LIBS) -lpthread
tests_bench_event_fcgi_SOURCES = tests/bench/event_fcgi.c
tests_bench_event_fcgi_CPPFLAGS = $(AM_CPPFLAGS) $(FCGI_CFLAGS)
tests_bench_event_fcgi_CFLAGS = $(AM_CFLAGS) -pthread
tests_bench_event_fcgi_LDADD = $(FCGI_LIBS) -lpthread
tests_bench_load_SOURCES = tests/bench/load.c tests/bench/load_answer.c tests/bench/load_answer.h \
	tests/bench/load_request.c tests/bench/load_request.h
tests_bench_load_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/bench
tests_bench_load_CFLAGS = $(AM_CFLAGS)
tests_bench_load_LDADD = libbase.a
tests_bench_parse_SOURCES = tests/bench/parse.c
tests_bench_parse_CPPFLAGS = $(AM_CPPFLAGS) $(JSONC_CFLAGS)
tests_bench_parse_CFLAGS = $(AM_CFLAGS)
tests_bench_parse_LDADD = $(RECEIVE_LDADD) $(JSONC_LIBS)
tests_bench_identities_SOURCES = tests/bench/identities.c
tests_bench_identities_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS)
tests_bench_identities_CFLAGS = $(AM_CFLAGS)
tests_bench_identities_LDADD = $(BENCH_STORE_LIBS)
tests_bench_prune_SOURCES = tests/bench/prune.c
tests_bench_prune_CPPFLAGS = $(AM_CPPFLAGS)
tests_bench_prune_CFLAGS = $(AM_CFLAGS) -pthread
tests_bench_prune_LDFLAGS = -Wl,--wrap=flock
tests_bench_prune_LDADD = $(BENCH_STORE_LIBS) -lpthread
tests_bench_append_SOURCES = tests/bench/append.c
tests_bench_append_CPPFLAGS = $(AM_CPPFLAGS)
tests_bench_append_CFLAGS = $(AM_CFLAGS) -pthread
tests_bench_append_LDADD = $(BENCH_STORE_LIBS) -lpthread
CLEANFILES += $(EXTRA_PROGRAMS)
EXTRA_DIST += tests/bench/arguments.sh tests/bench/bench.sh tests/bench/bench_site.py tests/bench/chart.py tests/bench/cost.py tests/bench/cost.sh \
	tests/bench/deliver.py tests/bench/deliver.sh tests/bench/fdatasync.py tests/bench/growth.py tests/bench/growth.sh \
	tests/bench/identities.sh tests/bench/instructions.py tests/bench/instructions.sh tests/bench/instructions.txt \
	tests/bench/parse.sh tests/bench/peers/check.sh tests/bench/peers/consumer/api.py tests/bench/peers/consumer/models.py \
	tests/bench/peers/consumer/settings.py tests/bench/peers/event.js tests/bench/peers/event.php tests/bench/peers/peers.sh \
	tests/bench/peers/schema.sql tests/bench/peers/store.sh tests/bench/processes.awk tests/bench/report.py \
	tests/bench/run.sh

if !HAVE_CHECK
check-local:
	@echo "The unit tests are left out: configure found no libcheck (package check)."
endif

# Fuzz targets, replayed from their corpora; tests/fuzz/run.sh fuzzes them.
check_PROGRAMS += tests/fuzz/replay
tests_fuzz_replay_SOURCES = tests/fuzz/replay.c tests/fuzz/targets.c tests/fuzz/targets.h \
	tests/fuzz/trust_targets.c tests/fuzz/httpsig_targets.c tests/fuzz/signature_targets.c
tests_fuzz_replay_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/fuzz
tests_fuzz_replay_CFLAGS = $(AM_CFLAGS)
tests_fuzz_replay_LDADD = libtrust.a $(CONF_LDADD)
TESTS += tests/fuzz/replay.sh
EXTRA_DIST += tests/fuzz/replay.sh tests/fuzz/run.sh tests/fuzz/fuzzer.c tests/fuzz/structured.dict tests/fuzz/batch.dict \
	tests/fuzz/json.dict tests/fuzz/nrc.dict \
	tests/fuzz/jwt.dict tests/fuzz/jwk.dict tests/fuzz/sfv.dict tests/fuzz/httpsig.dict tests/fuzz/signature.dict tests/fuzz/corpus

# The vectors of Wycheproof, from ../shared where that is there
check_PROGRAMS += tests/wycheproof/wycheproof
TESTS += tests/wycheproof/wycheproof
tests_wycheproof_wycheproof_SOURCES = tests/wycheproof/wycheproof.c
tests_wycheproof_wycheproof_CPPFLAGS = $(AM_CPPFLAGS)
tests_wycheproof_wycheproof_CFLAGS = $(AM_CFLAGS)
tests_wycheproof_wycheproof_LDADD = libtrust.a libpvevent.a libbase.a $(CRYPTO_LIBS)

# The model of delivery, searched completely
TESTS += tests/model/model.sh
EXTRA_DIST += tests/model/model.sh tests/model/delivery.pml

# The vectors of signatures and handshakes, from there as well
check_PROGRAMS += tests/vectors/vectors
TESTS += tests/vectors/vectors
tests_vectors_vectors_SOURCES = tests/vectors/vectors.c tests/vectors/vectors.h tests/vectors/handshakes.c
tests_vectors_vectors_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/vectors
tests_vectors_vectors_CFLAGS = $(AM_CFLAGS)
tests_vectors_vectors_LDADD = $(RECEIVE_LDADD)

# A power cut behind every write of a workload
check_PROGRAMS += tests/power/power_test
TESTS += tests/power/power_test
tests_power_power_test_SOURCES = tests/power/power_test.c tests/power/disk.c tests/power/go_on.c tests/power/look.c \
	tests/power/look.h tests/power/power.h tests/power/promises.c \
	tests/power/tape.c tests/power/tape_journal.c tests/power/tape.h tests/power/work.c tests/power/work.h
tests_power_power_test_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/power $(SQLITE_CFLAGS)
tests_power_power_test_CFLAGS = $(AM_CFLAGS)
tests_power_power_test_LDADD = libstore.a libpvevent.a libbase.a $(SQLITE_LIBS) $(CRYPTO_LIBS) -lpthread
