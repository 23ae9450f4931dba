/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "net/http.h"

#ifdef HAVE_LIBCURL

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/die.h"
#include "base/list.h"
#include "base/mem.h"

#define LOOKUP_MS 60000L	/* what a look-up whose request has run out of time gets until libcurl has to wait for it */

struct http {
	CURL *curl;
	const struct http_rules *rules;
	struct http_answer *answer;	/* of the request that is under way */
	struct curl_slist *headers;
	char why[CURL_ERROR_SIZE];
	bool was_refused;
	size_t exceeded;		/* the size that was more than allowed; 0: none */
};

const char *http_library(void)
{
	return curl_version_info(CURLVERSION_NOW)->version;
}

/* A final status line replaces the one of a 100 Continue, and its lines go with it. */
static size_t take_header(char *p, size_t size, size_t n, void *arg)
{
	struct http *http = arg;
	struct http_answer *answer = http->answer;
	size_t len = size * n;

	if (len > 5 && memcmp(p, "HTTP/", 5) == 0) {
		buf_reset(&answer->line);
		buf_reset(&answer->head);
		buf_put(&answer->line, p, strcspn(p, "\r\n"));
		return len;
	}
	if (memchr(p, '\0', len))
		return 0;
	if (len > HTTP_HEAD_MAX - answer->head.len) {
		http->exceeded = HTTP_HEAD_MAX;
		return 0;
	}
	buf_put(&answer->head, p, len);
	return len;
}

static size_t take_body(char *p, size_t size, size_t n, void *arg)
{
	struct http *http = arg;
	size_t len = size * n;

	if (len > http->rules->answer_max - http->answer->body.len) {
		http->exceeded = http->rules->answer_max;
		return 0;
	}
	buf_put(&http->answer->body, p, len);
	return len;
}

/* After the name was resolved: whatever it leads to is looked at, and that is what is connected to. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct http *http = arg;

	(void)purpose;
	if (http->rules->refused && http->rules->refused(&address->addr)) {
		http->was_refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static bool only_web(CURL *curl, bool tls)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	return curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, tls ? "https" : "http,https") == CURLE_OK;
#else
	return curl_easy_setopt(curl, CURLOPT_PROTOCOLS, tls ? CURLPROTO_HTTPS : CURLPROTO_HTTP | CURLPROTO_HTTPS) == CURLE_OK;
#endif
}

static bool set_up(struct http *http, const struct http_rules *rules)
{
	CURL *curl = http->curl;

	return curl && only_web(curl, rules->tls) && curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)rules->connect_ms) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)rules->total_ms) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_USERAGENT, "postvak/" PACKAGE_VERSION) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, http->why) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_HEADERDATA, http) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_WRITEDATA, http) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, http) == CURLE_OK &&
	       (!rules->direct || curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK) &&
	       (!rules->ca || curl_easy_setopt(curl, CURLOPT_CAINFO, rules->ca) == CURLE_OK) &&
	       (!rules->cert || (curl_easy_setopt(curl, CURLOPT_SSLCERT, rules->cert) == CURLE_OK &&
				 curl_easy_setopt(curl, CURLOPT_SSLKEY, rules->cert) == CURLE_OK));
}

struct http *http_new(const struct http_rules *rules, struct err *err)
{
	struct http *http;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		err_set(err, "libcurl does not start");
		return NULL;
	}
	http = mem_alloc(sizeof *http);
	http->rules = rules;
	http->curl = curl_easy_init();
	if (set_up(http, rules))
		return http;
	err_set(err, "libcurl cannot be used");
	http_free(&http);
	return NULL;
}

void http_free(struct http **http)
{
	if (!*http)
		return;
	curl_easy_cleanup((*http)->curl);
	curl_slist_free_all((*http)->headers);
	free(*http);
	*http = NULL;
	curl_global_cleanup();
}

static bool append(struct curl_slist **list, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*list, line);

	if (longer)
		*list = longer;
	return longer != NULL;
}

/* "Name:" would take the header away: libcurl wants "Name;" for one without a value. */
static bool append_header(struct curl_slist **list, const char *header)
{
	size_t len = strlen(header);
	char *empty;
	bool done;

	while (len && (header[len - 1] == ' ' || header[len - 1] == '\t'))
		len--;
	if (!len || header[len - 1] != ':' || strchr(header, ':') != header + len - 1)
		return append(list, header);
	empty = mem_dup(header, len + 1);
	empty[len - 1] = ';';
	empty[len] = '\0';
	done = append(list, empty);
	free(empty);
	return done;
}

/* What was asked for, and nothing that libcurl would add by itself. */
static bool list_headers(struct http *http, const struct http_request *request)
{
	bool done, typed = false;

	curl_slist_free_all(http->headers);
	http->headers = NULL;
	done = append(&http->headers, "Expect:");
	for (size_t i = 0; i < request->n_headers && done; i++) {
		typed = typed || strncasecmp(request->headers[i], "Content-Type:", 13) == 0;
		done = append_header(&http->headers, request->headers[i]);
	}
	return done && (typed || append(&http->headers, "Content-Type:"));
}

