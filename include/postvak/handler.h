/* SPDX-License-Identifier: EUPL-1.2
 *
 * Postvak: the interface of a handler. See postvak-handler(3).
 *
 * A handler is one shared object that exports one symbol, `postvak_handler`. It links against
 * nothing of Postvak: every call goes through a table that its host or event carries. It runs in a
 * process of its own (postvak-runner), one event at a time, so it may block, and a crash costs only
 * the event that it was busy with one attempt.
 *
 * Changes, newest first (an addition is a minor, anything else a major):
 *   1.2  pv_state, pv_set_state and pv_emit do what they say.
 *   1.1  pv_attr_at: all attributes, in the order received.
 *   1.0  first version. pv_state, pv_set_state and pv_emit are there and answer that they are not
 *        supported yet (NULL; -1 with ENOTSUP).
 */
#ifndef POSTVAK_HANDLER_H
#define POSTVAK_HANDLER_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PV_ABI_MAJOR 1
#define PV_ABI_MINOR 2

/* What run() answers. Anything else counts as PV_RETRY. */
#define PV_DONE  0	/* finished */
#define PV_RETRY 1	/* not now: again later, by policy or by pv_retry_after() */
#define PV_DEAD  2	/* it will never succeed: set aside for a person */

/* pv_log levels */
#define PV_DEBUG 0
#define PV_INFO  1
#define PV_WARN  2
#define PV_ERROR 3

/* Kinds of options */
#define PV_STRING 0
#define PV_INT    1	/* decimal, 64 bits */
#define PV_BOOL   2	/* yes/no, true/false, on/off, 1/0 */

#if defined(__GNUC__) || defined(__clang__)
#define PV_EXPORT __attribute__((visibility("default")))
#define PV_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define PV_EXPORT
#define PV_PRINTF(fmt, args)
#endif

struct pv_host;
struct pv_event;

/* The table of host calls. Only ever appended to; `size` says how much of it the host has. Call the
 * pv_ functions below, not the table. */
struct pv_calls {
	size_t size;
	const char *(*attr)(struct pv_event *, const char *name);
	const char *(*header)(struct pv_event *, const char *name);
	const char *(*key)(struct pv_event *);
	const char *(*sender)(struct pv_event *);
	int64_t (*received_ms)(struct pv_event *);
	int (*attempt)(struct pv_event *);
	const void *(*data)(struct pv_event *, size_t *len);
	const char *(*str)(struct pv_event *, const char *pointer);
	int (*integer)(struct pv_event *, const char *pointer, int64_t *out);
	int (*boolean)(struct pv_event *, const char *pointer, int *out);
	void (*retry_after)(struct pv_event *, int seconds);
	void (*vnote)(struct pv_event *, const char *fmt, va_list args);
	const void *(*state)(struct pv_event *, size_t *len);
	int (*set_state)(struct pv_event *, const void *p, size_t len);
	int (*emit)(struct pv_event *, const char *type, const char *subject, const char *mediatype,
		    const void *data, size_t len);
	const char *(*option_str)(struct pv_host *, const char *name);
	int64_t (*option_int)(struct pv_host *, const char *name);
	int (*option_bool)(struct pv_host *, const char *name);
	void (*vlog)(struct pv_host *, int level, const char *fmt, va_list args);
	void (*vfail)(struct pv_host *, const char *fmt, va_list args);
	int64_t (*time_left_ms)(struct pv_host *);
	/* 1.1 */
	const char *(*attr_at)(struct pv_event *, size_t i, const char **name);
};

/* What host and event pointers point at: the table, and more that is not yours. */
struct pv_host { const struct pv_calls *calls; };
struct pv_event { const struct pv_calls *calls; };

/* One option of a handler, set as `option.NAME = VALUE` in its [handler] section. */
struct pv_option {
	const char *name;
	int kind;		/* PV_STRING, PV_INT, PV_BOOL */
	const char *fallback;	/* as it would be written; NULL: the option must be set */
	const char *help;	/* one line */
};

