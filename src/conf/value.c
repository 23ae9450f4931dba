/* SPDX-License-Identifier: EUPL-1.2
 * From text to values, by type of setting. value_print.c goes the other way. */
#include "config.h"
#include "conf/value.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/die.h"
#include "event/host.h"
#include "event/type.h"
#include "event/uri.h"

const struct unit durations[UNITS] = {	/* largest first */
	{ "d", 86400000 }, { "h", 3600000 }, { "m", 60000 }, { "s", 1000 }, { "ms", 1 }
};
const struct unit sizes[UNITS] = {
	{ "T", INT64_C(1) << 40 }, { "G", INT64_C(1) << 30 }, { "M", INT64_C(1) << 20 }, { "K", INT64_C(1) << 10 }, { "", 1 }
};

#define BLANKS " \t"
#define SEPARATORS " \t,"

/* Digits at the front of text; *end is what follows them. */
static bool parse_digits(const char *text, const char **end, int64_t *out)
{
	int64_t n = 0;

	if (!isdigit((unsigned char)*text))
		return false;
	for (; isdigit((unsigned char)*text); text++) {
		if (n > (INT64_MAX - 9) / 10)
			return false;
		n = n * 10 + (*text - '0');
	}
	*end = text;
	*out = n;
	return true;
}

static bool parse_unit(const char *text, const struct unit *units, int64_t *out)
{
	const char *name;
	int64_t n;

	if (!parse_digits(text, &name, &n))
		return false;
	for (size_t i = 0; i < UNITS; i++) {
		if (strcmp(name, units[i].name) != 0)
			continue;
		if (n > INT64_MAX / units[i].size)
			return false;
		*out = n * units[i].size;
		return true;
	}
	return false;
}

bool conf_duration(const char *text, int64_t *ms)
{
	return parse_unit(text, durations, ms);
}

static void put_integer(const struct setting *s, void *base, int64_t n)
{
	int32_t narrow = (int32_t)n;
	bool flag = n != 0;

	if (s->width == sizeof n)
		memcpy(setting_member(s, base), &n, sizeof n);
	else if (s->width == sizeof narrow)
		memcpy(setting_member(s, base), &narrow, sizeof narrow);
	else
		memcpy(setting_member(s, base), &flag, sizeof flag);
}

static int parse_integer(const struct setting *s, void *base, const char *text)
{
	const char *end;
	int64_t n;
	bool ok;

	if (s->type == TYPE_INT)
		ok = parse_digits(text, &end, &n) && *end == '\0';
	else
		ok = parse_unit(text, s->type == TYPE_SIZE ? sizes : durations, &n);
	if (!ok || n < s->min || n > s->max)
		return -1;
	put_integer(s, base, n);
	return 0;
}

static int parse_bool(const struct setting *s, void *base, const char *text)
{
	static const char *const words[] = { "no", "yes", "false", "true", "off", "on", "0", "1" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(text, words[i]) == 0) {
			put_integer(s, base, i & 1);
			return 0;
		}
	return -1;
}

/* The choice's number, or -1; and the choice of that number. */
static int choice_find(const char *choices, const char *text)
{
	size_t len = strlen(text);
	int n = 0;

	for (const char *at = choices; at; n++) {
		const char *bar = strchr(at, '|');

		if ((bar ? (size_t)(bar - at) : strlen(at)) == len && memcmp(at, text, len) == 0)
			return n;
		at = bar ? bar + 1 : NULL;
	}
	return -1;
}

static int parse_choice(const struct setting *s, void *base, const char *text)
{
	int n = choice_find(s->choices, text);

	if (n < 0)
		return -1;
	put_integer(s, base, n);
	return 0;
}

static int parse_patterns(const char *text, struct err *err)
{
	size_t n = 0;
	int rc = 0;

	for (text += strspn(text, SEPARATORS); *text && rc == 0; text += strspn(text, SEPARATORS)) {
		size_t len = strcspn(text, SEPARATORS);
		char *pattern = str_fmt("%.*s", (int)len, text);

		rc = type_pattern_check(pattern, err);
		free(pattern);
		text += len;
		n++;
	}
	return n ? rc : -1;
}