static int load(struct http *http, const struct http_request *request, struct http_answer *answer, struct err *err)
{
	CURL *curl = http->curl;

	buf_reset(&answer->line);
	buf_reset(&answer->head);
	buf_reset(&answer->body);
	http->answer = answer;
	http->why[0] = '\0';
	http->was_refused = false;
	http->exceeded = 0;
	if (list_headers(http, request) && curl_easy_setopt(curl, CURLOPT_URL, request->url) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, http->headers) == CURLE_OK &&
	    curl_easy_setopt(curl, request->body ? CURLOPT_POST : CURLOPT_HTTPGET, 1L) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method) == CURLE_OK &&
	    (!request->body ||
	     (curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len) == CURLE_OK &&
	      curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, request->body) == CURLE_OK)))
		return 0;
	return err_set(err, "out of memory");
}

/* What became of it. */
static int judge(struct http *http, CURLcode rc, struct err *err)
{
	double seconds = 0;
	long status = 0;

	curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(http->curl, CURLINFO_TOTAL_TIME, &seconds);
	http->answer->status = (int)status;
	http->answer->took_us = (int64_t)(seconds * 1e6);
	if (rc == CURLE_OK)
		return 0;
	if (http->exceeded)
		return err_set(err, "the answer is longer than %zu bytes", http->exceeded);
	if (http->was_refused)
		return err_set(err, "its address is one of the own network or of this machine");
	return err_set(err, "%s", http->why[0] ? http->why : curl_easy_strerror(rc));
}

int http_send(struct http *http, const struct http_request *request, struct http_answer *answer, struct err *err)
{
	if (load(http, request, answer, err) < 0)
		return -1;
	return judge(http, curl_easy_perform(http->curl), err);
}

/* ---- several at once ---- */

struct http_crowd {
	CURLM *multi;
	struct list flights;
	int n;				/* of them */
	int nothing;			/* a descriptor on which nothing happens: without one libcurl may not wait at all */
};

struct flight {
	struct list link;
	struct http *http;
	struct http_answer answer;
	void *tag;
	int64_t begun_ms;		/* monotonic */
	bool late;			/* its end was told; only its look-up goes on */
};

struct http_crowd *http_crowd_new(void)
{
	struct http_crowd *crowd = mem_alloc(sizeof *crowd);

	must(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
	crowd->multi = curl_multi_init();
	crowd->nothing = eventfd(0, EFD_CLOEXEC);
	must(crowd->multi != NULL && crowd->nothing >= 0);
	list_init(&crowd->flights);
	return crowd;
}

static bool looked_up(const struct flight *flight)
{
	double seconds = 0;

	curl_easy_getinfo(flight->http->curl, CURLINFO_NAMELOOKUP_TIME, &seconds);
	return seconds > 0;
}

static bool connected(const struct flight *flight)
{
	double seconds = 0;

	curl_easy_getinfo(flight->http->curl, CURLINFO_PRETRANSFER_TIME, &seconds);
	return seconds > 0;
}

static void land(struct http_crowd *crowd, struct flight *flight)
{
	curl_multi_remove_handle(crowd->multi, flight->http->curl);
	list_remove(&flight->link);
	crowd->n--;
	http_free(&flight->http);
	http_answer_free(&flight->answer);
	free(flight);
}

/* A look-up that goes on is left to the end of the process, which need not wait for it. */
void http_crowd_free(struct http_crowd **crowd)
{
	bool stays = false;

	list_each_safe(link, next, &(*crowd)->flights) {
		struct flight *flight = list_item(link, struct flight, link);

		if (looked_up(flight))
			land(*crowd, flight);
		else
			stays = true;
	}
	if (!stays) {
		curl_multi_cleanup((*crowd)->multi);
		close((*crowd)->nothing);
		curl_global_cleanup();
		free(*crowd);
	}
	*crowd = NULL;
}

int http_crowd_start(struct http_crowd *crowd, const struct http_rules *rules, const struct http_request *request, void *tag,
		     struct err *err)
{
	struct http *http = http_new(rules, err);
	struct flight *flight;

	if (!http)
		return -1;
	flight = mem_alloc(sizeof *flight);
	*flight = (struct flight){ .http = http, .tag = tag, .begun_ms = clock_mono_ms() };
	list_push(&crowd->flights, &flight->link);
	crowd->n++;
	/* The times are kept here: see struct http_ended. */
	curl_easy_setopt(http->curl, CURLOPT_CONNECTTIMEOUT_MS, LOOKUP_MS);
	curl_easy_setopt(http->curl, CURLOPT_TIMEOUT_MS, LOOKUP_MS);
	curl_easy_setopt(http->curl, CURLOPT_PRIVATE, flight);
	if (load(http, request, &flight->answer, err) == 0) {
		if (curl_multi_add_handle(crowd->multi, http->curl) == CURLM_OK)
			return 0;
		err_set(err, "libcurl cannot be used");
	}
	land(crowd, flight);
	return -1;
}

static int64_t deadline(const struct flight *flight)
{
	const struct http_rules *rules = flight->http->rules;

	if (flight->late)
		return INT64_MAX;
	return flight->begun_ms + (connected(flight) || rules->total_ms < rules->connect_ms ? rules->total_ms : rules->connect_ms);
}

static int earliest(const struct http_crowd *crowd, int timeout_ms)
{
	int64_t now_ms = clock_mono_ms();

	list_each(link, &crowd->flights) {
		int64_t left = deadline(list_item(link, struct flight, link)) - now_ms;

		if (left < timeout_ms)
			timeout_ms = left > 0 ? (int)left : 0;
	}
	return timeout_ms;
}

static struct curl_waitfd waited_of(const struct pollfd *fd)
{
	int events = (fd->events & POLLIN ? CURL_WAIT_POLLIN : 0) | (fd->events & POLLOUT ? CURL_WAIT_POLLOUT : 0);

