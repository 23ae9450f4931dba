/* SPDX-License-Identifier: EUPL-1.2
 * postvak erase: what the inbox holds of a person or object goes. The one who asks knows whom it is about; the request
 * has numbers and hashes only. */
#include "cli/erase.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/ask.h"
#include "cli/jot.h"
#include "cli/spelled.h"
#include "cli/when.h"
#include "event/digest.h"

#define CHUNK 1000		/* events in one request */
#define CLEAR_MS 10000		/* that readers may hold up clearing */
#define ROUNDS 3		/* for what comes in meanwhile, and what runs just now */

enum { FLAG_SUBJECT = FLAG_OWN, FLAG_LANE, FLAG_CONTAINING, FLAG_YES };

const struct flag erase_flags[] = {
	{ FLAG_SUBJECT, "subject", "TEXT", "what is about this: subject, hoofdObject or resourceUrl" },
	{ FLAG_LANE, "lane", "LANE", "of this object: a hash as events show tells it, or an event's number" },
	{ FLAG_CONTAINING, "containing", "TEXT", "what has this text anywhere" },
	{ FLAG_DRY_RUN, "dry-run", NULL, "say what would go, and change nothing" },
	{ FLAG_WHY, "why", "TEXT", "for the audit; not about whom" },
	{ FLAG_YES, "yes", NULL, "do not ask first" },
	{ FLAG_JSON, "json", NULL, "write JSON, for programs" },
	{ 0, NULL, NULL, NULL }
};

struct work {
	const struct call *call;
	struct site *site;
	struct erase_wish wish;
	struct finds finds;
	char *who;
	uint64_t upto;
	size_t events, duplicates, quarantined, rejected, states, lanes, parked;	/* found at first */
	size_t left;
	bool not_done;
	struct buf answers;
};

static int lane_of_event(struct work *w, const char *text, uint64_t n)
{
	struct card *cards;
	struct err err;
	size_t there;

	if (store_cards(w->site->store, n - 1, n, 1, w->site->pool, &cards, &there, &err) < 0) {
		say("%s", err.text);
		return CLI_FAILED;
	}
	if (!there || !cards[0].has_lane) {
		say(there ? "event %s is of no object: name it by --subject, or by --containing" :
			    "there is no event %s (any more)", text);
		return CLI_NOTHING;
	}
	w->wish.lane = cards[0].lane;
	return CLI_DONE;
}

static int read_lane(struct work *w, const char *text)
{
	uint64_t n;

	if (event_key_parse(text, &w->wish.lane))
		return CLI_DONE;
	if (number_parse(text, &n))
		return lane_of_event(w, text, n);
	say("--lane is 32 hex digits, as postvak events show tells them, or the number of an event");
	return CLI_USAGE;
}

/* 0, or CLI_USAGE after the error was said. */
static int check_flags(struct work *w)
{
	const char *subject = call_value(w->call, FLAG_SUBJECT), *text = call_value(w->call, FLAG_CONTAINING);
	const char *lane = call_value(w->call, FLAG_LANE), *why = call_value(w->call, FLAG_WHY);
	bool dry = call_has(w->call, FLAG_DRY_RUN), yes = call_has(w->call, FLAG_YES);

	w->wish.by = subject ? BY_SUBJECT : text ? BY_TEXT : BY_LANE;
	w->wish.text = subject ? subject : text;
	if ((subject != NULL) + (text != NULL) + (lane != NULL) != 1)
		say("give one of --subject, --lane and --containing");
	else if (w->wish.text && !*w->wish.text)
		say("an empty text would be all there is");
	else if (why && (!args_fit(why) || strlen(why) > WHY_MAX))
		say("--why needs one line of text, at most %d bytes", WHY_MAX);
	else if (why && w->wish.text && spelled_in_text(why, w->wish.text))
		say("--why tells about whom it is: the audit keeps it, so leave that out");
	else if (!dry && !yes && (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)))
		say("nobody can be asked here: look with --dry-run first, then give --yes");
	else
		return CLI_DONE;
	return CLI_USAGE;
}