/* The words of a list, one by one: the next one in the pool, or null. */
static const char *next_word(struct pool *pool, const char **at)
{
	size_t len;

	*at += strspn(*at, SEPARATORS);
	len = strcspn(*at, SEPARATORS);
	*at += len;
	return len ? pool_strn(pool, *at - len, len) : NULL;
}

static int parse_origins(struct conf *conf, const char *text, struct err *err)
{
	const char *name;
	size_t n = 0;

	for (; (name = next_word(conf->pool, &text)); n++)
		if (strcmp(name, "*") != 0 && !host_valid(name))
			return err_set(err, "%s is not a host name: write it as the sender names itself, without scheme, port and "
				       "path, or * for any", name);
	return n ? 0 : -1;
}

static int parse_accepts(const struct setting *s, struct conf *conf, void *base, const char *text, struct err *err)
{
	static const struct { const char *word; int64_t bits; } words[] = {
		{ "nrc", ACCEPTS_NRC }, { "cloudevents", ACCEPTS_CLOUD }, { "both", ACCEPTS_NRC | ACCEPTS_CLOUD }, { "json", ACCEPTS_JSON },
	};
	int64_t accepts = 0;
	const char *word;

	put_integer(s, base, 0);	/* what follows from a fault is not told */
	while ((word = next_word(conf->pool, &text))) {
		size_t i = 0;

		while (i < sizeof words / sizeof *words && strcmp(words[i].word, word) != 0)
			i++;
		if (i == sizeof words / sizeof *words)
			return -1;
		accepts |= words[i].bits;
	}
	if ((accepts & ACCEPTS_NRC) && (accepts & ACCEPTS_JSON))
		return err_set(err, "notifications and other JSON cannot be told apart: give each an endpoint of its own");
	put_integer(s, base, accepts);
	return accepts ? 0 : -1;
}

const char nrc_profiles[] = "lenient|strict", cloud_profiles[] = "cncf|nlgov|nlgov-strict|nlgov-urn";

static int parse_profile(struct conf *conf, struct conf_endpoint *endpoint, const char *text, struct err *err)
{
	bool nrc = false, cloud = false;
	const char *word;

	endpoint->names_nrc = endpoint->names_cloud = false;
	while ((word = next_word(conf->pool, &text))) {
		int n = choice_find(nrc_profiles, word), c = choice_find(cloud_profiles, word);

		if (n < 0 && c < 0)
			return -1;
		if (n >= 0 ? nrc : cloud)
			return err_set(err, "%s is one too many: name one of lenient and strict, and one of cncf, nlgov, nlgov-strict "
				       "and nlgov-urn", word);
		nrc = nrc || n >= 0;
		cloud = cloud || c >= 0;
		if (n >= 0)
			endpoint->profile = (enum nrc_profile)n;
		else
			endpoint->cloud_profile = (enum cloud_profile)c;
	}
	endpoint->names_nrc = nrc;
	endpoint->names_cloud = cloud;
	return nrc || cloud ? 0 : -1;
}

static int parse_mapping(const struct setting *s, struct conf *conf, void *base, const char *text, struct err *err)
{
	size_t field = (s->offset - offsetof(struct conf_endpoint, map)) / sizeof(const struct mapping *);

	return mapping_parse(conf->pool, (enum map_field)field, text, (const struct mapping **)setting_member(s, base), err);
}

static int parse_store(const char *text)
{
	return strcmp(text, "memory:") == 0 || (strncmp(text, "sqlite:", 7) == 0 && text[7]) ? 0 : -1;
}

