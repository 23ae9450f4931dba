/* SPDX-License-Identifier: EUPL-1.2
 * The store on SQLite: log.db and desk.db in one directory, each with a lock of its own. */
#include "config.h"
#include "store/store_sqlite.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"

static void close_store(struct store *store)
{
	struct sqlite_store *s = sqlite_of(store);

	journal_close(&s->journal);
	part_close(&s->log);
	part_close(&s->desk);
	seen_unload(&s->seen);
	free(s->spec);
	free(s->group);
	free(s);
}

static const struct store_ops ops = {
	.close = close_store,
	.append = log_append, .reject = log_reject, .rejected = log_rejected,
	.handshake_ask = log_handshake_ask, .handshake = log_handshake, .handshake_settle = log_handshake_settle,
	.handshakes = log_handshakes,
	.last = log_last, .first = log_first, .number_at = log_number_at, .cards = log_cards, .event = log_event,
	.sort = desk_sort, .sorted = desk_sorted, .known = desk_known, .duplicates_of = desk_duplicates_of,
	.begin = desk_begin, .commit = desk_commit, .rollback = desk_rollback,
	.bookmark_put = desk_bookmark_put, .bookmark_drop = desk_bookmark_drop, .bookmarks = desk_bookmarks,
	.parked_put = desk_parked_put, .parked_drop = desk_parked_drop, .parked = desk_parked,
	.history_add = desk_history_add, .history_done = desk_history_done, .history = desk_history,
	.state_put = desk_state_put, .state = desk_state, .states = desk_states, .state_drop = desk_state_drop,
	.emit = desk_emit, .outbox_copy = desk_outbox_copy,
	.pause_put = desk_pause_put, .pause_drop = desk_pause_drop, .pauses = desk_pauses,
	.replay_put = desk_replay_put, .replay_drop = desk_replay_drop, .replays = desk_replays,
	.request_ask = desk_request_ask, .request = desk_request, .request_next = desk_request_next,
	.request_answer = desk_request_answer, .requests = desk_requests,
	.sequence = desk_sequence, .sequence_put = desk_sequence_put, .gap_add = desk_gap_add, .gaps = desk_gaps,
	.sequenced = desk_sequenced, .sequenced_put = desk_sequenced_put, .forget_sequences = desk_forget_sequences,
	.stats = house_stats, .checkpoint = house_checkpoint, .prepare = house_prepare, .prune = house_prune, .sweep = seen_sweep,
	.expire_dead = house_expire_dead, .erase = house_erase, .wipe = house_wipe, .scrub = house_scrub, .backup = house_backup,
};

int store_sqlite_open(const struct store_setup *setup, unsigned parts, struct store **out, struct err *err)
{
	const char *dir = setup->spec + strlen("sqlite:");
	struct sqlite_store *s;

	if (*dir != '/')
		return err_set(err, "store = %s: the directory must be an absolute path here", setup->spec);
	store_fail_install();
	s = mem_alloc(sizeof *s);
	s->store.ops = &ops;
	s->spec = str_dup(setup->spec);
	s->group = str_dup(setup->group);
	s->disk_reserve = setup->disk_reserve;
	s->log.name = part_log.name;
	s->desk.name = part_desk.name;
	if ((parts & STORE_LOG && part_open(&s->log, &part_log, dir, setup, err) < 0) ||
	    (parts & STORE_LOG && !setup->read_only && journal_open(&s->journal, dir, setup->group, err) < 0) ||
	    (parts & STORE_DESK && part_open(&s->desk, &part_desk, dir, setup, err) < 0)) {
		close_store(&s->store);
		return -1;
	}
	*out = &s->store;
	return 0;
}