/* The descriptor. Fill it with PV_HANDLER. */
struct pv_handler {
	uint32_t abi_major, abi_minor, size;	/* these three stand first in every version */
	const char *note;			/* the marked text; keeps it in the file */
	const char *name, *version;
	const struct pv_option *options;	/* ended by one without a name; NULL: none */
	int uses_state;				/* 1: needs order = object */
	int (*open)(struct pv_host *, void **state);	/* once per runner; 0, or -1 after pv_fail(); may be NULL */
	int (*run)(struct pv_host *, void *state, struct pv_event *);	/* PV_DONE, PV_RETRY, PV_DEAD */
	void (*close)(struct pv_host *, void *state);	/* at drain; not promised after a crash; may be NULL */
};

/* Tools read a handler's name, version, ABI and options from the marked text in its file, without
 * running a byte of it. It is the marker; a line `NAME VERSION MAJOR.MINOR`; for each option the
 * lines `option NAME KIND` (0 string, 1 integer, 2 boolean), `fallback "..."` (as in the source; when it does not
 * start with a quotation mark the option must be set) and `help TEXT`; and an empty line. */
#define PV_NOTE_MARK "@(#)postvak-handler\n"
#define PV_TEXT_(x) #x
#define PV_TEXT(x) PV_TEXT_(x)

/* Options are written once, as a list, and become both the table and the marked text:
 *
 *	#define OPTIONS(X) \
 *		X("path", PV_STRING, "-", "file that lines are appended to; - is standard output") \
 *		X("data", PV_BOOL, "no", "add the data of each event")
 *
 *	PV_HANDLER("log", "1.0", OPTIONS,
 *		.open = log_open, .run = log_run, .close = log_close);
 *
 * Name and version are string literals without blanks. Without options pass PV_NO_OPTIONS. An option
 * that must be set has the fallback PV_REQUIRED. What follows the list is in the order of struct
 * pv_handler, which C++ insists on. */
#define PV_NO_OPTIONS(X)
#define PV_REQUIRED NULL
#define PV_OPTION_ROW_(name, kind, fallback, help) { name, kind, fallback, help },
#define PV_OPTION_NOTE_(name, kind, fallback, help) \
	"option " name " " PV_TEXT_(kind) "\nfallback " PV_TEXT_(fallback) "\nhelp " help "\n"
#define PV_HANDLER(handler_name, handler_version, options_list, ...) \
	static const struct pv_option pv_options_[] = { options_list(PV_OPTION_ROW_) { NULL, 0, NULL, NULL } }; \
	PV_EXPORT extern const struct pv_handler postvak_handler; \
	const struct pv_handler postvak_handler = { \
		.abi_major = PV_ABI_MAJOR, .abi_minor = PV_ABI_MINOR, .size = (uint32_t)sizeof(struct pv_handler), \
		.note = PV_NOTE_MARK handler_name " " handler_version " " PV_TEXT(PV_ABI_MAJOR) "." PV_TEXT(PV_ABI_MINOR) "\n" \
			options_list(PV_OPTION_NOTE_) "\n", \
		.name = handler_name, .version = handler_version, .options = pv_options_, \
		__VA_ARGS__ \
	}

/* ---- the event: read-only; what is returned lives until run() returns; NULL when absent ---- */

/* A CloudEvents attribute by its name: id source type subject time datacontenttype, dataschema, specversion,
 * or an extension. */
static inline const char *pv_attr(struct pv_event *ev, const char *name) { return ev->calls->attr(ev, name); }
/* All attributes, from i = 0, in the order received (a notification has those that Postvak gives it): the value,
 * and *name; NULL behind the last. */
static inline const char *pv_attr_at(struct pv_event *ev, size_t i, const char **name) { return ev->calls->attr_at(ev, i, name); }
static inline const char *pv_id(struct pv_event *ev) { return pv_attr(ev, "id"); }
static inline const char *pv_source(struct pv_event *ev) { return pv_attr(ev, "source"); }
static inline const char *pv_type(struct pv_event *ev) { return pv_attr(ev, "type"); }
static inline const char *pv_subject(struct pv_event *ev) { return pv_attr(ev, "subject"); }
static inline const char *pv_time(struct pv_event *ev) { return pv_attr(ev, "time"); }	/* as the sender spelled it */
/* Of the request it came in: content-type x-correlation-id x-batch-id traceparent tracestate, and those that a
 * mapping names. */
