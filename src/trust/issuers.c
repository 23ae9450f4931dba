/* SPDX-License-Identifier: EUPL-1.2
 * Keys are those of the configuration's file, or those that postvak-keys fetched: state_dir/keys/NAME.jwks, the set as
 * received, and NAME.json, the note about it (keys/shelf.h). */
#include "config.h"
#include "trust/issuers.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/die.h"
#include "base/log.h"
#include "base/sock.h"
#include "base/words.h"
#include "trust/known.h"

#define LOOK_MS 1000		/* between two looks at files, and two wishes for newer keys */
#define FRESH_MS 60000
#define NOTE_LEN_MAX (64u << 10)
#define HELD_MOST_S 90000	/* by which keys are due again after they were fetched, whatever their note says: a day, and an hour
				 * for who fetches them */
#define ANSWER_LEN_MAX (64u << 10)
#define BAD_MS 10000		/* how long a token that is not active is not asked about */
#define FAILED_MS 1000		/* ... and one about which no answer could be had */
#define LEAST_MS 1000		/* for who asked to find the answer */

struct edition {		/* keys, and who uses them */
	struct jwks set;	/* as `whole` has it: what is given out */
	struct jwks *whole;
	struct issuer *issuer;
	size_t users;		/* under the issuer's lock; the issuer itself is one */
	uint64_t number;
	unsigned char digest[SHA256_LEN];	/* of the file */
	int64_t fetched_ms;	/* wall clock; atomic; FIXED: of the configuration */
	int64_t until_ms;	/* until when they count; likewise */
};
#define FIXED INT64_MAX

struct note {			/* wall clock */
	bool fits;		/* they were fetched from where the configuration says */
	int64_t fetched_ms, until_ms;
};

struct stamp {			/* by which a file is known to be another */
	ino_t inode;
	off_t len;
	struct timespec time;
};

#define MISSED 64		/* keys that were not there, of one issuer; beyond that the oldest is forgotten */
struct missed {
	uint64_t kid;		/* hash of it */
	int64_t since_ms;	/* wall clock; 0: none */
};

struct issuer {
	const struct conf_issuer *conf;
	unsigned algorithms;
	char *set_path, *note_path;	/* null: nothing is fetched */
	pthread_mutex_t lock;
	struct edition *now;	/* or null */
	struct missed missed[MISSED];
	size_t n_missed;
	bool looking;		/* a thread does, and alone uses the stamps and unread */
	bool looked;		/* once at least since it was made, at looked_ms of the monotonic clock */
	int64_t looked_ms;
	bool wanted;
	int64_t wanted_ms;	/* likewise */
	struct stamp set_stamp, note_stamp;
	bool unread;		/* the file could not be read, which is in the log */
};

struct issuers {
	const struct conf *conf;
	struct issuer *v;	/* by index in conf */
	uint64_t numbers;	/* atomic; of editions that were given out */
	struct known *known;
	trust_wanted *wanted;
	void *wanted_arg;
};

/* ---- editions ---- */

static struct edition *edition_new(struct issuers *issuers, struct issuer *issuer, struct jwks *take_set, const struct note *note)
{
	struct edition *e = mem_alloc(sizeof *e);

	*e = (struct edition){ .set = *take_set, .whole = take_set, .issuer = issuer, .users = 1, .fetched_ms = note->fetched_ms,
			       .until_ms = note->until_ms, .number = __atomic_add_fetch(&issuers->numbers, 1, __ATOMIC_RELAXED) };
	return e;
}

static void edition_free(struct edition *e)
{
	jwks_free(&e->whole);
	free(e);
}

static struct edition *edition_of(const struct jwks *keys)
{
	return (struct edition *)(uintptr_t)((const char *)keys - offsetof(struct edition, set));
}

/* Under the lock: whether it was the last. */
static bool leave(struct edition *e)
{
	return --e->users == 0;
}

static void lock(struct issuer *issuer)
{
	must(pthread_mutex_lock(&issuer->lock) == 0);
}

static void unlock(struct issuer *issuer)
{
	must(pthread_mutex_unlock(&issuer->lock) == 0);
}

static int64_t load(const int64_t *ms)
{
	return __atomic_load_n(ms, __ATOMIC_RELAXED);
}

static void store(int64_t *ms, int64_t value)
{
	__atomic_store_n(ms, value, __ATOMIC_RELAXED);
}

/* ---- files ---- */

static bool stamp_of(const char *path, struct stamp *out)
{
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	*out = (struct stamp){ st.st_ino, st.st_size, st.st_mtim };
	return true;
}

static bool stamp_same(const struct stamp *a, const struct stamp *b)
{
	return a->inode == b->inode && a->len == b->len && a->time.tv_sec == b->time.tv_sec && a->time.tv_nsec == b->time.tv_nsec;
}

