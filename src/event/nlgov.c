/* SPDX-License-Identifier: EUPL-1.2 */
#include "event/nlgov.h"

#include <string.h>
#include <strings.h>
#include "event/media.h"

#define NAMESPACE "urn:nld:"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* ---- source ---- */

/* RFC 8141 section 2: NSS = pchar *( pchar / "/" ). That it is a URI reference was checked. */
static bool nss_valid(const char *s, size_t len)
{
	return len && *s != '/' && !memchr(s, '?', len) && !memchr(s, '#', len);
}

static size_t digits_in(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && is_digit(s[n]))
		n++;
	return n;
}

/* urn:nld:<register>:<id>[:<sub>...], registers oin, rsin, hr:kvknummer, vng (pull request 49 of the profile) */
static const char *pending_fault(const char *nss)
{
	static const struct { const char *name; size_t digits; } registers[] = {
		{ "oin:", 20 }, { "rsin:", 9 }, { "hr:kvknummer:", 8 }, { "vng:", 0 },
	};

	for (size_t i = 0; i < sizeof registers / sizeof *registers; i++) {
		size_t len = strlen(registers[i].name), id;

		if (strncmp(nss, registers[i].name, len) != 0)
			continue;
		id = strcspn(nss + len, ":");
		if (!id || strstr(nss + len, "::") || nss[strlen(nss) - 1] == ':')
			return "has an empty part between its colons";
		if (registers[i].digits && (id != registers[i].digits || digits_in(nss + len, id) != id))
			return "has an identifier that its register does not give out (oin: 20 digits, rsin: 9, hr:kvknummer: 8)";
		return NULL;
	}
	return "names no register that is known (oin, rsin, hr:kvknummer, vng)";
}

static void check_source(const struct event *event, enum cloud_profile profile, nlgov_says *says, void *arg)
{
	const char *source = event->source, *fault;

	if (strncasecmp(source, "http:", 5) == 0 || strncasecmp(source, "https:", 6) == 0) {
		says(arg, true, "source", "points at a place on the web, for which the attribute dataref is (a source is urn:nld:...)");
		return;
	}
	if (strncasecmp(source, NAMESPACE, strlen(NAMESPACE)) != 0) {
		says(arg, true, "source", "is not a URN of the namespace nld (urn:nld:ORGANISATION:SYSTEM)");
		return;
	}
	source += strlen(NAMESPACE);
	if (!nss_valid(source, strlen(source)))
		says(arg, true, "source", "is not a URN of RFC 8141 behind urn:nld:");
	else if (profile == PROFILE_NLGOV_URN && (fault = pending_fault(source)) != NULL)
		says(arg, true, "source", fault);
}

/* ---- type ---- */

struct label {
	const char *p;
	size_t len;
};

static bool is_label(struct label l)
{
	for (size_t i = 0; i < l.len; i++)
		if (!is_alnum(l.p[i]) && l.p[i] != '-' && l.p[i] != '_')
			return false;
	return l.len > 0;
}

static bool is_version(struct label l)
{
	return l.len > 1 && l.p[0] == 'v' && digits_in(l.p + 1, l.len - 1) == l.len - 1;
}

static bool is(struct label l, const char *word)
{
	return *word == *l.p && strlen(word) == l.len && memcmp(l.p, word, l.len) == 0;
}

/* Domains of Dutch registers and APIs whose singular is not a word for something else. */
static const char *plural_of(struct label l)
{
	static const struct { const char *one, *many; } domains[] = {
		{ "zaak", "zaken" }, { "document", "documenten" }, { "besluit", "besluiten" }, { "persoon", "personen" },
		{ "natuurlijk-persoon", "natuurlijke-personen" }, { "object", "objecten" }, { "klant", "klanten" },
		{ "partij", "partijen" }, { "taak", "taken" }, { "adres", "adressen" }, { "gebouw", "gebouwen" },
		{ "voertuig", "voertuigen" }, { "bedrijf", "bedrijven" }, { "zaaktype", "zaaktypen" },
		{ "besluittype", "besluittypen" }, { "klantcontact", "klantcontacten" }, { "verzoek", "verzoeken" },
		{ "vergunning", "vergunningen" }, { "autorisatie", "autorisaties" }, { "notificatie", "notificaties" },
		{ "product", "producten" }, { "organisatie", "organisaties" }, { "contactmoment", "contactmomenten" },
	};

	for (size_t i = 0; i < sizeof domains / sizeof *domains; i++)
		if (is(l, domains[i].one))
			return domains[i].many;
	return NULL;
}

/* The label that may be a domain: nl.DOMAIN.event, or nl.overheid.DOMAIN.event. */
static size_t domain_at(const struct label *v, size_t n)
{
	return n > 3 && is(v[1], "overheid") ? 2 : n > 2 ? 1 : n;
}

#define LABELS 8		/* the first ones; the domain is among them */

static void check_type(const struct event *event, nlgov_says *says, void *arg)
{
	struct label v[LABELS];
	size_t n = 0, versions = 0, domain;

	for (const char *at = event->type;; at++) {
		struct label l = { at, strcspn(at, ".") };

		if (!is_label(l)) {
			says(arg, true, "type", "is not in reverse domain notation (names of letters, digits, - and _, with dots between them)");
			return;
		}
		versions += is_version(l);
		if (n < LABELS)
			v[n++] = l;
		at += l.len;
		if (!*at)
			break;
	}
	if (n < 2)
		says(arg, true, "type", "is not in reverse domain notation (nl.DOMAIN.WHAT-HAPPENED)");
	if (versions > 1)
		says(arg, true, "type", "has more than one version part");
	domain = domain_at(v, n);
	if (domain < n && plural_of(v[domain]))
		says(arg, true, "type", "names its domain in the singular, not in the plural (as zaken, personen, documenten)");
}

void nlgov_check(const struct event *event, enum cloud_profile profile, nlgov_says *says, void *arg)
{
	if (event->source)
		check_source(event, profile, says, arg);
	if (*event->type)
		check_type(event, says, arg);
	if (event->data && event->datacontenttype && !media_is_json(event->datacontenttype))
		says(arg, false, "datacontenttype", "is not JSON");
}
