/* SPDX-License-Identifier: EUPL-1.2
 * What could not be taken in, taken in after all when an operator asks. */
#include "config.h"
#include <string.h>
#include "dispatch/asked.h"
#include "event/read.h"
#include "event/source.h"
#include "event/type.h"

static void tell_fault(struct asked *a, const char *name, const char *reason)
{
	asked_refuse(a, "%s%s%s", name, *name ? ": " : "", reason);
}

static void tell_refusal(struct asked *a, const struct event *old, const struct reading *reading)
{
	asked_refuse(a, "event %llu still cannot be taken in", (unsigned long long)old->n);
	if (reading->detail)
		tell_fault(a, "", reading->detail);
	for (size_t i = 0; i < reading->faults.n; i++)
		tell_fault(a, reading->faults.v[i].name, reading->faults.v[i].reason);
}

static int append(struct asked *a, const struct event *old, const struct reading *reading, struct err *err)
{
	for (size_t i = 0; i < reading->n; i++) {
		reading->events[i]->received_ms = old->received_ms;
		reading->events[i]->endpoint = old->endpoint;
		reading->events[i]->sender = old->sender;
	}
	if (a->preview) {
		asked_say(a, "event %llu would be taken in", (unsigned long long)old->n);
		return 1;
	}
	if (store_append(a->store, reading->events, reading->n, err) < 0)
		return -1;
	for (size_t i = 0; i < reading->n; i++)
		asked_say(a, "event %llu is taken in as event %llu", (unsigned long long)old->n,
			  (unsigned long long)reading->events[i]->n);
	return 1;
}

/* The operator wants it: what a stricter profile refuses passes. */
static struct read_rules rules_of(const struct event *old, const struct conf_endpoint *endpoint, const struct conf_sender *sender)
{
	struct read_rules rules = conf_read_rules(endpoint, sender);

	rules.nrc_profile = NRC_LENIENT;
	if (rules.cloud_profile > PROFILE_NLGOV)
		rules.cloud_profile = PROFILE_NLGOV;
	rules.payload_optional = true;
	rules.now_ms = old->received_ms;
	return rules;
}

/* The first event's type, with the setting by which the sender may not send it. */
static const char *forbidden(struct asked *a, const struct conf_sender *sender, const struct reading *reading)
{
	for (size_t i = 0; i < reading->n; i++) {
		const struct event *event = reading->events[i];
		const char *source = sender->sources ? source_of(event, a->pool) : NULL;

		if (!type_match_any(sender->may_send, event->type))
			return pool_fmt(a->pool, "%s (setting may_send)", event->type);
		if (sender->sources && (!source || !source_match_any(sender->sources, source)))
			return pool_fmt(a->pool, "%s from its source (setting sources)", event->type);
	}
	return NULL;
}

static int take_in(struct asked *a, const struct event *old, struct err *err)
{
	const struct conf_endpoint *endpoint = conf_endpoint(a->conf, old->endpoint);
	const struct conf_sender *sender = conf_sender(a->conf, old->sender);
	struct message m = { .method = "POST", .path = "", .query = "", .peer = "", .headers = old->headers,
			     .n_headers = old->n_headers,
			     .body = old->data ? old->data : (const unsigned char *)"", .body_len = old->data_len };
	struct read_rules rules;
	struct reading reading;
	const char *what;

	if (!endpoint || !sender) {
		asked_refuse(a, "the %s of event %llu is not configured any more", sender ? "endpoint" : "sender",
			     (unsigned long long)old->n);
		return 0;
	}
	rules = rules_of(old, endpoint, sender);
	message_read(a->pool, &m, &rules, &reading);
	what = reading.status ? NULL : forbidden(a, sender, &reading);
	if (reading.status)
		tell_refusal(a, old, &reading);
	else if (reading.probe)
		asked_refuse(a, "event %llu is a registration probe; discard it", (unsigned long long)old->n);
	else if (!reading.n)
		asked_refuse(a, "event %llu is a batch without events; discard it", (unsigned long long)old->n);
	else if (what)
		asked_refuse(a, "sender %s may not send %s", sender->name, what);
	else
		return append(a, old, &reading, err);
	return 0;
}

int retry_quarantined(struct asked *a, uint64_t n, struct err *err)
{
	struct event *old;

	if (store_event(a->store, n, a->pool, &old, err) < 0)
		return -1;
	if (old)
		return take_in(a, old, err);
	asked_refuse(a, "event %llu is not there any more", (unsigned long long)n);
	return 0;
}