	return (struct curl_waitfd){ .fd = fd->fd, .events = (short)events };
}

void http_crowd_wait(struct http_crowd *crowd, struct pollfd *fds, size_t n, int timeout_ms)
{
	struct curl_waitfd *waited = mem_array(n + 1, sizeof *waited);
	int running;

	for (size_t i = 0; i < n; i++)
		waited[i] = waited_of(&fds[i]);
	waited[n] = (struct curl_waitfd){ .fd = crowd->nothing, .events = CURL_WAIT_POLLIN };
	curl_multi_perform(crowd->multi, &running);
	timeout_ms = running < crowd->n ? 0 : earliest(crowd, timeout_ms);	/* what has ended is news already */
	must(curl_multi_wait(crowd->multi, waited, (unsigned)n + 1, timeout_ms, NULL) == CURLM_OK);
	curl_multi_perform(crowd->multi, &running);
	free(waited);
	if (poll(fds, (nfds_t)n, 0) < 0)
		must(errno == EINTR || errno == ENOMEM);
}

/* Hands the answer over. */
static void finish(struct http_crowd *crowd, struct flight *flight, struct http_ended *out)
{
	out->over = true;
	if (out->answered) {
		out->answer = flight->answer;
		flight->answer = (struct http_answer){0};
	}
	land(crowd, flight);
}

static bool next_done(struct http_crowd *crowd, struct http_ended *out)
{
	struct flight *flight;
	char *private;
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(crowd->multi, &left)) && msg->msg != CURLMSG_DONE)
		;
	if (!msg)
		return false;
	curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &private);
	flight = (struct flight *)(void *)private;
	out->tag = flight->tag;
	out->answered = judge(flight->http, msg->data.result, &out->err) == 0 && !flight->late;
	finish(crowd, flight, out);
	return true;
}

static bool next_late(struct http_crowd *crowd, struct http_ended *out)
{
	int64_t now_ms = clock_mono_ms();

	list_each(link, &crowd->flights) {
		struct flight *flight = list_item(link, struct flight, link);

		if (deadline(flight) > now_ms)
			continue;
		out->tag = flight->tag;
		out->over = looked_up(flight);
		err_set(&out->err, !out->over ? "the address of its host was not found within %lld ms" :
			connected(flight) ? "no answer within %lld ms" : "no connection within %lld ms",
			(long long)(deadline(flight) - flight->begun_ms));
		flight->late = true;
		if (out->over)
			finish(crowd, flight, out);
		return true;
	}
	return false;
}

bool http_crowd_next(struct http_crowd *crowd, struct http_ended *out)
{
	*out = (struct http_ended){0};
	return next_done(crowd, out) || next_late(crowd, out);
}

#else

#include <errno.h>
#include <stdlib.h>
#include "base/die.h"
#include "base/mem.h"

#define WITHOUT "this postvak was built without libcurl"

struct http_crowd {
	char none;
};

const char *http_library(void)
{
	return NULL;
}

struct http *http_new(const struct http_rules *rules, struct err *err)
{
	(void)rules;
	err_set(err, WITHOUT "; build it with libcurl4-openssl-dev (libcurl-devel) installed");
	return NULL;
}

void http_free(struct http **http)
{
	*http = NULL;
}

int http_send(struct http *http, const struct http_request *request, struct http_answer *answer, struct err *err)
{
	(void)http;
	(void)request;
	(void)answer;
	return err_set(err, WITHOUT);
}

struct http_crowd *http_crowd_new(void)
{
	return mem_alloc(sizeof(struct http_crowd));
}

void http_crowd_free(struct http_crowd **crowd)
{
	free(*crowd);
	*crowd = NULL;
}

int http_crowd_start(struct http_crowd *crowd, const struct http_rules *rules, const struct http_request *request, void *tag,
		     struct err *err)
{
	(void)crowd;
	(void)rules;
	(void)request;
	(void)tag;
	return err_set(err, WITHOUT);
}

void http_crowd_wait(struct http_crowd *crowd, struct pollfd *fds, size_t n, int timeout_ms)
{
	(void)crowd;
	if (poll(fds, (nfds_t)n, timeout_ms) < 0)
		must(errno == EINTR || errno == ENOMEM);
}

bool http_crowd_next(struct http_crowd *crowd, struct http_ended *out)
{
	(void)crowd;
	(void)out;
	return false;
}

#endif
