/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "conf/settings.h"

#include <string.h>

#define SECOND INT64_C(1000)
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)
#define KIB (INT64_C(1) << 10)
#define MIB (INT64_C(1) << 20)
#define TIB (INT64_C(1) << 40)

#define AT(type_, member) .offset = offsetof(struct type_, member), .width = sizeof ((struct type_ *)0)->member
#define ROW(section_, struct_, key_, type_, member) .section = section_, .key = key_, .type = type_, AT(struct_, member)
#define POSTVAK(key, type, member) ROW(IN_POSTVAK, conf, key, type, member), .roles = FOR_ALL
#define ENDPOINT(key, type, member) ROW(IN_ENDPOINT, conf_endpoint, key, type, member), .roles = FOR_ALL
#define SENDER(key, type, member) ROW(IN_SENDER, conf_sender, key, type, member), .roles = FOR_ALL
#define SENDER_SECRET(key, type, member) ROW(IN_SENDER, conf_sender, key, type, member), .roles = FOR_RECEIVER
#define ISSUER(key, type, member) ROW(IN_ISSUER, conf_issuer, key, type, member), .roles = FOR_RECEIVER | FOR_KEYS
#define ISSUER_SECRET(key, type, member) ROW(IN_ISSUER, conf_issuer, key, type, member), .roles = FOR_KEYS
#define ENDPOINT_SECRET(key, type, member) ROW(IN_ENDPOINT, conf_endpoint, key, type, member), .roles = FOR_RECEIVER
#define HANDLER(key, type, member) ROW(IN_HANDLER, conf_handler, key, type, member), .roles = FOR_DISPATCH
#define HANDLER_OPEN(key, type, member) ROW(IN_HANDLER, conf_handler, key, type, member), .roles = FOR_ALL

const struct section sections[SECTION_KINDS] = {
	[IN_POSTVAK] = { "postvak", false, "Where things are, and limits of the whole. The section may be left out." },
	[IN_ENDPOINT] = { "endpoint", true, "A path at which events are taken in. Any number, each with a name of its own." },
	[IN_SENDER] = { "sender", true, "Who may send, and how that is proved. Endpoints name the senders they take." },
	[IN_ISSUER] = { "issuer", true, "Who issues bearer tokens that senders come with, or publishes the keys that they sign with." },
	[IN_HANDLER] = { "handler", true, "A plugin that handles events whose type matches its patterns." },
};

