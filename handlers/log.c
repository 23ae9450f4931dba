/* SPDX-License-Identifier: EUPL-1.2
 * The handler that writes each event down: a line of JSON per event, appended to a file or written
 * to standard output.
 *
 * Several runners may append to one file. Each line is one write(2) under a lock of the file. When it
 * does not fit on the disk what was written of it is taken off again and the event waits; when
 * somebody was killed in the middle of a line, the next one starts on a line of its own. Standard
 * output may be shared with anyone, so nothing can be taken off there: the line is ended and
 * written again later. DONE means that the kernel has the line, not that the disk has.
 *
 * A renamed file is written on until the configuration is loaded again (SIGHUP of `postvak
 * serve`): a new generation is a new process, which opens the file by its name. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <postvak/handler.h>

#define OPTIONS(X) \
	X("path", PV_STRING, "-", "absolute path of the file that lines are appended to; - is standard output") \
	X("subject", PV_BOOL, "no", "add the subject of each event, which may be personal data") \
	X("data", PV_BOOL, "no", "add the data of each event, which may be personal data")

struct log {
	int fd;
	int shared;		/* a file of ours, to be locked and mended */
	int torn;		/* a line of ours on standard output was cut off */
	int subject, data;
	char *line;		/* the line being made */
	size_t len, cap;
	int lost;		/* no memory for it */
};

static void put(struct log *log, const char *p, size_t len)
{
	if (log->cap - log->len < len) {
		size_t cap = 2 * log->cap + len + 512;
		char *bigger = realloc(log->line, cap);

		if (!bigger) {
			log->lost = 1;
			return;
		}
		log->line = bigger;
		log->cap = cap;
	}
	memcpy(log->line + log->len, p, len);
	log->len += len;
}

static void put_text(struct log *log, const char *s)
{
	put(log, s, strlen(s));
}

static void put_quoted(struct log *log, const char *p, size_t len)
{
	size_t plain = 0;	/* where what needs no escape begins */

	put(log, "\"", 1);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)p[i];
		char escape[8];

		if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7F)
			continue;
		put(log, p + plain, i - plain);
		plain = i + 1;
		snprintf(escape, sizeof escape, c == '"' || c == '\\' ? "\\%c" : "\\u%04x", c);
		put_text(log, escape);
	}
	put(log, p + plain, len - plain);
	put(log, "\"", 1);
}

static void put_member(struct log *log, const char *name, const char *value)
{
	if (!value)
		return;
	put_text(log, log->len ? ",\"" : "{\"");
	put_text(log, name);
	put_text(log, "\":");
	put_quoted(log, value, strlen(value));
}

static int is_utf8(const unsigned char *p, size_t len)
{
	size_t more = 0;
	unsigned char low = 0x80, high = 0xBF;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = p[i];

		if (more) {
			if (c < low || c > high)
				return 0;
			more--;
			low = 0x80;
			high = 0xBF;
		} else if (c >= 0x80) {
			if (c < 0xC2 || c > 0xF4)
				return 0;
			more = c < 0xE0 ? 1 : c < 0xF0 ? 2 : 3;
			low = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;
			high = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;
		}
	}
	return more == 0;
}

static void put_base64(struct log *log, const unsigned char *p, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < len; i += 3) {
		unsigned long v = (unsigned long)p[i] << 16;
		char four[4];

		if (i + 1 < len)
			v |= (unsigned long)p[i + 1] << 8;
		if (i + 2 < len)
			v |= p[i + 2];
		four[0] = digits[v >> 18 & 63];
		four[1] = digits[v >> 12 & 63];
		four[2] = i + 1 < len ? digits[v >> 6 & 63] : '=';
		four[3] = i + 2 < len ? digits[v & 63] : '=';
		put(log, four, sizeof four);
	}
}

/* As text exactly as received, whatever it is; in base64 when it is no text. */
static void put_data(struct log *log, struct pv_event *ev)
{
	size_t len;
	const void *data = pv_data(ev, &len);

	if (!data)
		return;
	if (is_utf8(data, len)) {
		put_text(log, ",\"data\":");
		put_quoted(log, data, len);
		return;
	}
	put_text(log, ",\"data_base64\":\"");
	put_base64(log, data, len);
	put_text(log, "\"");
}

