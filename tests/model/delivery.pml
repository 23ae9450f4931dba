/* SPDX-License-Identifier: EUPL-1.2
 * A model of delivery: what a receiver, the dispatcher, its runners and the disk do with a few events, in every
 * order, with crashes between any two steps. tests/model/model.sh searches all of it with spin.
 *
 * Bounds, which the search covers completely (model.sh gives their values):
 *   events	A twice and B (lane 0), C when SENDS_C (lane 1, or not wanted when UNWANTED), appended in any order; when A is
 *		finished it emits E (lane 1); what was not answered is sent again
 *   CRASHES	deaths of the receiver, the dispatcher, a runner that has begun nothing, or the power, counted together
 *   TROUBLES	outcomes that are not DONE: RETRY, a crash or deadline of the runner (one attempt each, of two), or the end
 *		as dead, with on_dead = pass or hold
 *   REQUESTS	an operator's `postvak retry` of something dead or held
 *   PRUNES	1: the first event may be removed from the log
 * There is one handler, with as many runners as lanes; the order of the dispatcher's steps is free, though the code
 * has one. Not in it: events without a lane, pipelines (give_back stands for what waits in one), rewinds, forgetting
 * identities, erasing, quarantine, failing writes, and a disk that loses what it says it synchronised.
 *
 * A step that is atomic here is one transaction of SQLite, or is seen by no other process. Two things keep the steps
 * of the code: each transaction commits whole or not, and commits of a file reach the disk in their order, so that a
 * power cut leaves what was committed up to some moment (world: the kernel writes). The log's commits are on the disk when they
 * return (store_sqlite_log.c: log_append, part_begin with full_sync); the desk's only when they are durable.
 *
 * Invariants, by the names that they have below:
 *   ACCOUNTED		what was acknowledged is finished in the end, or dead, or held (or stands behind what is held),
 *			or is the duplicate of such a one: asserted whenever nobody has anything left to do; that it comes
 *			to that is shown by the search for cycles, which finds none (pan -l)
 *   ONE_OF_EQUALS	of equal identities one is delivered: the first
 *   ONE_PER_LANE	no two runners run events of one lane
 *   IN_ORDER		no event begins before all earlier ones of its lane are finished or dead (a dead one that an operator
 *			had tried again excepted)
 *   BOOKMARK		a bookmark never passes what is not finished, a duplicate, not wanted or parked
 *   TOGETHER		a lane's state is that of exactly its finished events, after whatever crash
 *   EMITTED_ONCE	what was emitted is delivered once, and is what the run emitted that the state comes from
 *   SORT_REPEATS	sorting again what was sorted before gives the same
 * Each mutation (-DMUTATE_...) is a mistake that the code could make; model.sh shows that each is found.
 */
#ifndef CRASHES
#define CRASHES 1
#define TROUBLES 1
#define REQUESTS 0
#define PRUNES 1
#define SENDS_C 0
#endif

#define N 8			/* numbers in the log: never more are needed, which is asserted */
#define LANES 2

/* Identities */
#define A 1
#define B 2
#define C 3
#define E 4			/* derived from A's event (the outbox); F: what a mutation makes of it */
#define F 5
#define lane(id) ((id) >= C)
#ifdef UNWANTED
#define unwanted(n) (log[n] == C)
#else
#define unwanted(n) false
#endif

/* Sets of event numbers, 1 to N */
#define has(set, n) (((set) >> ((n) - 1)) & 1)
#define add(set, n) set = set | (1 << ((n) - 1))
#define del(set, n) set = set & ~(1 << ((n) - 1))

/* ---- the files ---- */

byte log[N + 1];		/* log.db: the identity of each number */
byte last;			/* the newest number */
byte pruned;			/* numbers that were removed */
byte texts;			/* of emitted events: which run's words they are */

