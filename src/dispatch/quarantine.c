/* SPDX-License-Identifier: EUPL-1.2
 * What could not be taken in, taken in after all when an operator asks. */
#include "config.h"
#include <string.h>
#include "dispatch/asked.h"
#include "event/nrc.h"
#include "event/type.h"

static const struct conf_sender *sender_of(const struct asked *a, const char *name)
{
	for (size_t i = 0; i < a->conf->n_senders; i++)
		if (strcmp(a->conf->senders[i].name, name) == 0)
			return &a->conf->senders[i];
	return NULL;
}

static void tell_faults(struct asked *a, const struct faults *faults)
{
	asked_refuse(a, "event %llu still cannot be taken in", (unsigned long long)a->n);
	for (size_t i = 0; i < faults->n; i++)
		asked_refuse(a, "%s%s%s", faults->v[i].name, *faults->v[i].name ? ": " : "", faults->v[i].reason);
}

static int append(struct asked *a, const struct event *old, struct event *event, struct err *err)
{
	event->received_ms = old->received_ms;
	event->endpoint = old->endpoint;
	event->sender = old->sender;
	if (store_append(a->store, &event, 1, err) < 0)
		return -1;
	asked_say(a, "event %llu is taken in as event %llu", (unsigned long long)a->n, (unsigned long long)event->n);
	return 0;
}

int retry_quarantined(struct asked *a, struct row *row, struct err *err)
{
	struct faults faults = { .pool = a->pool };
	const struct conf_sender *sender;
	struct event *old, event = {0};
	struct nrc_rules rules = { .profile = NRC_LENIENT };
	bool probe;

	if (store_event(a->store, row->p.n, a->pool, &old, err) < 0)
		return -1;
	sender = old ? sender_of(a, old->sender) : NULL;
	if (!sender) {
		asked_refuse(a, old ? "the sender of event %llu is not configured any more" : "event %llu is not there any more",
			     (unsigned long long)a->n);
		return 0;
	}
	rules.identity = sender->identity;
	rules.identity_header = sender->identity_header;
	rules.scope = sender->identity_group ? sender->identity_group : sender->name;
	struct message m = { .method = "POST", .path = "", .query = "", .peer = "", .headers = old->headers,
			     .n_headers = old->n_headers,
			     .body = old->data ? old->data : (const unsigned char *)"", .body_len = old->data_len };

	if (nrc_parse(a->pool, &m, &rules, &event, &probe, &faults) < 0) {
		tell_faults(a, &faults);
		return 0;
	}
	if (probe) {
		asked_refuse(a, "event %llu is a registration probe; discard it", (unsigned long long)a->n);
		return 0;
	}
	if (!type_match_any(sender->may_send, event.type)) {
		asked_refuse(a, "sender %s may not send %s (setting may_send)", sender->name, event.type);
		return 0;
	}
	return append(a, old, &event, err);
}