static int parse_tcp(const char *where)
{
	const char *colon = strrchr(where, ':'), *end;
	char host[64];
	size_t len = colon ? (size_t)(colon - where) : 0;
	unsigned char address[sizeof(struct in6_addr)];
	int64_t port;

	if (len == 0 || len >= sizeof host || !parse_digits(colon + 1, &end, &port) || *end || port < 1 || port > 65535)
		return -1;
	memcpy(host, where, len);
	host[len] = '\0';
	if (host[0] != '[')
		return inet_pton(AF_INET, host, address) == 1 ? 0 : -1;
	if (host[len - 1] != ']')
		return -1;
	host[len - 1] = '\0';
	return inet_pton(AF_INET6, host + 1, address) == 1 ? 0 : -1;
}

static int parse_listen(const char *text)
{
	if (strncmp(text, "unix:", 5) == 0)
		return text[5] ? 0 : -1;
	return strncmp(text, "tcp:", 4) == 0 ? parse_tcp(text + 4) : -1;
}

/* Enough to tell a slip: who uses it looks closer. */
static bool is_url(const char *text, bool tls)
{
	const char *authority = strncmp(text, "https://", 8) == 0 ? text + 8 : !tls && strncmp(text, "http://", 7) == 0 ? text + 7 : NULL;

	return authority && uri_valid(text) && strcspn(authority, "/?#:") > 0 && !strchr(text, '#') &&
	       !memchr(authority, '@', strcspn(authority, "/?#"));
}

/* NAME=VALUE, ... | ...; what is inside is trust's to read. */
static int parse_subject(const char *text)
{
	size_t n = 0;

	for (; *text; n++) {
		text += strspn(text, " \t,|");
		if (!isalnum((unsigned char)*text))
			break;
		text += strcspn(text, "=,|");
		if (*text != '=' || !text[1] || strchr(",|", text[1]))
			return -1;
		for (; *text && !strchr(",|", *text); text++)
			if (*text == '\\' && text[1])
				text++;
	}
	return n && !*text ? 0 : -1;
}

static int parse_names(struct conf *conf, const char *text)
{
	const char *name;
	size_t n = 0;

	for (; (name = next_word(conf->pool, &text)); n++)
		if ((strncmp(name, "DNS:", 4) != 0 || !name[4]) && (strncmp(name, "URI:", 4) != 0 || !name[4]) &&
		    (strncmp(name, "email:", 6) != 0 || !name[6]))
			return -1;
	return n ? 0 : -1;
}

static int parse_text(const struct setting *s, struct conf *conf, void *base, const char *text, struct err *err)
{
	int rc = 0;

	if (s->type == TYPE_STORE)
		rc = parse_store(text);
	else if (s->type == TYPE_LISTEN)
		rc = parse_listen(text);
	else if (s->type == TYPE_PATTERNS)
		rc = parse_patterns(text, err);
	else if (s->type == TYPE_ORIGINS)
		rc = parse_origins(conf, text, err);
	else if (s->type == TYPE_WEB_URL)
		rc = is_url(text, false) && !strchr(text, '?') ? 0 : -1;
	else if (s->type == TYPE_HTTPS_URL)
		rc = is_url(text, true) ? 0 : -1;
	else if (s->type == TYPE_SUBJECT)
		rc = parse_subject(text);
	else if (s->type == TYPE_NAMES)
		rc = parse_names(conf, text);
	else if (s->type == TYPE_WORDS || s->type == TYPE_SOURCES)
		rc = text[strspn(text, SEPARATORS)] ? 0 : -1;
	else if (s->type == TYPE_URL_PATH)
		rc = *text == '/' && !strpbrk(text, " \t?#") ? 0 : -1;
	else if (s->type != TYPE_STRING || !s->fallback)
		rc = *text ? 0 : -1;
	if (rc == 0)
		*(const char **)setting_member(s, base) = pool_str(conf->pool, text);
	return rc;
}

struct refs {			/* indexes of sections of one kind */
	enum section_kind kind;
	size_t *v;
	size_t n;
};