static void put_received(struct log *log, int64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	char date[32], text[48];
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) || !strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm))
		return;
	snprintf(text, sizeof text, "%s.%03dZ", date, (int)(ms % 1000));
	put_member(log, "received", text);
}

static int make_line(struct log *log, struct pv_event *ev)
{
	char attempt[32];

	log->len = 0;
	log->lost = 0;
	put_member(log, "key", pv_key(ev));
	put_member(log, "type", pv_type(ev));
	put_member(log, "source", pv_source(ev));
	if (log->subject)
		put_member(log, "subject", pv_subject(ev));
	put_member(log, "sender", pv_sender(ev));
	put_member(log, "time", pv_time(ev));
	put_received(log, pv_received_ms(ev));
	snprintf(attempt, sizeof attempt, ",\"attempt\":%d", pv_attempt(ev));
	put_text(log, attempt);
	if (log->data)
		put_data(log, ev);
	put_text(log, "}\n");
	return log->lost ? -1 : 0;
}

/* Bytes written before the first failure; errno says which. */
static size_t write_some(int fd, const char *p, size_t len)
{
	size_t gone = 0;

	while (gone < len) {
		ssize_t n = write(fd, p + gone, len - gone);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		gone += (size_t)n;
	}
	return gone;
}

static int ends_in_a_half_line(int fd, off_t size)
{
	char last;

	return size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n';
}

static int append(struct log *log)
{
	struct stat before, after;
	size_t gone;
	int why;

	while (flock(log->fd, LOCK_EX) < 0 && errno == EINTR)
		;
	if (fstat(log->fd, &before) == 0 && ends_in_a_half_line(log->fd, before.st_size)) {
		if (write_some(log->fd, "\n", 1) == 1)
			before.st_size++;
	}
	gone = write_some(log->fd, log->line, log->len);
	why = errno;
	if (gone < log->len && fstat(log->fd, &after) == 0 && after.st_size == before.st_size + (off_t)gone) {
		while (ftruncate(log->fd, before.st_size) < 0 && errno == EINTR)
			;
	}
	flock(log->fd, LOCK_UN);
	errno = why;
	return gone == log->len ? 0 : -1;
}

static int write_stream(struct log *log)
{
	size_t gone;

	if (log->torn && write_some(log->fd, "\n", 1) != 1)
		return -1;
	log->torn = 0;
	gone = write_some(log->fd, log->line, log->len);
	if (gone == log->len)
		return 0;
	log->torn = gone > 0;
	return -1;
}

static int log_run(struct pv_host *host, void *state, struct pv_event *ev)
{
	struct log *log = state;

	if (make_line(log, ev) < 0) {
		pv_note(ev, "no memory for the line");
		return PV_RETRY;
	}
	if ((log->shared ? append(log) : write_stream(log)) < 0) {
		pv_note(ev, "cannot write the line: %s", strerror(errno));
		pv_log(host, PV_ERROR, "cannot write to %s: %s", pv_option_str(host, "path"), strerror(errno));
		return PV_RETRY;
	}
	return PV_DONE;
}

static int log_open(struct pv_host *host, void **state)
{
	const char *path = pv_option_str(host, "path");
	struct log *log;
	struct stat st;
	int fd = STDOUT_FILENO;

	if (strcmp(path, "-") != 0) {
		if (path[0] != '/')
			return pv_fail(host, "option.path = %s: must be an absolute path, or - for standard output", path);
		fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0640);
		if (fd < 0)
			return pv_fail(host, "cannot open %s: %s; let the user that Postvak runs as write there",
				       path, strerror(errno));
	}
	log = calloc(1, sizeof *log);
	if (!log)
		return pv_fail(host, "out of memory");
	log->fd = fd;
	log->shared = fd != STDOUT_FILENO && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	log->subject = pv_option_bool(host, "subject");
	log->data = pv_option_bool(host, "data");
	*state = log;
	return 0;
}

static void log_close(struct pv_host *host, void *state)
{
	struct log *log = state;

	(void)host;
	if (log->fd != STDOUT_FILENO)
		close(log->fd);
	free(log->line);
	free(log);
}

PV_HANDLER("log", "1.0", OPTIONS, .open = log_open, .run = log_run, .close = log_close);