typedef desk_file {		/* desk.db */
	byte sorted;		/* the bookmark of sorting */
	byte seen[F + 1];	/* the first number of an identity */
	byte duplicate;
	byte mark, done;	/* the handler's bookmark, and what is finished above it */
	byte parked, dead, held;	/* rows: waiting or behind; dead; held */
	byte tried;		/* parked rows with an attempt made */
	byte finished;		/* what history calls done */
	byte state[LANES];	/* how many events made it */
	bit words;		/* which run of A the state of lane 0 comes from */
	bit outbox;		/* E is to be copied to the log */
};
desk_file desk;			/* as committed: what survives the death of a process */
desk_file disk;			/* as synchronised: what survives a power cut; kept while one can come */
bit ahead;			/* the desk is ahead of the disk */

/* ---- memory ---- */

/* The sender and the receiver */
byte sends[C + 1];		/* how often it is still to be sent */
byte unanswered;		/* appended, not answered: its identity */
byte acknowledged;		/* set of identities */

/* The dispatcher (dispatch/inner.h) */
#define ABSENT 0
#define QUEUED 1		/* READY is: QUEUED and first in its lane */
#define RUNNING 2
#define WAITING 3
#define HELD 4
#define ENDED 5
bit up;				/* holds the lock */
byte reading;			/* cursor.read */
byte open, passed;		/* cursor.slots: not passed, and passed above the bookmark */
byte before;			/* handler.skip */
byte is[N + 1];			/* delivery.state */
byte row, dirty, lost, tried;	/* delivery.row, in engine.dirty, delivery.dead, delivery.attempts */
byte made[LANES];		/* the new state that came with a DONE that is not settled */
bit made_words;
byte ready[LANES];		/* handler.ready: the event of the lane whose turn it is, 0: none */
byte waiting[LANES];		/* the one that waits for its next attempt */
bit unsettled;			/* engine.unsettled, or a bookmark moved */
byte half;			/* between two transactions of one turn of the dispatcher: COPY, or what a mutation parts */
#define COPY 20

/* The runners */
#define DONE 1
#define RETRY 2			/* also a crash or a deadline, for which the event is charged */
#define DEAD 3			/* or another RETRY after the last attempt; on_dead = pass */
#define DEAD_HOLD 4		/* the same with on_dead = hold */
/* One of the lane runs, if any; which of the runners that is makes no difference. */
byte runs[LANES], told[LANES];	/* its event, 0: none; the state that came with it */
bit says[LANES];		/* the words that it emits */
byte orphans;			/* lanes in which a runner goes on whose dispatcher died */
bit words;			/* each run of A has other words than the one before */

/* What may still go wrong */
byte crashes = CRASHES, troubles = TROUBLES, requests = REQUESTS, prunes = PRUNES;

/* For the invariants alone */
byte was_first, was_duplicate;	/* what sorting said */
byte again;			/* tried again by an operator */

/* Not part of the state: used within a step */
hidden byte i, j, k, f, m, x;

/* ---- small things ---- */

inline find_mark()		/* cursor.c: cursor_mark, into m */
{
	m = reading;
	for (i : 1 .. N) {
		if
		:: has(open, i) && m >= i -> m = i - 1
		:: else
		fi
	}
}

inline trim()			/* cursor.c: cursor_pass: slots below the first that is open are gone */
{
	find_mark();
	passed = passed & ~((1 << m) - 1)
}

inline pass(n)
{
	if
	:: has(open, n) -> del(open, n); add(passed, n); trim()
	:: else
	fi
}

inline find_first(l)		/* lanes.c: first, into f; what runs stays first (delivery_enter_sorted) */
{
	f = 0;
	for (i : 1 .. N) {
		if
		:: is[i] == ABSENT || lane(log[i]) != l
#ifdef MUTATE_LANE_EARLY
		:: is[i] == ENDED
#endif
		:: else ->
			if
			:: f == 0 || is[i] == RUNNING || is[i] == ENDED -> f = i
			:: else
			fi
		fi
	}
}

inline park(n)			/* lanes.c: delivery_park */
{
	add(row, n);
	add(dirty, n);
	pass(n)
}

inline lane_park(l)
{
	for (j : 1 .. N) {
		if
		:: is[j] != ABSENT && is[j] != ENDED && lane(log[j]) == l && !has(row, j) -> park(j)
		:: else
		fi
	}
}