static int add_ref(struct conf *conf, struct refs *refs, const char *name, struct err *err)
{
	const char *kind = sections[refs->kind].name;

	for (size_t i = 0; i < section_count(conf, refs->kind); i++) {
		if (strcmp(section_name(conf, refs->kind, i), name) != 0)
			continue;
		for (size_t j = 0; j < refs->n; j++)
			if (refs->v[j] == i)
				return err_set(err, "the %s %s is named twice", kind, name);
		refs->v[refs->n++] = i;
		return 0;
	}
	return err_set(err, "there is no section [%s %s]; add it, or correct the name", kind, name);
}

static int parse_refs(struct conf *conf, struct refs *refs, const char *text, struct err *err)
{
	char *copy = pool_str(conf->pool, text), *rest = copy;

	refs->v = pool_alloc(conf->pool, (section_count(conf, refs->kind) + 1) * sizeof *refs->v);
	for (char *name = strtok_r(copy, SEPARATORS, &rest); name; name = strtok_r(NULL, SEPARATORS, &rest))
		if (add_ref(conf, refs, name, err) < 0)
			return -1;
	return refs->n ? 0 : -1;
}

static int parse_senders(struct conf *conf, struct conf_endpoint *endpoint, const char *text, struct err *err)
{
	struct refs refs = { .kind = IN_SENDER };
	int rc = parse_refs(conf, &refs, text, err);

	endpoint->senders = refs.v;
	endpoint->n_senders = refs.n;
	return rc;
}

static int parse_issuers(struct conf *conf, struct conf_sender *sender, const char *text, struct err *err)
{
	struct refs refs = { .kind = IN_ISSUER };
	int rc = parse_refs(conf, &refs, text, err);

	sender->issuers = refs.v;
	sender->n_issuers = refs.n;
	return rc;
}

static int parse_secret(const struct setting *s, struct conf *conf, void *base, const char *text, struct err *err)
{
	struct secret *secret = setting_member(s, base);

	if (!secret_is_ref(text))
		return err_set(err, "%s does not take the secret itself: put it in a file that others cannot read, one per "
			       "line, and write %s = file:PATH (or env:NAME)", s->key, s->key);
	secret->ref = pool_str(conf->pool, text);
	return 0;
}

/* A field name of HTTP (RFC 9110 5.1), in lower case. */
static char *header_name(struct pool *pool, const char *text)
{
	char *name = pool_str(pool, text);

	for (char *at = name; *at; at++) {
		if (!isalnum((unsigned char)*at) && !strchr("!#$%&'*+-.^_`|~", *at))
			return NULL;
		*at = (char)tolower((unsigned char)*at);
	}
	return *name ? name : NULL;
}

static int parse_header(const struct setting *s, struct conf *conf, void *base, const char *text)
{
	const char *name = header_name(conf->pool, text);

	if (name)
		*(const char **)setting_member(s, base) = name;
	return name ? 0 : -1;
}

/* Each setting has its own places for keys; loading fills in what is in a file. */
static int parse_keys(const struct setting *s, struct conf *conf, void *base, const char *text)
{
	struct conf_keys *keys = setting_member(s, base);
	bool file = strncmp(text, "file:", 5) == 0 && text[5];
	bool url = strcmp(s->key, "jwks") == 0 && is_url(text, true);
	bool issuer = strcmp(s->key, "signature.keys") == 0 && strncmp(text, KEYS_ISSUER, 7) == 0;

	if (!file && !url && !issuer)
		return -1;
	keys->ref = pool_str(conf->pool, text);
	return 0;
}

static int parse_identity(struct conf *conf, struct conf_sender *sender, const char *text)
{
	sender->identity_header = NULL;
	if (strncmp(text, "header:", 7) == 0) {
		sender->identity = IDENTITY_HEADER;
		sender->identity_header = header_name(conf->pool, text + 7);
		return sender->identity_header ? 0 : -1;
	}
	if (strcmp(text, "content") != 0 && strcmp(text, "correlation") != 0)
		return -1;
	sender->identity = *text == 'c' && text[2] == 'n' ? IDENTITY_CONTENT : IDENTITY_CORRELATION;
	return 0;
}

