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
#define HANDLER(key, type, member) ROW(IN_HANDLER, conf_handler, key, type, member), .roles = FOR_DISPATCH
#define HANDLER_OPEN(key, type, member) ROW(IN_HANDLER, conf_handler, key, type, member), .roles = FOR_ALL

const struct section sections[SECTION_KINDS] = {
	[IN_POSTVAK] = { "postvak", false, "Where things are, and limits of the whole. The section may be left out." },
	[IN_ENDPOINT] = { "endpoint", true, "A path at which events are taken in. Any number, each with a name of its own." },
	[IN_SENDER] = { "sender", true, "Who may send, and how that is proved. Endpoints name the senders they take." },
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
	  .help = "Threads of each receiver. Idle connections take none." },
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
	  .help = "How long events are kept after every handler has finished with them." },
	{ POSTVAK("remember", TYPE_DURATION, remember_ms), .fallback = "90d", .min = SECOND, .max = 36500 * DAY,
	  .help = "How long identities of events are kept, by which duplicates are known. At least the retention." },
	{ POSTVAK("dead_retention", TYPE_DURATION, dead_retention_ms), .fallback = "90d", .min = SECOND, .max = 36500 * DAY,
	  .help = "How long dead deliveries wait for an operator before they are removed." },
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
	{ ENDPOINT("invalid", TYPE_CHOICE, invalid), .fallback = "reject", .choices = "reject|quarantine",
	  .help = "What becomes of a body that cannot be taken in: reject answers 400, quarantine answers as if it could and keeps "
		  "it for an operator. For senders that never repeat what was refused." },
	{ ENDPOINT("retired", TYPE_BOOL, retired), .fallback = "no",
	  .help = "Answers 410 to everything." },

	{ SENDER_SECRET("authorization", TYPE_SECRET, authorization), .required = true,
	  .help = "The whole value of the Authorization header, whatever its scheme." },
	{ SENDER("may_send", TYPE_PATTERNS, may_send), .fallback = "**",
	  .help = "Patterns of the event types that this sender may send." },
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
	{ HANDLER("retry", TYPE_RETRY, retry), .fallback = "8 25s 4 14h",
	  .help = "Attempts in all, the wait after the first, the factor by which waits grow, and the longest wait." },
	{ HANDLER("on_dead", TYPE_CHOICE, on_dead), .fallback = "pass", .choices = "pass|hold",
	  .help = "What becomes of later events about the same object after the last attempt failed: pass lets them "
		  "go on, hold keeps them for an operator." },
	{ HANDLER("from", TYPE_FROM, from), .fallback = "now",
	  .help = "Where a handler that is new starts: with what comes from now on, with the oldest event that is kept, "
		  "or a duration back." },
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
		[TYPE_STRING] = "a name",
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
		[TYPE_SENDERS] = "names of sender sections, separated by blanks or commas",
		[TYPE_SECRET] = "file:PATH or env:NAME",
		[TYPE_IDENTITY] = "content, correlation or header:NAME",
		[TYPE_RETRY] = "ATTEMPTS FIRST FACTOR LONGEST, such as 8 25s 4 14h",
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