/* Seconds since 1970; 0: it says none. */
static int64_t time_in(struct json_object *doc, const char *name)
{
	struct json_object *value;
	int64_t s;

	return json_member(doc, name, &value) && json_is_int(value, &s) && s > 0 && s < INT64_MAX / 2000 ? s : 0;
}

int64_t issuer_keys_until_ms(const struct conf_issuer *conf, int64_t fetched_s, int64_t due_s, int64_t error_since_s)
{
	int64_t stale_s = error_since_s ? error_since_s : due_s;

	if (stale_s < fetched_s + conf->refresh_ms / 1000)
		stale_s = fetched_s + conf->refresh_ms / 1000;
	if (stale_s > fetched_s + HELD_MOST_S)
		stale_s = fetched_s + HELD_MOST_S;
	return stale_s * 1000 + conf->stale_ms;
}

static struct note read_note(const struct issuer *issuer)
{
	const struct conf_issuer *conf = issuer->conf;
	struct pool *pool = pool_new();
	struct faults faults = { .pool = pool };
	struct json_object *doc = NULL, *url;
	struct note note = {0};
	size_t len;
	char *text = file_read(issuer->note_path, NOTE_LEN_MAX, &len, NULL);

	if (text && json_parse(text, len, &doc, &faults) == 0) {
		int64_t fetched_s = time_in(doc, "fetched");

		note = (struct note){ true, fetched_s * 1000, issuer_keys_until_ms(conf, fetched_s, time_in(doc, "due"),
										   time_in(doc, "error_since")) };
		if (json_member(doc, "url", &url) && json_kind(url) != JSON_NULL)
			note.fits = claim_is(url, conf->discovery ? conf->discovery : conf->jwks.ref);
	}
	json_drop(&doc);
	free(text);
	pool_free(&pool);
	return note;
}

/* Null: it is the one that is there, or none that can be used; then that one stays. */
static struct edition *read_set(struct issuers *issuers, struct issuer *issuer, const struct note *note)
{
	unsigned char digest[SHA256_LEN];
	struct edition *e = NULL;
	struct jwks *set;
	struct err err;
	size_t len;
	char *text = file_read(issuer->set_path, JWKS_LEN_MAX, &len, &err);

	if (!text && !issuer->unread)
		log_warn("the keys of [issuer %s] cannot be read: %s", issuer->conf->name, err.text);
	issuer->unread = !text;
	if (!text)
		return NULL;
	digest_sha256(digest, text, len);
	if (issuer->now && digest_equal(issuer->now->digest, digest, sizeof digest)) {
		store(&issuer->now->fetched_ms, note->fetched_ms);
		store(&issuer->now->until_ms, note->until_ms);
	} else if ((set = jwks_parse(text, len, false, &err))) {
		e = edition_new(issuers, issuer, set, note);
		memcpy(e->digest, digest, sizeof digest);
	} else {
		log_warn("the keys of [issuer %s] in %s are not sound, and those before them stay: %s", issuer->conf->name,
			 issuer->set_path, err.text);
	}
	free(text);
	return e;
}

/* By the thread that looks; only that one changes `now`. */
static struct edition *look(struct issuers *issuers, struct issuer *issuer)
{
	struct stamp set = {0}, noted = {0};
	struct note note;

	if (!stamp_of(issuer->set_path, &set))
		return NULL;
	stamp_of(issuer->note_path, &noted);
	if (!issuer->unread && stamp_same(&set, &issuer->set_stamp) && stamp_same(&noted, &issuer->note_stamp))
		return NULL;
	issuer->set_stamp = set;
	issuer->note_stamp = noted;
	note = read_note(issuer);
	return note.fits ? read_set(issuers, issuer, &note) : NULL;
}

/* Under the lock, which is let go meanwhile: others go on with the keys that there are. */
static void look_again(struct issuers *issuers, struct issuer *issuer)
{
	int64_t now_ms = clock_mono_ms();
	struct edition *found, *old = NULL;

	if (!issuer->set_path || issuer->looking || (issuer->looked && now_ms - issuer->looked_ms < LOOK_MS))
		return;
	issuer->looking = issuer->looked = true;
	issuer->looked_ms = now_ms;
	unlock(issuer);
	found = look(issuers, issuer);
	lock(issuer);
	if (found) {
		old = issuer->now;
		issuer->now = found;
	}
	issuer->looking = false;
	if (old && leave(old))
		edition_free(old);
}

/* ---- keys ---- */

