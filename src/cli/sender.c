/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "cli/sender.h"

#include <string.h>
#include "cli/material.h"
#include "cli/send.h"

static int wrong(const struct err *err)
{
	say("%s", err->text);
	return CLI_USAGE;
}

static int failed(const struct err *err)
{
	say("%s", err->text);
	return CLI_FAILED;
}

/* ---- in the configuration ---- */

int sender_resolve(const struct conf *conf, const struct sender_names *names,
		   const struct conf_endpoint **endpoint, const struct conf_sender **sender, struct err *err)
{
	*endpoint = names->endpoint ? conf_endpoint(conf, names->endpoint) : NULL;
	*sender = names->sender ? conf_sender(conf, names->sender) : NULL;
	if (names->endpoint && !*endpoint)
		return err_set(err, "there is no [endpoint %s] in %s", names->endpoint, conf->file);
	if (names->sender && !*sender)
		return err_set(err, "there is no [sender %s] in %s", names->sender, conf->file);
	if (names->sender || (names->optional && (*endpoint)->n_senders != 1))
		return 0;
	if ((*endpoint)->n_senders != 1)
		return err_set(err, "the endpoint %s has %zu senders: say which one with --sender", names->endpoint, (*endpoint)->n_senders);
	*sender = &conf->senders[(*endpoint)->senders[0]];
	return 0;
}

static int find(const struct call *call, bool optional, struct sender *sender)
{
	struct sender_names names = { call_value(call, FLAG_ENDPOINT), call_value(call, FLAG_SENDER), optional };
	const struct conf_sender *found;
	struct err err;
	int status;

	if (!names.endpoint && !names.sender)
		return CLI_DONE;
	status = site_conf(call, &sender->site);
	if (status)
		return status;
	if (sender_resolve(sender->site.conf, &names, &sender->endpoint, &found, &err) < 0)
		return wrong(&err);
	sender->credential.conf = sender->site.conf;
	sender->credential.sender = found;
	return CLI_DONE;
}

/* ---- of options alone ---- */

/* --set KEY=VALUE, each into given. */
static int read_settings(const struct call *call, struct pool *pool, struct conf_given *given, size_t *n)
{
	const char *text;

	for (size_t at = 0; (text = call_each(call, FLAG_SET, &at));) {
		size_t len = strcspn(text, "=");
		const char *value = text + len + 1;

		if (!len || !text[len]) {
			say("--set needs KEY=VALUE, as in signature.header=X-Signature, not \"%s\"", text);
			return CLI_USAGE;
		}
		while (len && text[len - 1] == ' ')
			len--;
		given[(*n)++] = (struct conf_given){ pool_strn(pool, text, len), value + strspn(value, " ") };
	}
	return CLI_DONE;
}

static int make(const struct call *call, struct sender *sender)
{
	struct conf_given *given = pool_alloc(sender->pool, (call->n_given + 2) * sizeof *given);
	const char *scheme = call_value(call, FLAG_SIGNATURE), *secret = call_value(call, FLAG_SECRET);
	struct problems problems = { .pool = sender->pool };
	struct err err;
	size_t n = 0;
	int status;

	if (scheme)
		given[n++] = (struct conf_given){ "signature", scheme };
	if (secret)
		given[n++] = (struct conf_given){ "signature.secret", material_ref(sender->pool, "--secret", secret, &err) };
	status = read_settings(call, sender->pool, given, &n);
	if (status)
		return status;
	if (conf_of_sender(given, n, sender->key != NULL, &sender->made, &problems) == 0) {
		sender->credential.conf = sender->made;
		sender->credential.sender = &sender->made->senders[0];
		return CLI_DONE;
	}
	for (size_t i = 0; i < problems.n; i++)
		say("%s", problems.v[i].text);
	return CLI_USAGE;
}

/* ---- what it has ---- */

static int read_files(const struct call *call, struct sender *sender)
{
	const char *key = call_value(call, FLAG_KEY), *cert = call_value(call, FLAG_CERT);
	struct err err;

	if (key && !(sender->key = material_key(key, &err)))
		return failed(&err);
	if (cert && !(sender->cert = material_cert(cert, &err)))
		return failed(&err);
	sender->credential.key = sender->key;
	sender->credential.kid = call_value(call, FLAG_KID);
	sender->credential.cert = sender->cert;
	return CLI_DONE;
}

static int read_secret(const struct call *call, struct sender *sender)
{
	const char *secret = call_value(call, FLAG_SECRET);
	struct err err;

	if (!secret)
		return CLI_DONE;
	if (!material_ref(sender->pool, "--secret", secret, &err))
		return wrong(&err);
	sender->credential.secret = material_secret(sender->pool, "--secret", secret, &err);
	return sender->credential.secret ? CLI_DONE : failed(&err);
}

static int read_only(const struct call *call, struct sender *sender)
{
	const char *only = call_value(call, FLAG_ONLY);

	if (only && (!sender->credential.sender || !credential_has(sender->credential.sender, only))) {
		say("--only names one of the settings by which the sender proves who it is, and it has no %s", only);
		return CLI_USAGE;
	}
	sender->credential.only = only;
	return CLI_DONE;
}

static int read_bad(const struct call *call, enum spoil *spoil)
{
	static const char *const names[] = { [SPOIL_SIGNATURE] = "signature", [SPOIL_OLD] = "old", [SPOIL_TOKEN] = "token",
					     [SPOIL_EXPIRED] = "expired" };
	const char *name = call_value(call, FLAG_BAD);

	if (!name)
		return CLI_DONE;
	for (*spoil = SPOIL_SIGNATURE; *spoil <= SPOIL_EXPIRED; ++*spoil)
		if (strcmp(name, names[*spoil]) == 0)
			return CLI_DONE;
	say("--bad is signature, old, token or expired, not %s", name);
	return CLI_USAGE;
}

int sender_read(const struct call *call, struct sender *sender)
{
	bool made = call_has(call, FLAG_SIGNATURE) || call_has(call, FLAG_SET);
	int status;

	sender->pool = pool_new();
	if (made && call_has(call, FLAG_SENDER)) {
		say("--signature and --set make up a sender: they do not go with --sender");
		return CLI_USAGE;
	}
	status = read_bad(call, &sender->credential.spoil);
	if (!status)
		status = read_files(call, sender);
	if (!status)
		status = find(call, made || call_has(call, FLAG_HANDSHAKE), sender);
	if (!status)
		status = read_secret(call, sender);
	if (!status && made)
		status = make(call, sender);
	return status ? status : read_only(call, sender);
}

void sender_free(struct sender *sender)
{
	site_close(&sender->site);
	conf_free(&sender->made);
	key_free(&sender->key);
	cert_free(&sender->cert);
	pool_free(&sender->pool);
}