inline park_behind(l)
{
	find_first(l);
	if
	:: f && (is[f] == WAITING || is[f] == HELD) -> lane_park(l)
	:: else
	fi
}

inline keep(to, from)
{
	to.sorted = from.sorted;
#ifndef MUTATE_OWN_NUMBER	/* identities in a file of their own, which loses nothing */
	for (i : 1 .. F) {
		to.seen[i] = from.seen[i]
	}
#endif
	to.duplicate = from.duplicate;
	to.mark = from.mark;
	to.done = from.done;
	to.parked = from.parked;
	to.dead = from.dead;
	to.held = from.held;
	to.tried = from.tried;
	to.finished = from.finished;
	to.state[0] = from.state[0];
	to.state[1] = from.state[1];
	to.words = from.words;
	to.outbox = from.outbox
}

inline synchronise()		/* a durable commit (part_begin with full_sync) */
{
	if
	:: crashes -> keep(disk, desk); ahead = 0
	:: else
	fi;
	i = 0
}

inline committed()		/* a commit that is not waited for */
{
	ahead = (crashes > 0)
}

/* One more went wrong. After the last one the disk plays no part any more. */
inline went_wrong()
{
	crashes--;
	if
	:: crashes == 0 ->
		disk.sorted = 0;
		for (i : 1 .. F) {
			disk.seen[i] = 0
		}
		disk.duplicate = 0; disk.mark = 0; disk.done = 0; disk.parked = 0; disk.dead = 0; disk.held = 0;
		disk.tried = 0; disk.finished = 0; disk.state[0] = 0; disk.state[1] = 0; disk.words = 0; disk.outbox = 0;
		ahead = 0
	:: else
	fi;
	i = 0
}

/* ---- the invariants of the desk, after each commit and each power cut ---- */

inline check_desk()
{
	x = desk.finished | desk.duplicate | desk.parked | desk.dead | desk.held;
	for (i : 1 .. N) {
		if
		:: i <= desk.mark || has(desk.done, i) ->
			assert(has(x, i) || unwanted(i))		/* BOOKMARK */
		:: else
		fi;
		assert(!has(desk.finished, i) || (desk.seen[log[i]] == i && !has(desk.duplicate, i)))	/* ONE_OF_EQUALS */
	}
	made_count();
	assert(desk.state[0] == j && desk.state[1] == k);		/* TOGETHER */
	assert(!(desk.finished & (desk.parked | desk.dead | desk.held)));	/* BOOKMARK */
	assert(!desk.outbox || has(desk.finished, desk.seen[A]))	/* EMITTED_ONCE: by what is finished */
}

inline made_count()		/* finished events of lane 0 and 1, into j and k; of those that were emitted, into m */
{
	j = 0; k = 0; m = 0;
	for (i : 1 .. N) {
		if
		:: has(desk.finished, i) ->
			if
			:: lane(log[i]) -> k++
			:: else -> j++
			fi;
			if
			:: log[i] >= E ->
				m++;
				assert(has(texts, i) == desk.words)	/* EMITTED_ONCE: of the same run */
			:: else
			fi
		:: else
		fi
	}
	assert(m <= 1)							/* EMITTED_ONCE */
}

/* ---- at rest ---- */

/* Somebody can still do something; else the only steps that are left are those that go wrong, and an operator's. */
#define working (sends[A] || sends[B] || sends[C] || unanswered || !up || half || unsettled || desk.sorted < last || \
		 ready[0] || ready[1] || waiting[0] || waiting[1] || runs[0] || runs[1] || desk.outbox)

inline check_rest()		/* at the end of each step */
{
	if
	:: working
	:: else ->
		for (i : 1 .. C) {
			assert(!has(acknowledged, i) || desk.seen[i])		/* ACCOUNTED: it is in the log */
		}
		assert(!has(desk.finished, desk.seen[A]) || desk.seen[E]);	/* EMITTED_ONCE: at all */
		for (i : 1 .. last) {
			x = desk.seen[log[i]];					/* itself, or what it is the duplicate of */
			f = 0;
			for (j : 1 .. x) {
				if
				:: has(desk.held, j) && lane(log[j]) == lane(log[i]) -> f = 1
				:: else
				fi
			}
			assert(has(desk.finished | desk.dead, x) || unwanted(x) || (f && has(desk.parked | desk.held, x)))	/* ACCOUNTED */
		}
	fi;
	i = 0			/* (a d_step may not end with a loop or a choice) */
}