const struct jwks *issuers_keys(struct issuers *issuers, size_t i)
{
	struct issuer *issuer = &issuers->v[i];
	struct edition *e;

	lock(issuer);
	look_again(issuers, issuer);
	e = issuer->now;
	if (e && clock_wall_ms() > load(&e->until_ms))
		e = NULL;
	if (e)
		e->users++;
	unlock(issuer);
	return e ? &e->set : NULL;
}

void issuers_keys_done(struct issuers *issuers, const struct jwks *keys)
{
	struct edition *e = keys ? edition_of(keys) : NULL;
	struct issuer *issuer = e ? e->issuer : NULL;
	bool last;

	(void)issuers;
	if (!e)
		return;
	lock(issuer);
	last = leave(e);
	unlock(issuer);
	if (last)
		edition_free(e);
}

static uint64_t hash_kid(const char *kid)
{
	unsigned char digest[SHA256_LEN];
	uint64_t hash;

	digest_sha256(digest, kid ? kid : "", kid ? strlen(kid) + 1 : 0);
	memcpy(&hash, digest, sizeof hash);
	return hash;
}

static int64_t missed_since(struct issuer *issuer, uint64_t kid, int64_t now_ms)
{
	for (size_t i = 0; i < MISSED; i++)
		if (issuer->missed[i].kid == kid && issuer->missed[i].since_ms && issuer->missed[i].since_ms <= now_ms)
			return issuer->missed[i].since_ms;
	issuer->missed[issuer->n_missed++ % MISSED] = (struct missed){ kid, now_ms };
	return now_ms;
}

bool issuers_keys_missed(const struct jwks *keys, const char *kid)
{
	struct issuer *issuer = edition_of(keys)->issuer;
	uint64_t hash = hash_kid(kid);
	int64_t since_ms;

	lock(issuer);
	since_ms = missed_since(issuer, hash, clock_wall_ms());
	unlock(issuer);
	return since_ms < issuers_keys_fetched_ms(keys);
}

int64_t issuers_keys_fetched_ms(const struct jwks *keys)
{
	return load(&edition_of(keys)->fetched_ms);
}

/* Not those of a moment that is yet to come, after the clock was set back. */
bool issuers_keys_fresh(const struct jwks *keys)
{
	int64_t fetched_ms = issuers_keys_fetched_ms(keys), ago_ms = clock_wall_ms() - fetched_ms;

	return fetched_ms == FIXED || (ago_ms > -FRESH_MS && ago_ms < FRESH_MS);
}

uint64_t issuers_keys_edition(const struct jwks *keys)
{
	return edition_of(keys)->number;
}

unsigned issuers_algorithms(const struct issuers *issuers, size_t issuer)
{
	return issuers->v[issuer].algorithms;
}

void issuers_want(struct issuers *issuers, size_t i)
{
	struct issuer *issuer = &issuers->v[i];
	int64_t now_ms = clock_mono_ms();
	bool now;

	if (!issuer->set_path || !issuers->wanted)
		return;
	lock(issuer);
	now = !issuer->wanted || now_ms - issuer->wanted_ms >= LOOK_MS;
	if (now) {
		issuer->wanted = true;
		issuer->wanted_ms = now_ms;
	}
	unlock(issuer);
	if (now)
		issuers->wanted(issuers->wanted_arg, issuer->conf->name);
}

void issuers_consult(struct issuers *issuers, trust_wanted *wanted, void *arg)
{
	issuers->wanted = wanted;
	issuers->wanted_arg = arg;
}

/* ---- answers ---- */

struct known *issuers_known(struct issuers *issuers)
{
	return issuers->known;
}

/* RFC 7662 2.2: only true is true. What does not say whether it is, is no answer: an error of the issuer, or of our
 * own client there, says nothing about the token. */
static struct known_fact weigh(struct json_object *doc, const struct conf_issuer *issuer)
{
	struct known_fact fact = { .kind = KNOWN_UNSURE };
	struct json_object *value;
	struct claims *claims;
	bool active;

	if (!json_member(doc, "active", &value) || !json_is_bool(value, &active))
		return fact;
	fact.kind = KNOWN_BAD;
	fact.note = "its issuer says that it is not active";
	if (!active)
		return fact;
	claims = claims_read(doc, issuer, CLAIMS_ANSWER, &fact.note);
	if (claims)
		fact = (struct known_fact){ .kind = KNOWN_GOOD, .claims = claims };
	return fact;
}

static int64_t lasts_ms(const struct known_fact *fact, const struct conf_issuer *issuer)
{
	int64_t left_ms = issuer->cache_ms;

	if (fact->kind != KNOWN_GOOD)
		return fact->kind == KNOWN_BAD ? BAD_MS : FAILED_MS;
	if (fact->claims->times.exp_ms != TIME_NONE && fact->claims->times.exp_ms - fact->since_ms < left_ms)
		left_ms = fact->claims->times.exp_ms - fact->since_ms;
	return left_ms > LEAST_MS ? left_ms : LEAST_MS;
}