/* ---- what there is ---- */

static bool count_one(void *arg, const struct parked *p)
{
	(void)p;
	++*(size_t *)arg;
	return true;
}

static int count_states(struct work *w, const struct event_key *lanes, size_t n, struct err *err)
{
	struct pool *pool = pool_new();
	struct bookmark *marks;
	size_t n_marks;
	int rc = store_bookmarks(w->site->store, pool, &marks, &n_marks, err);

	for (size_t i = 0; i < n && rc == 0; i++)
		for (size_t j = 0; j < n_marks && rc == 0; j++) {
			const unsigned char *p;
			size_t len;

			rc = store_state(w->site->store, marks[j].handler, &lanes[i], pool, &p, &len, err);
			w->states += rc == 0 && p;
		}
	pool_free(&pool);
	return rc;
}

static bool has_lane(const struct event_key *v, size_t n, const struct event_key *lane)
{
	for (size_t i = 0; i < n; i++)
		if (memcmp(&v[i], lane, sizeof *lane) == 0)
			return true;
	return false;
}

/* The object that was named, as far as that tells it, comes last: its state goes even when no event of it is left. */
static struct event_key *lanes_of(const struct work *w, size_t from, size_t n, size_t *n_lanes)
{
	struct event_key *v;

	if (w->wish.by == BY_LANE) {
		v = mem_dup(&w->wish.lane, sizeof w->wish.lane);
		*n_lanes = 1;
		return v;
	}
	v = finds_lanes(&w->finds, from, n, n_lanes);
	if (w->wish.by == BY_SUBJECT && from == 0 && !has_lane(v, *n_lanes, &w->wish.lane)) {
		v = mem_grow(v, *n_lanes + 1, sizeof *v);
		v[(*n_lanes)++] = w->wish.lane;
	}
	return v;
}

static bool is_found(const struct finds *f, const struct event_key *lane)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->v[i].has_lane && memcmp(&f->v[i].lane, lane, sizeof *lane) == 0)
			return true;
	return false;
}

static int count_all(struct work *w, struct err *err)
{
	struct event_key *lanes = lanes_of(w, 0, w->finds.n, &w->lanes);
	size_t last = w->lanes - (w->wish.by == BY_SUBJECT && !is_found(&w->finds, &w->wish.lane)), before;
	int rc = count_states(w, lanes, last, err);

	before = w->states;
	if (rc == 0 && last < w->lanes && (rc = count_states(w, lanes + last, 1, err)) == 0 && w->states == before)
		w->lanes = last;	/* that is no object of ours */
	free(lanes);
	for (size_t i = 0; i < w->finds.n && rc == 0; i++)
		rc = store_parked_each(w->site->store, NULL, w->finds.v[i].n, count_one, &w->parked, err);
	w->events = w->finds.n;
	w->rejected = w->finds.n_rejected;
	w->duplicates = w->finds.duplicates;
	w->quarantined = w->finds.quarantined;
	return rc;
}

static void print_found(const struct work *w)
{
	fprintf(stderr, "found: %zu event%s (%zu of them duplicates, %zu quarantined), %zu parked deliver%s, %zu state%s of %zu "
		"object%s, %zu refused bod%s\n", w->events, w->events == 1 ? "" : "s", w->duplicates, w->quarantined,
		w->parked, w->parked == 1 ? "y" : "ies", w->states, w->states == 1 ? "" : "s", w->lanes, w->lanes == 1 ? "" : "s",
		w->rejected, w->rejected == 1 ? "y" : "ies");
}

static bool confirmed(const struct call *call)
{
	char line[16];

	if (call_has(call, FLAG_YES))
		return true;
	fprintf(stderr, "this cannot be undone, and backups are not touched. Erase it? (yes) ");
	return fgets(line, sizeof line, stdin) && strcmp(line, "yes\n") == 0;
}

/* ---- asking ---- */

