/* A handler of Postvak that remembers: it follows each zaak from open to closed, and emits one event when it is
 * done, for another handler to act on. It needs no database: Postvak keeps its state and what it emits.
 *
 *	[handler zaakverloop]
 *	plugin = zaakverloop.so
 *	events = nl.overheid.zaken.**
 *	source = urn:nld:oin:00000001823288444000:systeem:zaakverloop
 *
 *	[handler archief]
 *	plugin = archief.so
 *	events = nl.example.zaken.zaakverloop.afgerond
 *
 * When is a zaak closed? No notification says so. But the Zaken API closes a zaak by setting its last status, and
 * takes that only when there is a resultaat; so a status that was set at the time of the resultaat or later is the
 * last one. Notifications may come in any order, which is why their own times are compared.
 *
 * Both the new state and the emitted event are kept by Postvak in the moment in which it notes that this
 * notification is done: never one without the other, and when the machine fails before that, none of them. When a
 * notification is run again after all (postvak rewind), the event has the identity that it had the first time, and
 * nobody sees it twice. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <postvak/handler.h>

#define OPTIONS(X) \
	X("type", PV_STRING, "nl.example.zaken.zaakverloop.afgerond", "type of the event that is emitted")

#define TIME 40		/* bytes of a time as it was spelled, with its NUL */
#define NEVER "-"

/* What is remembered of one zaak. It is kept as a line of text, which a later version of this handler, on another
 * machine, still can read; the number in front says which version wrote it. */
struct course {
	unsigned notifications, statuses;
	int done;
	char opened[TIME], status[TIME], result[TIME];	/* the last of each, or NEVER */
};

#define LINE "1 %u %u %d %s %s %s"
#define LINE_READ "1 %u %u %d %39s %39s %39s"

static int recall(struct pv_event *ev, struct course *c)
{
	const char *line = pv_state(ev, NULL);

	*c = (struct course){ 0, 0, 0, NEVER, NEVER, NEVER };
	return !line || sscanf(line, LINE_READ, &c->notifications, &c->statuses, &c->done, c->opened, c->status, c->result) == 6;
}

static int remember(struct pv_event *ev, const struct course *c)
{
	char line[200];
	int len = snprintf(line, sizeof line, LINE, c->notifications, c->statuses, c->done, c->opened, c->status, c->result);

	return pv_set_state(ev, line, (size_t)len);
}

static int is(const char *a, const char *b)
{
	return a && strcmp(a, b) == 0;
}

static int known(const char *time)
{
	return !is(time, NEVER);
}

/* To the second, which has the same place in every spelling. Open Notificaties makes all of them UTC. */
static int before(const char *a, const char *b)
{
	return strncmp(a, b, strlen("2026-05-01T12:00:00")) < 0;
}

static void note_time(char *into, const char *time)
{
	if (time && strlen(time) < TIME && !strchr(time, ' ') && (!known(into) || before(into, time)))
		strcpy(into, time);
}

/* What this notification tells. */
static void follow(struct course *c, const char *resource, const char *actie, const char *time)
{
	c->notifications++;
	if (is(resource, "zaak") && is(actie, "create"))
		note_time(c->opened, time);
	if (is(resource, "status") && is(actie, "create")) {
		c->statuses++;
		note_time(c->status, time);
	}
	if (is(resource, "resultaat") && is(actie, "create"))
		note_time(c->result, time);
	if (is(resource, "resultaat") && is(actie, "destroy")) {	/* the zaak is opened again */
		strcpy(c->result, NEVER);
		c->done = 0;
	}
}

static int is_closed(const struct course *c)
{
	return known(c->result) && known(c->status) && !before(c->status, c->result);
}

/* A URL is put between quotes as it is: what would end them has no place in one. */
static int is_url(const char *s)
{
	for (; s && *s; s++)
		if ((unsigned char)*s <= ' ' || *s == '"' || *s == '\\')
			return 0;
	return s != NULL;
}

static int tell(struct pv_host *host, struct pv_event *ev, const struct course *c)
{
	const char *zaak = pv_str(ev, "/hoofdObject"), *zaaktype = pv_str(ev, "/kenmerken/zaaktype");
	const char *id = strrchr(zaak, '/');
	const char *quote = known(c->opened) ? "\"" : "";
	char data[4096];
	int len;

	if (!is_url(zaaktype))
		zaaktype = "";
	len = snprintf(data, sizeof data,
		       "{\"zaak\":\"%s\",\"zaaktype\":\"%s\",\"geopend\":%s%s%s,\"afgerond\":\"%s\",\"notificaties\":%u,\"statussen\":%u}",
		       zaak, zaaktype, quote, known(c->opened) ? c->opened : "null", quote, c->status, c->notifications, c->statuses);
	if ((size_t)len >= sizeof data) {
		errno = EMSGSIZE;
		return -1;
	}
	/* About the zaak: with this subject all that is emitted about it comes in order. */
	return pv_emit(ev, pv_option_str(host, "type"), id && id[1] ? id + 1 : zaak, NULL, data, (size_t)len);
}

static int zaakverloop_run(struct pv_host *host, void *state, struct pv_event *ev)
{
	const char *zaak = pv_str(ev, "/hoofdObject"), *resource = pv_str(ev, "/resource"), *actie = pv_str(ev, "/actie");
	struct course c;

	(void)state;	/* of this process. What is kept of a zaak is pv_state */
	if (!is_url(zaak) || !*zaak) {
		pv_note(ev, "no hoofdObject: not a notification of the Zaken API");
		return PV_DEAD;
	}
	if (is(resource, "zaak") && is(actie, "destroy"))
		return pv_set_state(ev, NULL, 0) == 0 ? PV_DONE : PV_DEAD;
	if (!recall(ev, &c)) {
		pv_note(ev, "what was remembered of this zaak cannot be read: was it written by a newer version?");
		return PV_DEAD;
	}
	follow(&c, resource, actie, pv_time(ev));
	if (!c.done && is_closed(&c)) {
		c.done = 1;
		if (tell(host, ev, &c) < 0) {
			pv_note(ev, "cannot emit: %s", strerror(errno));
			return PV_DEAD;
		}
	}
	if (remember(ev, &c) < 0) {
		pv_note(ev, "cannot remember: %s", strerror(errno));
		return PV_DEAD;
	}
	return PV_DONE;
}

PV_HANDLER("zaakverloop", "1.0", OPTIONS, .uses_state = 1, .run = zaakverloop_run);