/* ---- the receiver ---- */

inline append(id)		/* store_append: committed and synchronised, under the next number */
{
	assert(last < N);						/* BOUNDS */
	last++;
	log[last] = id
}

/* When nothing goes wrong any more it makes no difference to anybody how long the answer takes. */
inline answer_later(id)
{
	if
	:: crashes -> unanswered = id
	:: else -> add(acknowledged, id)
	fi;
	i = 0
}

proctype receiver()
{
end:	do
	/* committer.c: commit; one request at a time stands for a group, which commits or fails as one */
#ifndef MUTATE_ANSWER_FIRST
	:: d_step { !unanswered && sends[A] -> sends[A]--; append(A); answer_later(A) }
	:: d_step { !unanswered && sends[B] -> sends[B]--; append(B); answer_later(B) }
	:: d_step { !unanswered && sends[C] -> sends[C]--; append(C); answer_later(C) }
	:: d_step { unanswered -> add(acknowledged, unanswered); unanswered = 0; check_rest() }	/* answer_group */
#else
	:: d_step { !unanswered && sends[A] -> sends[A]--; add(acknowledged, A); unanswered = A }
	:: d_step { !unanswered && sends[B] -> sends[B]--; add(acknowledged, B); unanswered = B }
	:: d_step { !unanswered && sends[C] -> sends[C]--; add(acknowledged, C); unanswered = C }
	:: d_step { unanswered -> append(unanswered); unanswered = 0 }
#endif
	od
}

/* Its sender got no answer, and sends it again. */
inline receiver_dies()
{
	if
	:: unanswered ->
#ifndef MUTATE_ANSWER_FIRST
		sends[unanswered]++;
#endif
		unanswered = 0
	:: else
	fi
}

/* ---- the dispatcher: sorting (dispatch/sort.c, store_sqlite_sort.c) ---- */

inline find_duplicates(duplicates)
{
	for (i : desk.sorted + 1 .. last) {
		x = (desk.seen[log[i]] -> desk.seen[log[i]] : i);
#ifdef MUTATE_OWN_NUMBER
		x = (desk.seen[log[i]] -> 0 : i);	/* whatever is known is a duplicate */
#endif
		if
		:: desk.seen[log[i]] == 0 -> desk.seen[log[i]] = i
		:: else
		fi;
		if
		:: duplicates && x < i ->
			assert(!has(was_first, i));			/* SORT_REPEATS */
			add(desk.duplicate, i);
			add(was_duplicate, i)
		:: duplicates && x == i ->
			assert(!has(was_duplicate, i));			/* SORT_REPEATS */
			add(was_first, i)
		:: else
		fi
	}
}

inline sort()
{
#ifndef MUTATE_SORT_SPLIT
	find_duplicates(true);
	desk.sorted = last;
	check_desk();
	read_on()			/* loop.c: work */
#else
	/* the sorting bookmark in a transaction before that of the duplicates */
	find_duplicates(false);
	half = 10 + desk.sorted;
	desk.sorted = last
#endif
}

inline sort_rest()
{
	for (i : half - 9 .. desk.sorted) {
		if
		:: desk.seen[log[i]] < i -> add(desk.duplicate, i)
		:: else
		fi
	}
	half = 0;
	check_desk();
	read_on();
	look_around()
}

/* ---- the dispatcher: the engine ---- */

inline read_on()		/* engine.c: read_batch, take_live */
{
	for (k : reading + 1 .. desk.sorted) {
		reading = k;
		if
		:: has(desk.duplicate, k) || has(pruned, k) || unwanted(k)
		:: else ->
			if
			:: has(before, k) || (is[k] != ABSENT && has(row, k)) ->	/* skipped */
				add(passed, k)
			:: else ->
				is[k] = QUEUED;
				add(open, k);
				park_behind(lane(log[k]))		/* delivery_enter */
			fi
		fi
	}
	before = 0;
	trim()
}