const struct setting settings[] = {
	{ POSTVAK("store", TYPE_STORE, store), .fallback = "sqlite:.",
	  .help = "Where events are kept. A relative directory is one in state_dir." },
	{ POSTVAK("state_dir", TYPE_DIRECTORY, state_dir), .fallback = LOCALSTATEDIR "/lib/postvak",
	  .help = "Directory for what has to outlive a restart. It must be on a local file system." },
	{ POSTVAK("run_dir", TYPE_DIRECTORY, run_dir), .fallback = "/run/postvak",
	  .help = "Directory for sockets, counters and the process id." },
	{ POSTVAK("listen", TYPE_LISTEN, listen), .fallback = "unix:receiver.sock",
	  .help = "The FastCGI socket that the web server connects to. A relative path is one in run_dir. "
		  "Prefer a unix socket: who can connect to it is believed about the client's address." },
	{ POSTVAK("group", TYPE_STRING, group), .fallback = "",
	  .help = "The web server's group. Its members may use the socket, and may start receivers of their own. "
		  "Empty: only the user and group that postvak runs as." },
	{ POSTVAK("threads", TYPE_INT, threads), .fallback = "4", .min = 1, .max = 1024,
	  .help = "Threads of each receiver. Idle connections take none, and while one thread keeps up, the others rest." },
	{ POSTVAK("threads_max", TYPE_INT, threads_max), .fallback = "64", .min = 1, .max = 4096,
	  .help = "How many slow requests of full size (body_max) are held in memory at once; beyond that the slowest is ended with 408." },
	{ POSTVAK("receivers", TYPE_INT, receivers), .fallback = "1", .min = 0, .max = 64,
	  .help = "Receiver processes to start. 0 when the web server starts them (mod_fcgid, CGI)." },
	{ POSTVAK("body_max", TYPE_SIZE, body_max), .fallback = "1M", .min = KIB, .max = 32 * MIB,
	  .help = "The largest body that is taken. A larger one is answered with 413." },
	{ POSTVAK("read_timeout", TYPE_DURATION, read_timeout_ms), .fallback = "20s", .min = SECOND / 10, .max = HOUR,
	  .help = "For a whole request to come in, however slowly its bytes come." },
	{ POSTVAK("drain", TYPE_DURATION, drain_ms), .fallback = "30s", .min = 0, .max = HOUR,
	  .help = "How long running events may take to finish at a stop or a reload. What still runs then is "
		  "ended, which does not cost it an attempt." },
	{ POSTVAK("disk_reserve", TYPE_SIZE, disk_reserve), .fallback = "256M", .min = 0, .max = 16 * TIB,
	  .help = "Free space below which intake answers 503 while handlers go on." },
	{ POSTVAK("retention", TYPE_DURATION, retention_ms), .fallback = "30d", .min = SECOND, .max = 36500 * DAY,
	  .help = "How long events are kept after they were received, and longer while a handler has not finished with them. What "
		  "is removed when is told by postvak(1), RETENTION." },
	{ POSTVAK("remember", TYPE_DURATION, remember_ms), .fallback = "90d", .min = SECOND, .max = 36500 * DAY,
	  .help = "How long identities of events are kept, by which duplicates are known. At least the retention." },
	{ POSTVAK("dead_retention", TYPE_DURATION, dead_retention_ms), .fallback = "90d", .min = SECOND, .max = 36500 * DAY,
	  .help = "How long dead deliveries wait for an operator before they are removed." },
	{ POSTVAK("failures", TYPE_INT, failures), .fallback = "60", .min = 0, .max = 1000000,
	  .help = "Failed authentications a minute that one address may cause before the answers to more are held back for a few "
		  "seconds. What is right is never held back. 0: never." },
	{ POSTVAK("log", TYPE_CHOICE, log_level), .fallback = "info", .choices = "debug|info|warn|error",
	  .help = "The least important lines that are logged, on standard error." },

	{ ENDPOINT("path", TYPE_URL_PATH, path), .required = true,
	  .help = "The path of the request target, exactly as the sender writes it. It starts with a slash." },
	{ ENDPOINT("accepts", TYPE_ACCEPTS, accepts), .fallback = "nrc",
	  .help = "What is taken. nrc: notifications of the Dutch Notificaties API; cloudevents: CloudEvents 1.0; both: either, "
		  "told apart by content type and ce- headers; json: any other JSON webhook, by its map settings. "
		  "cloudevents and json may stand together: what is no CloudEvent is mapped." },
	{ ENDPOINT("senders", TYPE_SENDERS, senders), .required = true,
	  .help = "Who may send here: names of sender sections." },
	{ ENDPOINT("profile", TYPE_PROFILE, profile), .fallback = "lenient nlgov",
	  .help = "How strictly. Of notifications: lenient takes what real senders send (other members, empty or missing "
		  "kenmerken, a time without an offset or in the future); strict is the standard to the letter. "
		  "Of CloudEvents: cncf is CloudEvents alone; nlgov also notes with each event what deviates from the "
		  "NL GOV profile; nlgov-strict refuses that; nlgov-urn is nlgov-strict with the rules for sources (URNs) "
		  "that are pending for that profile. Where both are taken, one of each may be named." },
	{ ENDPOINT("batch", TYPE_INT, batch), .fallback = "0", .min = 0, .max = 1000,
	  .help = "How many CloudEvents one request may hold, all of them recorded or none. 0: batches are refused with 415." },
	{ ENDPOINT("payload", TYPE_CHOICE, payload_optional), .fallback = "required", .choices = "required|optional",
	  .help = "Whether a CloudEvent in binary mode needs a Content-Type and a body, as the web hook specification has it; "
		  "the HTTP binding alone does not ask for them." },
	{ ENDPOINT("https", TYPE_BOOL, https), .fallback = "yes",
	  .help = "Whether requests have to come over HTTPS, where accepts has cloudevents, both or json: plain HTTP from another "
		  "machine is then answered with 403, if the web server passes HTTPS or REQUEST_SCHEME. "
		  "Set it to no where something in front ends TLS." },
	{ ENDPOINT("answer", TYPE_CHOICE, answer), .fallback = "auto", .choices = "auto|200|202|204",
	  .help = "The status of the answer to what was recorded. auto: 204 to a notification, 202 to anything else; "
		  "for senders that want another one." },
	{ ENDPOINT("origins", TYPE_ORIGINS, origins),
	  .help = "Senders that the OPTIONS handshake of CloudEvents web hooks grants permission to. "
		  "Not set, and unlisted is refuse: there is no handshake, and OPTIONS is answered with 405." },
	{ ENDPOINT("unlisted", TYPE_CHOICE, unlisted), .fallback = "refuse", .choices = "refuse|ask",
	  .help = "What becomes of a handshake whose origin is not listed. ask: if it names a callback, it waits for an "
		  "operator (postvak handshakes)." },
	{ ENDPOINT("origin_required", TYPE_BOOL, origin_required), .fallback = "no",
	  .help = "Whether each delivery has to name its origin (WebHook-Request-Origin). "
		  "One that is named has to be granted in any case, where there is a handshake." },
	{ ENDPOINT("origin_rate", TYPE_INT, origin_rate), .fallback = "0", .min = 0, .max = 1000000,
	  .help = "Requests a minute that one origin is granted; more are answered with 429. 0: no limit." },
	{ ENDPOINT("map.id", TYPE_MAPPING, map[MAP_ID]),
	  .help = "Where accepts has json: what identifies the event within its source. content: a hash of the body." },
	{ ENDPOINT("map.type", TYPE_MAPPING, map[MAP_TYPE]),
	  .help = "Where accepts has json: its type, which handlers' patterns match." },
	{ ENDPOINT("map.source", TYPE_MAPPING, map[MAP_SOURCE]),
	  .help = "Where accepts has json: where it comes from, a URI reference." },
	{ ENDPOINT("map.subject", TYPE_MAPPING, map[MAP_SUBJECT]),
	  .help = "What it is about, within the source. none, as the last alternative: left out when the others are missing." },
	{ ENDPOINT("map.time", TYPE_MAPPING, map[MAP_TIME]),
	  .help = "When it happened: a time of RFC 3339, or seconds or milliseconds since 1970. received: when it came." },
	{ ENDPOINT("map.lane", TYPE_MAPPING, map[MAP_LANE]),
	  .help = "The object whose events stay in order. Not set: the subject, within the source." },
	{ ENDPOINT("rate", TYPE_INT, rate), .fallback = "0", .min = 0, .max = 1000000,
	  .help = "Requests a minute that are taken here from all senders together; more are answered with 429. 0: no limit." },
	{ ENDPOINT("url", TYPE_WEB_URL, url),
	  .help = "This endpoint as its senders write it, where signatures cover it and what the web server passes on differs "
		  "(another host name, another path). Not set: what the request says." },
	{ ENDPOINT("handshake.eventgrid", TYPE_WORDS, handshake.eventgrid),
	  .help = "Answers the validation of Azure Event Grid (its own schema), for subscriptions of these names "
		  "(aeg-subscription-name), or * for any." },
	{ ENDPOINT("handshake.graph", TYPE_BOOL, handshake.graph), .fallback = "no",
	  .help = "Answers the validation of Microsoft Graph (validationToken). Nobody proves anything with it, so let the path be one "
		  "that cannot be guessed." },
	{ ENDPOINT("handshake.x", TYPE_BOOL, handshake.x), .fallback = "no",
	  .help = "Answers the challenge of X (crc_token) with the secret of the sender whose signature is x. Likewise." },
	{ ENDPOINT_SECRET("handshake.meta", TYPE_SECRET, handshake.meta),
	  .help = "Answers the challenge of Meta (hub.challenge) to who knows one of these verify tokens." },
	{ ENDPOINT("handshake.websub", TYPE_WORDS, handshake.websub),
	  .help = "Answers the verification of WebSub hubs (hub.challenge) for these topics, URLs." },
	{ ENDPOINT("handshake.slack", TYPE_BOOL, handshake.slack), .fallback = "no",
	  .help = "Answers the url_verification of Slack, once the sender is admitted." },
	{ ENDPOINT("invalid", TYPE_CHOICE, invalid), .fallback = "reject", .choices = "reject|quarantine",
	  .help = "What becomes of a body that cannot be taken in: reject answers 400, quarantine answers as if it could and keeps "
		  "it for an operator. For senders that never repeat what was refused." },
	{ ENDPOINT("retired", TYPE_BOOL, retired), .fallback = "no",
	  .help = "Answers 410 to everything." },

	{ SENDER("require", TYPE_CHOICE, require), .fallback = "all", .choices = "all|any",
	  .help = "Whether a request needs all of the credentials that are set here, or any one of them, as while a sender changes "
		  "from one to another." },
	{ SENDER_SECRET("authorization", TYPE_SECRET, authorization),
	  .help = "The whole value of the Authorization header, whatever its scheme." },
	{ SENDER_SECRET("basic", TYPE_SECRET, basic),
	  .help = "USER:PASSWORD of the Authorization scheme Basic." },
	{ SENDER_SECRET("api_key", TYPE_SECRET, api_key),
	  .help = "The value of the header that api_key_header names." },
	{ SENDER("api_key_header", TYPE_HEADER, api_key_header), .fallback = "x-api-key",
	  .help = "Where the api_key stands." },
	{ SENDER_SECRET("client_state", TYPE_SECRET, client_state),
	  .help = "The clientState that each item of a change notification of Microsoft Graph has to have." },
	{ SENDER_SECRET("zgw", TYPE_SECRET, zgw),
	  .help = "CLIENT_ID:SECRET, with which the sender makes a JWT (HS256) for each request, as ZGW APIs have it." },
	{ SENDER("iat_max_age", TYPE_DURATION, iat_max_age_ms), .fallback = "0s", .min = 0, .max = 36500 * DAY,
	  .help = "How old a ZGW JWT may be by its iat. 0s: of any age, for senders that made theirs once and keep it." },
	{ SENDER("token", TYPE_ISSUERS, issuers),
	  .help = "Bearer tokens of these issuers: names of issuer sections." },
	{ SENDER("scopes", TYPE_WORDS, scopes),
	  .help = "Scopes that a token has to have, all of them (scope, scp or roles)." },
	{ SENDER("clients", TYPE_WORDS, clients),
	  .help = "Clients whose tokens are this sender's (client_id, azp, appid, or sub where there is none). Needed where several "
		  "senders of an endpoint have tokens of one issuer." },
	{ SENDER("bound", TYPE_BOOL, bound), .fallback = "no",
	  .help = "Whether a token has to be bound to the TLS client certificate (cnf of RFC 8705). One that says that it is bound is "
		  "held to it in any case." },
	{ SENDER("tls_subject", TYPE_SUBJECT, tls_subject),
	  .help = "Attributes that the subject of the TLS client certificate has to have, as serialNumber=00000001823288444000, "
		  "O=Gemeente Voorbeeld; alternatives behind |. Only what a web server on the same machine passes counts." },
	{ SENDER("tls_names", TYPE_NAMES, tls_names),
	  .help = "Subject alternative names of the TLS client certificate, of which it has to have one." },
	{ SENDER("signature", TYPE_CHOICE, signing.scheme), .fallback = "none",
	  .choices = "none|standard-webhooks|svix|github|websub|slack|x|stripe|template|rfc9421|jws|adr-payload|adr-message",
	  .help = "How the sender signs the request: Standard Webhooks (also with the header names of Svix); X-Hub-Signature-256 of "
		  "GitHub and Meta; X-Hub-Signature of WebSub; Slack; X; Stripe; anything with a shared secret that signature.text "
		  "describes; HTTP Message Signatures (RFC 9421); detached JWS (RFC 7797) of the body; the signing module of the "
		  "Dutch API Design Rules, of the body or the message." },
	{ SENDER_SECRET("signature.secret", TYPE_SECRET, signing.secret),
	  .help = "What it signs with, where that is a shared secret; whsec_ and whpk_ keys of Standard Webhooks." },
	{ SENDER_SECRET("signature.keys", TYPE_KEYS, signing.keys),
	  .help = "Public keys of who signs with a private one, PEM or JWKS; or those that an issuer publishes." },
	{ SENDER("signature.header", TYPE_HEADER, signing.header),
	  .help = "Where the signature stands, if not where its scheme has it." },
	{ SENDER("signature.max_age", TYPE_DURATION, signing.max_age_ms), .fallback = "5m", .min = 0, .max = 36500 * DAY,
	  .help = "How far the time of a signature may be off, before or behind; where its scheme has none it has no effect: jws has "
		  "one only where its header has iat. 0s: by any time." },
	{ SENDER("signature.hash", TYPE_WORDS, signing.hash),
	  .help = "For template and websub, of sha1, sha256, sha384 and sha512: what it may use. Not set: sha256; for websub all but sha1." },
	{ SENDER("signature.algorithms", TYPE_WORDS, signing.algorithms),
	  .help = "What it may sign with: of rfc9421 rsa-pss-sha512, rsa-v1_5-sha256, ecdsa-p256-sha256, ecdsa-p384-sha384, ed25519 and "
		  "hmac-sha256; of the others RS256, PS256, ES256, ES384, EdDSA and HS256. Not set: PS256 for adr-payload and "
		  "adr-message, for the others all that its keys are for." },
	{ SENDER("signature.components", TYPE_WORDS, signing.components),
	  .help = "For rfc9421 and adr-message: what has to be signed; a|b is one of the two, NAME* each header that begins so. "
		  "Not set: @method, @authority, @path or @target-uri, content-digest, content-type and ce-*; for adr-message "
		  "(request-target), host, content-type, content-length and ce-* as far as they are there. "
		  "For adr-message digest is always needed, and origin and content-encoding where they are there." },
	{ SENDER("signature.tag", TYPE_STRING, signing.tag),
	  .help = "For rfc9421: the tag that the signature has to have." },
	{ SENDER("signature.text", TYPE_STRING, signing.text),
	  .help = "For template: what is signed, with {body} in it, and {timestamp}, {id}, {method}, {path}, {url}, {header:NAME}." },
	{ SENDER("signature.prefix", TYPE_STRING, signing.prefix),
	  .help = "For template: what stands before the signature in its header, as sha256=; {hash} in it is the name of the hash." },
	{ SENDER("signature.separator", TYPE_STRING, signing.separator),
	  .help = "For template: what stands between several parts of the header, one character or the word blank or "
		  "semicolon." },
	{ SENDER("signature.encoding", TYPE_CHOICE, signing.encoding), .fallback = "hex", .choices = "hex|base64|base64url",
	  .help = "For template: how the signature is written." },
	{ SENDER("signature.timestamp", TYPE_STRING, signing.timestamp),
	  .help = "For template: where the time (seconds since 1970) stands: header:NAME, or part:PREFIX in the header of the signature." },
	{ SENDER("signature.id", TYPE_STRING, signing.id),
	  .help = "For template: where the {id} stands: header:NAME." },
	{ SENDER("signature.binary", TYPE_BOOL, signing.binary), .fallback = "no",
	  .help = "Whether CloudEvents in binary mode are taken with a signature that does not cover their headers. All but rfc9421 "
		  "and adr-message do not: who saw a request can send it again as another event." },
	{ SENDER("may_send", TYPE_PATTERNS, may_send), .fallback = "**",
	  .help = "Patterns of the event types that this sender may send." },
	{ SENDER("sources", TYPE_SOURCES, sources),
	  .help = "Patterns of the sources that this sender may send from; * stands for any text, also none. Not set: any source." },
	{ SENDER("query_token", TYPE_BOOL, query_token), .fallback = "no",
	  .help = "Whether a bearer token is also taken from the query (access_token=TOKEN), for senders that can set no header. "
		  "Web servers write queries into their logs, so keep this off where you can." },
	{ SENDER("rate", TYPE_INT, rate), .fallback = "0", .min = 0, .max = 1000000,
	  .help = "Requests a minute that are taken from this sender; more are answered with 429. 0: no limit." },
	{ SENDER("identity", TYPE_IDENTITY, identity), .fallback = "content",
	  .help = "By what a repeated notification is known, since it carries no id. content: everything in it; "
		  "correlation: everything but aanmaakdatum, with X-Correlation-Id; header:NAME: the value of that header. "
		  "Where the header is missing, content is used." },
	{ SENDER("identity_group", TYPE_STRING, identity_group),
	  .help = "A name shared by senders that relay the same events, so that each event is taken once. "
		  "Not set: the sender's own name." },

	{ ISSUER("issuer", TYPE_STRING, issuer),
	  .help = "The iss of its tokens, exactly." },
	{ ISSUER("jwks", TYPE_KEYS, jwks),
	  .help = "Its public keys: the URL of its JWK Set, or file:PATH of one (or of keys in PEM)." },
	{ ISSUER("discovery", TYPE_HTTPS_URL, discovery),
	  .help = "The URL of its metadata (OpenID Connect Discovery, RFC 8414), which name its keys; instead of jwks." },
	{ ISSUER("algorithms", TYPE_WORDS, algorithms), .fallback = "RS256 PS256 ES256 ES384 EdDSA",
	  .help = "What its tokens may be signed with." },
	{ ISSUER("audience", TYPE_WORDS, audience),
	  .help = "What the aud of a token has to name, one of these; none: a token needs no aud, as those of Maskinporten." },
	{ ISSUER("at_jwt", TYPE_BOOL, at_jwt), .fallback = "no",
	  .help = "Whether typ of a token has to be at+jwt (RFC 9068)." },
	{ ISSUER("leeway", TYPE_DURATION, leeway_ms), .fallback = "1m", .min = 0, .max = HOUR,
	  .help = "How much its clock may be off." },
	{ ISSUER("introspection", TYPE_HTTPS_URL, introspection),
	  .help = "Where it is asked about each token (RFC 7662), instead of keys." },
	{ ISSUER("client_id", TYPE_STRING, client_id),
	  .help = "What Postvak is known by there." },
	{ ISSUER_SECRET("client_secret", TYPE_SECRET, client_secret),
	  .help = "The secret that goes with it (client_secret_basic); the first line counts." },
	{ ISSUER_SECRET("client_key", TYPE_KEYS, client_key),
	  .help = "Instead of that, the private key with which Postvak signs (private_key_jwt): file:PATH in PEM." },
	{ ISSUER("cache", TYPE_DURATION, cache_ms), .fallback = "60s", .min = SECOND, .max = HOUR,
	  .help = "How long it is not asked again about a token that was good." },
	{ ISSUER("refresh", TYPE_DURATION, refresh_ms), .fallback = "10m", .min = 60 * SECOND, .max = DAY,
	  .help = "How often its keys are fetched, where its answer says nothing (max-age)." },
	{ ISSUER("stale", TYPE_DURATION, stale_ms), .fallback = "7d", .min = 0, .max = 365 * DAY,
	  .help = "How long the last keys are used while it cannot be reached. After that its tokens are answered with 503." },
	{ ISSUER("ca", TYPE_PATH, ca),
	  .help = "Certificates (PEM) by which its own is checked. Not set: those of the system." },

	{ HANDLER("plugin", TYPE_PLUGIN, plugin), .required = true,
	  .help = "The shared object. A name without a slash is looked up in the handler directory, and .so is added "
		  "when it is missing; a path is relative to the configuration file." },
	{ HANDLER_OPEN("events", TYPE_PATTERNS, events), .required = true,
	  .help = "Patterns of the event types that it handles." },
	{ HANDLER("runners", TYPE_INT, runners), .fallback = "1", .min = 1, .max = 256,
	  .help = "Processes that run it side by side." },
	{ HANDLER("order", TYPE_CHOICE, order), .fallback = "object", .choices = "object|none",
	  .help = "object: events about one object run one at a time in the order they came; none: in any order." },
	{ HANDLER("deadline", TYPE_DURATION, deadline_ms), .fallback = "30s", .min = 10, .max = DAY,
	  .help = "How long one event may take before its runner is killed, which costs it an attempt." },
	{ HANDLER("retry", TYPE_RETRY, retry), .fallback = "8 25s 4 52000s",
	  .help = "Attempts in all, the wait after the first, the factor by which waits grow, and the longest wait; see "
		  "Retries and pauses below." },
	{ HANDLER("circuit", TYPE_CIRCUIT, circuit), .fallback = "20 10s 2 10m",
	  .help = "When the handler is paused by itself: after so many events in a row failed, each of them another one. Then one event "
		  "is tried now and then: the wait before the first, the factor by which waits grow, and the longest wait. "
		  "See Retries and pauses below." },
	{ HANDLER("on_dead", TYPE_CHOICE, on_dead), .fallback = "pass", .choices = "pass|hold",
	  .help = "What becomes of later events about the same object after the last attempt failed: pass lets them "
		  "go on, hold keeps them for an operator." },
	{ HANDLER("from", TYPE_FROM, from), .fallback = "now",
	  .help = "Where a handler that is new starts: with what comes from now on, with the oldest event that is kept, "
		  "or a duration back." },
	{ HANDLER("source", TYPE_STRING, source),
	  .help = "The source of the events that it emits: a URI reference, such as urn:nld:oin:00000001823288444000:systeem:zaakverloop. "
		  "Not set: /handlers/ and its name." },
	{ HANDLER("memory", TYPE_SIZE, memory), .fallback = "256M", .min = 0, .max = 16 * TIB,
	  .help = "Memory of each runner. 0: no limit." },
};
const size_t settings_n = sizeof settings / sizeof *settings;