static void put_list(struct buf *args, const char *name, const uint64_t *v, size_t n)
{
	for (size_t i = 0, last; i < n; i = last + 1) {
		for (last = i; last + 1 < n && v[last + 1] == v[last] + 1; last++)
			;
		if (i == 0)
			buf_fmt(args, "%s=%" PRIu64, name, v[i]);
		else
			buf_fmt(args, ",%" PRIu64, v[i]);
		if (last > i)
			buf_fmt(args, "-%" PRIu64, v[last]);
	}
	if (n)
		buf_char(args, '\n');
}

static void put_chunk(const struct work *w, struct buf *args, size_t from, size_t n)
{
	uint64_t *v = mem_array(n, sizeof *v);
	struct event_key *lanes;
	size_t n_lanes;

	for (size_t i = 0; i < n; i++)
		v[i] = w->finds.v[from + i].n;
	put_list(args, "events", v, n);
	free(v);
	if (from == 0)
		put_list(args, "rejected", w->finds.rejected, w->finds.n_rejected);
	lanes = lanes_of(w, from, n, &n_lanes);
	for (size_t i = 0; i < n_lanes; i++) {
		buf_str(args, i ? "," : "lanes=");
		buf_hex(args, lanes[i].b, EVENT_KEY);
	}
	if (n_lanes)
		buf_char(args, '\n');
	free(lanes);
	args_put(args, "why", call_value(w->call, FLAG_WHY));
}

static int ask_chunk(struct work *w, size_t from, size_t n)
{
	struct buf args = {0};
	struct wish wish = { w->who, "erase", NULL };
	struct request *request;
	struct err err;
	int rc;

	put_chunk(w, &args, from, n);
	wish.args = args.p;
	rc = request_send(w->site, &wish, &request, &err);
	buf_free(&args);
	if (rc < 0) {
		say("%s", err.text);
		return CLI_FAILED;
	}
	if (request->status < 0) {
		say("no answer yet: it is queued as request %" PRIu64 " and will be applied", request->id);
		return CLI_FAILED;
	}
	w->not_done |= request->status > 0;
	if (w->answers.len)
		buf_char(&w->answers, '\n');
	buf_str(&w->answers, request->answer ? request->answer : "");
	return CLI_DONE;
}

static int ask_all(struct work *w)
{
	size_t from = 0;
	int status;

	w->not_done = false;
	do {
		size_t n = w->finds.n - from < CHUNK ? w->finds.n - from : CHUNK;

		status = ask_chunk(w, from, n);
		from += n;
	} while (!status && from < w->finds.n);
	return status;
}

static int look(struct work *w, uint64_t after)
{
	struct err err;

	if (store_last(w->site->store, &w->upto, &err) == 0 &&
	    finds_look(w->site, &w->wish, after, w->upto, &w->finds, &err) == 0)
		return CLI_DONE;
	say("%s", err.text);
	return CLI_FAILED;
}

/* What of it is still there, and what came since. */
static int look_again(struct work *w)
{
	uint64_t after = w->not_done && w->finds.n ? w->finds.v[0].n - 1 : w->upto;

	w->finds.n = w->finds.n_rejected = 0;
	return look(w, after);
}

static int erase_all(struct work *w)
{
	int status = ask_all(w);

	for (int round = 1; !status && round < ROUNDS; round++) {
		status = look_again(w);
		if (status || (!w->finds.n && !w->finds.n_rejected && !w->not_done))
			return status;
		w->events += w->not_done ? 0 : w->finds.n;
		status = ask_all(w);
	}
	if (!status)
		status = look_again(w);
	w->left = w->finds.n;
	return status;
}

static bool show(void *arg, enum store_part part, uint64_t done, uint64_t bytes)
{
	if (isatty(STDERR_FILENO)) {
		*(bool *)arg = true;
		fprintf(stderr, "\rclearing %s.db: %" PRIu64 " of %" PRIu64 " MiB ", part == STORE_LOG ? "log" : "desk",
			done >> 20, bytes >> 20);
	}
	return true;
}