inline look_around()		/* at the end of each step: whose turn it is, and whether there is something to settle */
{
	for (j : 0 .. LANES - 1) {
		find_first(j);
		ready[j] = (f && is[f] == QUEUED -> f : 0);
		waiting[j] = (f && is[f] == WAITING -> f : 0)
	}
	find_mark();
	unsettled = (dirty || m != desk.mark || (passed | before) != desk.done);
	for (i : 1 .. N) {
		if
		:: is[i] == ENDED -> unsettled = 1
		:: else
		fi
	}
	check_rest()
}

/* engine.c: wake, hand_out, give; runners.c: give; run/main.c: run_event. That it is in the socket for a while first
 * makes no difference to anybody: a runner that ends before it begins only gives it back. */
inline give(l)
{
	x = (ready[l] -> ready[l] : waiting[l]);
	assert(!runs[l] && !((orphans >> l) & 1));			/* ONE_PER_LANE */
	assert(!has(pruned, x));					/* ACCOUNTED: it is in the log still */
	for (i : 1 .. N) {
		if
		:: i < x && lane(log[i]) == l ->
			assert(has(desk.finished | desk.dead | desk.duplicate | again, i) || unwanted(i))	/* IN_ORDER */
		:: else
		fi
	}
	runs[l] = x;
	told[l] = desk.state[l];
	is[x] = RUNNING;
	if
	:: log[x] == A -> words = 1 - words; says[l] = words
	:: else
	fi;
	look_around()
}

inline bury(n, hold)		/* outcome.c: bury; on_dead = hold or pass */
{
	del(tried, n);
	if
	:: !(hold) -> end_delivery(n); add(lost, n)
	:: else ->
		is[n] = HELD;
		park(n);
		lane_park(lane(log[n]))
	fi
}

inline end_delivery(n)		/* outcome.c: end */
{
	del(dirty, n);
	is[n] = ENDED;
	pass(n)
}

/* The runner ends, and the dispatcher hears of it; when it dies before it hears, the outcome is lost with it, as
 * that of a runner that has not ended is. (runner.c: take_outcome, bury; outcome.c: engine_outcome, engine_charge) */
inline hear(l, outcome)
{
	x = runs[l];
	is[x] = QUEUED;
	if
	:: outcome == DONE ->
		del(tried, x);
		end_delivery(x);
		made[l] = told[l] + 1;
		if
		:: log[x] == A -> made_words = says[l]
		:: else
		fi
	:: outcome == RETRY ->						/* retry */
		add(tried, x);
		is[x] = WAITING;
		park(x);
		lane_park(l)
	:: else -> bury(x, outcome == DEAD_HOLD)
	fi;
	forget_run(l);
	look_around()
}

inline forget_run(l)
{
	runs[l] = 0; told[l] = 0; says[l] = 0
}

/* ---- the dispatcher: settling (settle.c) ---- */

inline write_bookmark()
{
	find_mark();
	desk.mark = m;
	desk.done = passed | before
}

inline write_row(n)		/* write_rows */
{
	del(desk.parked, n); del(desk.held, n); del(desk.dead, n); del(desk.tried, n);
	if
	:: is[n] == ENDED && !has(lost, n)
#ifndef MUTATE_DEAD_UNWRITTEN
	:: is[n] == ENDED && has(lost, n) -> add(desk.dead, n)
#else
	:: is[n] == ENDED && has(lost, n)
#endif
	:: is[n] == HELD -> add(desk.held, n)
	:: else ->
		add(desk.parked, n);
		if
		:: has(tried, n) -> add(desk.tried, n)
		:: else
		fi
	fi
}

