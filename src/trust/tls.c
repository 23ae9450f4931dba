/* SPDX-License-Identifier: EUPL-1.2
 * The TLS client certificate that the web server verified: its subject, and the names in it. */
#include "config.h"
#include "trust/proof.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/words.h"
#include "trust/subject.h"

struct wanted {
	struct pool *pool;
	struct subject *subjects;	/* alternatives */
	size_t n;
	const char *names;		/* words, or null: any */
};

struct held {			/* what is known of a certificate */
	struct subject subject;
	const char *names;		/* the words of the setting */
	bool named;			/* one of them is there */
	bool any_name;			/* there are names at all */
};

static bool set(const struct conf_sender *sender)
{
	return sender->tls_subject || sender->tls_names;
}

static void *prepare(const struct workshop *workshop, const struct conf_sender *sender, struct err *err)
{
	struct wanted *w = mem_alloc(sizeof *w);
	const char *at = sender->tls_subject;

	(void)workshop;
	(void)err;
	w->pool = pool_new();
	w->names = sender->tls_names;
	while (at) {
		w->subjects = mem_grow(w->subjects, w->n + 1, sizeof *w->subjects);
		w->subjects[w->n] = (struct subject){ .pool = w->pool };
		at = subject_wanted(&w->subjects[w->n++], at);
	}
	return w;
}

static void drop(void *prepared)
{
	struct wanted *w = prepared;

	free(w->subjects);
	pool_free(&w->pool);
	free(w);
}

/* Case does not count in DNS names (RFC 4343); all else is compared to the letter, and nothing is a wildcard. */
static void see_name(void *arg, const char *kind, const char *value)
{
	struct held *held = arg;
	const char *at = held->names, *word;
	size_t n = strlen(kind), len;

	held->any_name = true;
	while (at && (word = words_next(&at, &len)))
		if (len > n && strncmp(word, kind, n) == 0 && word[n] == ':' && strlen(value) == len - n - 1 &&
		    (strcmp(kind, "DNS") == 0 ? strncasecmp : strncmp)(word + n + 1, value, len - n - 1) == 0)
			held->named = true;
}

static void see_passed_name(struct held *held, const char *name)
{
	const char *value = strchr(name, ':');
	char kind[8] = "";

	if (!value || (size_t)(value - name) >= sizeof kind)
		return;
	memcpy(kind, name, (size_t)(value - name));
	see_name(held, kind, value + 1);
}

/* Null, or why it cannot be known. The certificate itself says most; subjects in the form /O=x/CN=y, with nothing to
 * tell a slash in a value, could be made to say anything. */
static const char *look(const struct message_tls *tls, struct held *held)
{
	struct cert *cert;

	if (!tls->cert) {
		for (size_t i = 0; i < tls->n_names; i++)
			see_passed_name(held, tls->names[i]);
		if (tls->subject && *tls->subject == '/')
			return "the web server passes the subject in its old form: let it pass SSL_CLIENT_CERT as well";
		return !tls->subject || subject_parse(&held->subject, tls->subject) ? NULL
		       : "the subject that the web server passes cannot be read";
	}
	cert = cert_read(held->subject.pool, tls->cert);
	if (!cert)
		return "the certificate that the web server passes (SSL_CLIENT_CERT) cannot be read";
	cert_subject(cert, subject_add, &held->subject);
	cert_names(cert, see_name, held);
	cert_free(&cert);
	return NULL;
}

static enum trust_verdict say(struct trial *trial, enum trust_verdict verdict, const char *note)
{
	trial->why = verdict == TRUST_MISSING ? "A TLS client certificate is missing."
		     : "The TLS client certificate is not accepted here.";
	trial->note = note;
	return verdict;
}

static bool has_subject(const struct wanted *w, const struct held *held)
{
	for (size_t i = 0; i < w->n; i++)
		if (subject_has(&held->subject, &w->subjects[i]))
			return true;
	return !w->n;
}

static enum trust_verdict check(const void *prepared, struct trial *trial)
{
	const struct wanted *w = prepared;
	const struct message_tls *tls = &trial->request->m->tls;
	struct held held = { .subject = { .pool = trial->request->pool }, .names = w->names };
	const char *note;

	if (!tls->subject && !tls->cert && !tls->n_names)
		return say(trial, TRUST_MISSING, tls->verified ? "the web server passes nothing of the certificate that it verified" : NULL);
	if (!tls->trusted)
		return say(trial, TRUST_MISSING, "the connection's peer is not the web server: what it passes about a certificate "
			   "does not count");
	if (!tls->verified)
		return say(trial, TRUST_WRONG, "the web server did not verify the certificate");
	note = look(tls, &held);
	if (note)
		return say(trial, TRUST_WRONG, note);
	if (!has_subject(w, &held))
		return say(trial, TRUST_WRONG, "the certificate has another subject");
	if (w->names && !held.named)
		return say(trial, TRUST_WRONG, held.any_name || tls->cert ? "the certificate has other names"
			   : "the web server passes no names: let it pass SSL_CLIENT_CERT");
	return TRUST_OK;
}

const struct proof proof_tls = { "tls_subject", set, prepare, drop, check, false };