static void keep(struct issuers *issuers, const struct trust_question *question, struct known_fact *fact)
{
	unsigned char digest[SHA256_LEN];

	known_digest(question->issuer, question->token, digest);
	fact->since_ms = clock_wall_ms();
	fact->until_ms = fact->since_ms + lasts_ms(fact, issuers->v[question->issuer].conf);
	if (known_put(issuers->known, digest, fact))
		return;
	*fact = (struct known_fact){ .kind = KNOWN_BAD, .since_ms = fact->since_ms, .until_ms = fact->since_ms + BAD_MS,
				     .note = "its issuer says more about it than can be kept" };
	known_put(issuers->known, digest, fact);
}

void issuers_tell(struct issuers *issuers, const struct trust_question *question, const void *answer, size_t len)
{
	struct pool *pool = pool_new();
	struct faults faults = { .pool = pool };
	struct known_fact fact = { .kind = KNOWN_UNSURE };
	struct json_object *doc = NULL;
	struct claims *claims;

	must(question->issuer < issuers->conf->n_issuers);
	if (answer && len <= ANSWER_LEN_MAX && json_parse(answer, len, &doc, &faults) == 0)
		fact = weigh(doc, issuers->v[question->issuer].conf);
	claims = (struct claims *)(uintptr_t)fact.claims;
	keep(issuers, question, &fact);
	free(claims);
	json_drop(&doc);
	pool_free(&pool);
}

/* ---- all of them ---- */

static unsigned read_algorithms(const struct issuers *issuers, const struct conf_issuer *conf, struct problems *problems)
{
	const char *at = conf->algorithms, *word;
	unsigned bits = 0;
	size_t len;

	while (at && (word = words_next(&at, &len))) {
		enum alg alg = alg_find(word, len);

		if (alg != ALG_NONE && alg != ALG_HS256)
			bits |= 1u << alg;
		else if (problems)
			problem_add(problems, issuers->conf->file, conf_issuer_line(conf, "algorithms"), "%.*s is not an algorithm of "
				    "public keys that is taken: write RS256, PS256, PS512, ES256, ES384 or EdDSA", (int)len, word);
	}
	return bits;
}

static void read_text(struct issuers *issuers, struct issuer *issuer, struct problems *problems)
{
	const struct conf_issuer *conf = issuer->conf;
	struct err err;
	struct jwks *set = jwks_read(conf->jwks.text, &err);

	if (set)
		issuer->now = edition_new(issuers, issuer, set, &(struct note){ true, FIXED, FIXED });
	else if (problems)
		problem_add(problems, issuers->conf->file, conf_issuer_line(conf, "jwks"), "jwks: %s has no keys that can be used: "
			    "%s", conf->jwks.ref, err.text);
}

static void prepare(struct issuers *issuers, size_t i, struct problems *problems)
{
	const struct conf_issuer *conf = &issuers->conf->issuers[i];
	struct issuer *issuer = &issuers->v[i];

	issuer->conf = conf;
	issuer->algorithms = read_algorithms(issuers, conf, problems);
	must(pthread_mutex_init(&issuer->lock, NULL) == 0);
	if (conf->jwks.text) {
		read_text(issuers, issuer, problems);
	} else if (conf->jwks.ref || conf->discovery) {
		issuer->set_path = str_fmt("%s/keys/%s.jwks", issuers->conf->state_dir, conf->name);
		issuer->note_path = str_fmt("%s/keys/%s.json", issuers->conf->state_dir, conf->name);
		if (!problems)	/* else nobody asks; without it who asks while the first one looks would be told of none */
			issuer->now = look(issuers, issuer);
	}
}

struct issuers *issuers_new(const struct conf *conf, struct problems *problems)
{
	struct issuers *issuers = mem_alloc(sizeof *issuers);

	issuers->conf = conf;
	issuers->v = mem_array(conf->n_issuers, sizeof *issuers->v);
	issuers->known = conf->n_issuers ? known_new() : NULL;
	for (size_t i = 0; i < conf->n_issuers; i++)
		prepare(issuers, i, problems);
	return issuers;
}

void issuers_free(struct issuers **issuers)
{
	if (!*issuers)
		return;
	for (size_t i = 0; i < (*issuers)->conf->n_issuers; i++) {
		struct issuer *issuer = &(*issuers)->v[i];

		if (issuer->now)
			edition_free(issuer->now);
		free(issuer->set_path);
		free(issuer->note_path);
		pthread_mutex_destroy(&issuer->lock);
	}
	known_free(&(*issuers)->known);
	free((*issuers)->v);
	free(*issuers);
	*issuers = NULL;
}