inline write_outcomes(rest, states)	/* write_rows, write_history; with state and outbox */
{
	for (i : 1 .. N) {
		if
		:: rest && (has(dirty, i) || is[i] == ENDED) -> write_row(i)
		:: else
		fi;
		if
#ifdef MUTATE_EMIT_DEAD
		:: is[i] == ENDED && has(lost, i) && log[i] == A -> desk.outbox = 1
#endif
		:: is[i] == ENDED && !has(lost, i) ->
			if
			:: rest -> add(desk.finished, i)
			:: else
			fi;
			if
			:: states ->
				desk.state[lane(log[i])] = made[lane(log[i])];
				if
				:: log[i] == A -> desk.words = made_words; desk.outbox = 1
				:: else
				fi
			:: else
			fi
		:: else
		fi
	}
}

inline after_commit()		/* what ended leaves its lane only now */
{
	dirty = 0;
	for (x : 1 .. N) {
		if
		:: is[x] == ENDED ->
			is[x] = ABSENT;
			del(row, x); del(lost, x);
			park_behind(lane(log[x]))			/* lanes.c: leave */
		:: else
		fi
	}
	made[0] = 0; made[1] = 0; made_words = 0
}

inline settle()
{
#if defined(MUTATE_BOOKMARK_FIRST)
	write_bookmark();			/* a transaction of its own, before that of the outcomes */
	half = 1
#elif defined(MUTATE_STATE_APART)
	write_bookmark();
	write_outcomes(true, false);		/* the states in another transaction, after it */
	half = 2
#elif defined(MUTATE_STATE_FIRST)
	write_outcomes(false, true);		/* the states in another transaction, before it */
	half = 3
#else
	write_bookmark();
	write_outcomes(true, true);
	check_desk();
	after_commit()
#endif
}

inline settle_rest()
{
	write_bookmark();
	write_outcomes(half != 2, half != 3);
	half = 0;
	check_desk();
	after_commit()
}

/* ---- the dispatcher: beginning (start.c) ---- */

inline restore_parked()		/* restore, delivery_restore */
{
	for (i : 1 .. N) {
		if
		:: has(desk.parked, i) ->
			is[i] = (has(desk.tried, i) -> WAITING : QUEUED);
			add(row, i)
		:: has(desk.held, i) ->
			is[i] = HELD;
			add(row, i)
		:: else
		fi
	}
	tried = desk.tried
}

inline begin()			/* take_bookmarks, then the lanes from what is parked, then the log */
{
	up = 1;
	reading = desk.mark;
	before = desk.done;
#ifndef MUTATE_RESTORE_LAST
	restore_parked()
#else
	half = 4
#endif
}

/* kill -9. Its runners die with it (run/limits.c: limits_apply). */
inline dispatcher_dies()
{
	up = 0; reading = 0; open = 0; passed = 0; before = 0; row = 0; dirty = 0; lost = 0; tried = 0; half = 0;
	made[0] = 0; made[1] = 0; made_words = 0; ready[0] = 0; ready[1] = 0; waiting[0] = 0; waiting[1] = 0; unsettled = 0;
	for (i : 1 .. N) {
		is[i] = ABSENT
	}
	for (j : 0 .. LANES - 1) {
#ifdef MUTATE_ORPHANS
		if
		:: runs[j] -> orphans = orphans | (1 << j)
		:: else
		fi;
#endif
		forget_run(j)
	}
}

/* ---- the dispatcher: the outbox, pruning, requests ---- */

inline copy_emitted()		/* under an identity that is derived from the event: a second copy is a duplicate */
{
#ifndef MUTATE_EMIT_FRESH
	append(E);
#else
	if
	:: desk.seen[E] -> append(F)
	:: else -> append(E)
	fi;
#endif
	if
	:: desk.words -> add(texts, last)
	:: else
	fi
}

inline prune()			/* settled durably first: what is passed must stay passed when the power goes */
{
#ifndef MUTATE_PRUNE_UNSYNCED
	synchronise();
#endif
	prunes = 0;
	add(pruned, 1)
}

inline retry_asked(n)		/* request.c: change_row, durable; engine.c: engine_refresh */
{
	del(desk.dead, n); del(desk.held, n); del(desk.tried, n);
	add(desk.parked, n);
	synchronise();
	check_desk();
	is[n] = QUEUED;
	add(row, n);
	add(again, n);
	look_around()
}

#define works (up && !half)	/* it is one thread */