static inline const char *pv_header(struct pv_event *ev, const char *name) { return ev->calls->header(ev, name); }
/* Stable over retries and replays, 32 hex digits: pass it downstream as idempotency key. */
static inline const char *pv_key(struct pv_event *ev) { return ev->calls->key(ev); }
static inline const char *pv_sender(struct pv_event *ev) { return ev->calls->sender(ev); }	/* its name in the configuration */
static inline int64_t pv_received_ms(struct pv_event *ev) { return ev->calls->received_ms(ev); }	/* since 1970, UTC */
static inline int pv_attempt(struct pv_event *ev) { return ev->calls->attempt(ev); }	/* 1: the first */
/* The bytes as received (NRC: the whole notification); a NUL follows them that *len does not count. */
static inline const void *pv_data(struct pv_event *ev, size_t *len) { return ev->calls->data(ev, len); }
/* A value in JSON data by JSON pointer (RFC 6901). Text of a string, number or boolean; or NULL. */
static inline const char *pv_str(struct pv_event *ev, const char *pointer) { return ev->calls->str(ev, pointer); }
/* 0 and *out, or -1 when nothing of that kind is there. */
static inline int pv_int(struct pv_event *ev, const char *pointer, int64_t *out) { return ev->calls->integer(ev, pointer, out); }
static inline int pv_bool(struct pv_event *ev, const char *pointer, int *out) { return ev->calls->boolean(ev, pointer, out); }

/* ---- the answer ---- */

/* With PV_RETRY: after so many seconds instead of the policy's wait. 1 to 604800; less counts as 1, more
 * as 604800. */
static inline void pv_retry_after(struct pv_event *ev, int seconds) { ev->calls->retry_after(ev, seconds); }
/* One line for the event's history (at most 1000 bytes; control characters become blanks; the last call
 * counts). No personal data. */
static inline void PV_PRINTF(2, 3) pv_note(struct pv_event *ev, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	ev->calls->vnote(ev, fmt, args);
	va_end(args);
}
/* What follows is kept by PV_DONE alone, together with the fact that the event was done: exactly once. */

/* The state that this handler keeps for the event's object (its lane), aligned for any type; a NUL follows it that *len
 * does not count. NULL and *len 0: there is none. Once pv_set_state was called it is what that was given. */
static inline const void *pv_state(struct pv_event *ev, size_t *len) { return ev->calls->state(ev, len); }
/* Replaces it by a copy of these bytes, at most 65536; len 0 drops it. 0, or -1 with errno EMSGSIZE (too large), ENOTSUP
 * (the descriptor does not say uses_state), ENXIO (the event is about no object), EINVAL (p is NULL and len is not 0). */
static inline int pv_set_state(struct pv_event *ev, const void *p, size_t len) { return ev->calls->set_state(ev, p, len); }
/* Emits an event: a CloudEvent that handlers' patterns match by its type. subject: what it is about, which with the source
 * is its lane; or NULL. mediatype: NULL is application/json. data and len: or NULL and 0. All is copied. Running the event
 * again emits nothing new: the i-th that it emits is always the same event. 0, or -1 with errno EINVAL (a type, subject
 * or mediatype that no CloudEvent has) or EMSGSIZE (more than 100 events in one run, or more than 1 MiB in all). */
static inline int pv_emit(struct pv_event *ev, const char *type, const char *subject, const char *mediatype,
			  const void *data, size_t len)
{
	return ev->calls->emit(ev, type, subject, mediatype, data, len);
}

/* ---- the host ---- */

/* Options that the handler declared; checked before start, so these cannot fail. pv_option_str is for
 * every kind. */
static inline const char *pv_option_str(struct pv_host *host, const char *name) { return host->calls->option_str(host, name); }
static inline int64_t pv_option_int(struct pv_host *host, const char *name) { return host->calls->option_int(host, name); }
static inline int pv_option_bool(struct pv_host *host, const char *name) { return host->calls->option_bool(host, name); }
/* A line in the log. Never a body, a secret or a subject. */
static inline void PV_PRINTF(3, 4) pv_log(struct pv_host *host, int level, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	host->calls->vlog(host, level, fmt, args);
	va_end(args);
}
/* In open(): says why it fails, in one sentence. Returns -1. */
static inline int PV_PRINTF(2, 3) pv_fail(struct pv_host *host, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	host->calls->vfail(host, fmt, args);
	va_end(args);
	return -1;
}
/* In run(): milliseconds until this event's deadline, then 0; the runner is killed some time after it. */
static inline int64_t pv_time_left_ms(struct pv_host *host) { return host->calls->time_left_ms(host); }

#ifdef __cplusplus
}
#endif
#endif