const struct setting *setting_find(enum section_kind section, const char *key)
{
	for (size_t i = 0; i < settings_n; i++)
		if (settings[i].section == section && strcmp(settings[i].key, key) == 0)
			return &settings[i];
	return NULL;
}

size_t setting_number(const struct setting *setting)
{
	return (size_t)(setting - settings);
}

static void print_limit(const struct setting *s, int64_t limit, struct buf *out)
{
	if (s->type == TYPE_SIZE)
		size_print((uint64_t)limit, out);
	else if (s->type == TYPE_DURATION)
		duration_print(limit, out);
	else
		buf_fmt(out, "%lld", (long long)limit);
}

static void print_choices(const char *choices, struct buf *out)
{
	for (const char *at = choices; *at; at++) {
		if (*at != '|')
			buf_char(out, *at);
		else
			buf_str(out, strchr(at + 1, '|') ? ", " : " or ");
	}
}

void setting_takes(const struct setting *s, struct buf *out)
{
	static const char *const takes[] = {
		[TYPE_STRING] = "a text",
		[TYPE_DIRECTORY] = "the path of a directory",
		[TYPE_STORE] = "sqlite:DIRECTORY, or memory: for tests",
		[TYPE_LISTEN] = "unix:PATH or tcp:ADDRESS:PORT with an address in numbers",
		[TYPE_PLUGIN] = "a name, or a path with a slash",
		[TYPE_URL_PATH] = "a path that starts with a slash and has no query",
		[TYPE_PATTERNS] = "event types, separated by blanks or commas; * is one label, ** at the end the rest",
		[TYPE_ORIGINS] = "host names, separated by blanks or commas, or * for any",
		[TYPE_MAPPING] = "JSON pointers, header:NAME and texts that are joined, with alternatives behind |",
		[TYPE_ACCEPTS] = "nrc, cloudevents, both, json, or cloudevents json",
		[TYPE_PROFILE] = "lenient or strict, and cncf, nlgov, nlgov-strict or nlgov-urn",
		[TYPE_INT] = "a whole number",
		[TYPE_SIZE] = "a size in bytes such as 64K, 1M or 2G",
		[TYPE_DURATION] = "a duration such as 250ms, 20s, 5m, 14h or 30d",
		[TYPE_BOOL] = "yes or no",
		[TYPE_WORDS] = "words, separated by blanks or commas",
		[TYPE_HEADER] = "the name of a header",
		[TYPE_WEB_URL] = "an http or https URL without a query",
		[TYPE_HTTPS_URL] = "an https URL",
		[TYPE_PATH] = "the path of a file",
		[TYPE_SOURCES] = "URI references, separated by blanks or commas, in which * is any text",
		[TYPE_SUBJECT] = "NAME=VALUE, NAME=VALUE | NAME=VALUE; a comma or | in a value is written with \\ before it",
		[TYPE_NAMES] = "DNS:NAME, URI:URI or email:ADDRESS, separated by blanks or commas",
		[TYPE_KEYS] = "file:PATH, or an https URL (jwks), or issuer:NAME (signature.keys)",
		[TYPE_ISSUERS] = "names of issuer sections, separated by blanks or commas",
		[TYPE_SENDERS] = "names of sender sections, separated by blanks or commas",
		[TYPE_SECRET] = "file:PATH or env:NAME",
		[TYPE_IDENTITY] = "content, correlation or header:NAME",
		[TYPE_RETRY] = "ATTEMPTS FIRST FACTOR LONGEST, such as 8 25s 4 14h",
		[TYPE_CIRCUIT] = "off, or EVENTS FIRST FACTOR LONGEST, such as 20 10s 2 10m",
		[TYPE_FROM] = "now, beginning or a duration such as 7d",
	};

	if (s->type == TYPE_CHOICE)
		print_choices(s->choices, out);
	else
		buf_str(out, takes[s->type]);
	if (s->type == TYPE_INT || s->type == TYPE_SIZE || s->type == TYPE_DURATION) {
		buf_str(out, ", from ");
		print_limit(s, s->min, out);
		buf_str(out, " to ");
		print_limit(s, s->max, out);
	}
}