#define TRY(n) d_step { works && requests && !unsettled && has(desk.dead | desk.held, n) -> requests--; retry_asked(n) }

#define TURNS(l) \
	   d_step { works && (ready[l] || waiting[l]) -> give(l) } \
	:: d_step { works && runs[l] -> hear(l, DONE) } \
	:: d_step { works && runs[l] && troubles && !has(tried, runs[l]) -> troubles--; hear(l, RETRY) } \
	:: d_step { works && runs[l] && troubles -> troubles--; hear(l, DEAD) } \
	:: d_step { works && runs[l] && troubles -> troubles--; hear(l, DEAD_HOLD) }

proctype dispatcher()
{
end:	do
	:: d_step { !up -> begin(); read_on(); look_around() }
#ifdef MUTATE_RESTORE_LAST
	:: d_step { half == 4 -> read_on(); look_around(); half = 5 }	/* the log before the lanes */
	:: d_step { half == 5 && ready[0] -> give(0); half = 6 }
	:: d_step { half == 5 && ready[1] -> give(1); half = 6 }
	:: d_step { half == 5 || half == 6 -> restore_parked(); half = 0; look_around() }
#endif
#ifdef MUTATE_SORT_SPLIT
	:: d_step { half >= 10 && half < COPY -> sort_rest() }
#endif
#if defined(MUTATE_BOOKMARK_FIRST) || defined(MUTATE_STATE_APART) || defined(MUTATE_STATE_FIRST)
	:: d_step { half && half < 4 -> settle_rest(); committed(); look_around() }
#endif
	:: d_step { works && desk.sorted < last -> sort(); committed(); look_around() }
	:: TURNS(0)
	:: TURNS(1)
	:: d_step { works && unsettled -> settle(); committed(); look_around() }
	/* the outbox: the desk is synchronised, E is appended to the log, its row goes */
#if defined(MUTATE_OUTBOX_UNSYNCED)
	:: d_step { works && desk.outbox -> half = COPY }
#elif defined(MUTATE_OUTBOX_FIRST)
	:: d_step { works && desk.outbox -> desk.outbox = 0; committed(); half = COPY }
#else
	:: d_step { works && desk.outbox -> synchronise(); half = COPY }
#endif
	:: d_step { half == COPY -> copy_emitted(); half = COPY + 1 }
	:: d_step { half == COPY + 1 -> desk.outbox = 0; committed(); half = 0; look_around() }
	/* house.c: prune; number 1 alone */
#ifndef MUTATE_PRUNE_PARKED
	:: d_step { works && prunes && desk.mark >= 1 && !has(desk.parked | desk.dead | desk.held, 1) -> prune() }
#else
	:: d_step { works && prunes && desk.mark >= 1 -> prune() }
#endif
	:: TRY(1)
	:: TRY(2)
	:: TRY(3)
	:: TRY(4)
	:: TRY(5)
	:: TRY(6)
	:: TRY(7)
	:: TRY(8)
	od
}

/* ---- what goes wrong ---- */

inline give_back(l)		/* a runner ended before it began what it was given: engine_give_back */
{
	is[runs[l]] = QUEUED;
	forget_run(l);
	look_around()
}

proctype world()
{
end:	do
	:: d_step { crashes && ahead -> keep(disk, desk); ahead = 0 } /* the kernel writes */
	:: d_step { crashes && unanswered -> receiver_dies(); went_wrong() }
	:: d_step { crashes && up -> dispatcher_dies(); went_wrong() }
	:: d_step { crashes && works && runs[0] -> give_back(0); went_wrong() }
	:: d_step { crashes && works && runs[1] -> give_back(1); went_wrong() }
	:: d_step { crashes ->						/* the power goes */
		receiver_dies();
		dispatcher_dies();
		orphans = 0;
		keep(desk, disk);
		check_desk();
		went_wrong() }
	:: d_step { orphans -> orphans = 0 }
	od
}

init {
	atomic {
		sends[A] = 2;
		sends[B] = 1;
		sends[C] = SENDS_C;
		run receiver();
		run dispatcher();
		run world()
	}
}