/* What SQLite had moved about in its files before it was removed. */
static int clear_files(struct work *w)
{
	bool whole, shown = false;
	struct scrubbing how = { CLEAR_MS, show, &shown };
	struct err err;
	int rc = store_scrub(w->site->store, &how, &whole, &err);

	if (shown)
		fprintf(stderr, "\r%60s\r", "");
	if (rc < 0)
		say("it is erased, but copies may be left in unused parts of the files: %s", err.text);
	else if (!whole)
		say("it is erased, but copies may be left in unused parts of the files: a process keeps reading an old state"
		    " (fuser log.db desk.db), or a file is larger than 128 GiB");
	return rc < 0 || !whole ? CLI_FAILED : CLI_DONE;
}

/* ---- telling ---- */

static void print_json(const struct work *w, const char *outcome)
{
	struct buf out = {0};

	jot_begin(&out, NULL, '{');
	jot_text(&out, "outcome", outcome);
	jot_number(&out, "events", w->events);
	jot_number(&out, "duplicates", w->duplicates);
	jot_number(&out, "quarantined", w->quarantined);
	jot_number(&out, "parked", w->parked);
	jot_number(&out, "states", w->states);
	jot_number(&out, "objects", w->lanes);
	jot_number(&out, "rejected", w->rejected);
	jot_number(&out, "left", w->left);
	jot_text(&out, "answer", w->answers.p);
	jot_end(&out, '}');
	printf("%s\n", out.p);
	buf_free(&out);
}

static int finish(const struct work *w)
{
	bool left = w->left || w->not_done;

	if (call_has(w->call, FLAG_JSON))
		print_json(w, left ? "left" : "erased");
	else if (w->answers.len)
		printf("%s\n", w->answers.p);
	if (left)
		say("not all of it is gone yet: run this again");
	return left ? CLI_NOTHING : CLI_DONE;
}

/* There is nothing, or no more: an earlier run may have been cut short behind the erasing. */
static int clear_after_all(struct work *w)
{
	int status = site_write(w->site);
	struct err err;
	bool wiped;

	if (status)
		return status;
	if (store_wipe(w->site->store, CLEAR_MS, &wiped, &err) < 0) {
		say("%s", err.text);
		return CLI_FAILED;
	}
	status = clear_files(w);
	return status ? status : CLI_NOTHING;
}

static int erase(struct work *w)
{
	bool dry = call_has(w->call, FLAG_DRY_RUN);
	struct err err;
	int status = look(w, 0);

	if (status)
		return status;
	if (count_all(w, &err) < 0) {
		say("%s", err.text);
		return CLI_FAILED;
	}
	if (dry && call_has(w->call, FLAG_JSON))
		print_json(w, "found");
	else
		print_found(w);
	if (!w->events && !w->rejected && !w->states)
		return dry ? CLI_NOTHING : clear_after_all(w);
	if (dry)
		return CLI_DONE;
	if (!confirmed(w->call)) {
		say("nothing was erased");
		return CLI_NOTHING;
	}
	status = site_write(w->site);
	if (!status)
		status = erase_all(w);
	if (!status)
		status = clear_files(w);
	return status ? status : finish(w);
}

int run_erase(const struct call *call)
{
	struct site site = {0};
	struct work w = { .call = call, .site = &site, .who = str_dup(operator_name()) };
	const char *lane = call_value(call, FLAG_LANE);
	int status = check_flags(&w);

	if (!status)
		status = site_read(call, &site);
	if (!status && w.wish.by == BY_LANE)
		status = read_lane(&w, lane);
	if (w.wish.by == BY_SUBJECT && !status)
		w.wish.lane = digest_key((struct digest_part[]){ { "nrc", 3 }, { w.wish.text, strlen(w.wish.text) } }, 2);
	if (!status)
		status = erase(&w);
	finds_free(&w.finds);
	buf_free(&w.answers);
	free(w.who);
	site_close(&site);
	return status;
}