static bool parse_factor(const char *text, double *out)
{
	char *end;

	if (!isdigit((unsigned char)*text) || strspn(text, "0123456789.") != strlen(text))
		return false;
	*out = strtod(text, &end);
	return *end == '\0' && *out >= 1 && *out <= 1000;
}

/* COUNT FIRST FACTOR LONGEST */
static int parse_waits(struct conf *conf, struct conf_retry *out, const char *count, const char *text, struct err *err)
{
	char *copy = pool_str(conf->pool, text), *rest = copy, *words[5] = { NULL };
	const char *end;
	int64_t n;

	for (size_t i = 0; i < 5; i++)
		words[i] = strtok_r(i ? NULL : copy, BLANKS, &rest);
	if (!words[3] || words[4])
		return -1;
	if (!parse_digits(words[0], &end, &n) || *end || n < 1 || n > 1000)
		return err_set(err, "%s is not a number of %s: write a whole number from 1 to 1000", words[0], count);
	if (!conf_duration(words[1], &out->first_ms) || !conf_duration(words[3], &out->longest_ms))
		return -1;
	if (!parse_factor(words[2], &out->factor))
		return err_set(err, "%s is not a factor: write a number from 1 to 1000", words[2]);
	if (out->first_ms < 1 || out->longest_ms < out->first_ms || out->longest_ms > INT64_C(365) * 86400000)
		return err_set(err, "the waits %s to %s are not possible: the first is at least 1ms, the longest at least "
			       "the first and at most 365d", words[1], words[3]);
	out->attempts = (int)n;
	return 0;
}

/* Of 1, a single event that always fails would never be charged, and so would never die. */
static int parse_circuit(struct conf *conf, struct conf_circuit *circuit, const char *text, struct err *err)
{
	struct conf_retry waits = {0};

	if (strcmp(text, "off") != 0 && parse_waits(conf, &waits, "events", text, err) < 0)
		return -1;
	if (waits.attempts == 1)
		return err_set(err, "1 is not a number of events: one that always fails would pause the handler for ever; write 2 or more, "
			       "or off");
	*circuit = (struct conf_circuit){ waits.attempts, waits.first_ms, waits.factor, waits.longest_ms };
	return 0;
}

static int parse_from(struct conf_handler *handler, const char *text)
{
	handler->from_ago_ms = 0;
	if (strcmp(text, "now") == 0)
		handler->from = FROM_NOW;
	else if (strcmp(text, "beginning") == 0)
		handler->from = FROM_BEGINNING;
	else if (conf_duration(text, &handler->from_ago_ms))
		handler->from = FROM_AGO;
	else
		return -1;
	return 0;
}

int setting_parse(const struct setting *s, struct conf *conf, void *base, const char *text, struct err *err)
{
	err->text[0] = '\0';
	switch (s->type) {
	case TYPE_INT:
	case TYPE_SIZE:
	case TYPE_DURATION: return parse_integer(s, base, text);
	case TYPE_BOOL: return parse_bool(s, base, text);
	case TYPE_CHOICE: return parse_choice(s, base, text);
	case TYPE_SENDERS: return parse_senders(conf, base, text, err);
	case TYPE_ISSUERS: return parse_issuers(conf, base, text, err);
	case TYPE_HEADER: return parse_header(s, conf, base, text);
	case TYPE_KEYS: return parse_keys(s, conf, base, text);
	case TYPE_SECRET: return parse_secret(s, conf, base, text, err);
	case TYPE_ACCEPTS: return parse_accepts(s, conf, base, text, err);
	case TYPE_PROFILE: return parse_profile(conf, base, text, err);
	case TYPE_MAPPING: return parse_mapping(s, conf, base, text, err);
	case TYPE_IDENTITY: return parse_identity(conf, base, text);
	case TYPE_RETRY: return parse_waits(conf, setting_member(s, base), "attempts", text, err);
	case TYPE_CIRCUIT: return parse_circuit(conf, setting_member(s, base), text, err);
	case TYPE_FROM: return parse_from(base, text);
	default: return parse_text(s, conf, base, text, err);
	}
}
