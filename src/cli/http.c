/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "cli/http.h"

void http_answer_free(struct http_answer *answer)
{
	buf_free(&answer->line);
	buf_free(&answer->body);
}

#ifdef HAVE_LIBCURL

#include <curl/curl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"

struct http {
	CURL *curl;
	char why[CURL_ERROR_SIZE];
	bool (*refused)(const struct sockaddr *address);
	bool was_refused;
};

const char *http_library(void)
{
	return curl_version_info(CURLVERSION_NOW)->version;
}

/* A final status line replaces the one of a 100 Continue. */
static size_t take_header(char *p, size_t size, size_t n, void *arg)
{
	struct http_answer *answer = arg;
	size_t len = size * n;

	if (len > 5 && memcmp(p, "HTTP/", 5) == 0) {
		buf_reset(&answer->line);
		buf_put(&answer->line, p, strcspn(p, "\r\n"));
	}
	return len;
}

static size_t take_body(char *p, size_t size, size_t n, void *arg)
{
	struct http_answer *answer = arg;
	size_t len = size * n;

	if (len > HTTP_ANSWER_MAX - answer->body.len)
		return 0;
	buf_put(&answer->body, p, len);
	return len;
}

static bool only_web(CURL *curl, bool tls)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	return curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, tls ? "https" : "http,https") == CURLE_OK;
#else
	return curl_easy_setopt(curl, CURLOPT_PROTOCOLS, tls ? CURLPROTO_HTTPS : CURLPROTO_HTTP | CURLPROTO_HTTPS) == CURLE_OK;
#endif
}

struct http *http_new(struct err *err)
{
	struct http *http;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		err_set(err, "libcurl does not start");
		return NULL;
	}
	http = mem_alloc(sizeof *http);
	http->curl = curl_easy_init();
	if (http->curl && only_web(http->curl, false)) {
		curl_easy_setopt(http->curl, CURLOPT_NOSIGNAL, 1L);
		curl_easy_setopt(http->curl, CURLOPT_FOLLOWLOCATION, 0L);
		curl_easy_setopt(http->curl, CURLOPT_CONNECTTIMEOUT_MS, 5000L);
		curl_easy_setopt(http->curl, CURLOPT_TIMEOUT_MS, 30000L);
		curl_easy_setopt(http->curl, CURLOPT_USERAGENT, "postvak/" PACKAGE_VERSION);
		curl_easy_setopt(http->curl, CURLOPT_ERRORBUFFER, http->why);
		curl_easy_setopt(http->curl, CURLOPT_HEADERFUNCTION, take_header);
		curl_easy_setopt(http->curl, CURLOPT_WRITEFUNCTION, take_body);
		return http;
	}
	err_set(err, "libcurl cannot be used");
	http_free(&http);
	return NULL;
}

void http_free(struct http **http)
{
	if (!*http)
		return;
	curl_easy_cleanup((*http)->curl);
	free(*http);
	*http = NULL;
	curl_global_cleanup();
}

/* After the name was resolved: whatever it leads to is looked at, and that is what is connected to. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct http *http = arg;

	(void)purpose;
	if (http->refused && http->refused(&address->addr)) {
		http->was_refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

int http_guard(struct http *http, const struct http_guard *guard, struct err *err)
{
	http->refused = guard->refused;
	if (only_web(http->curl, true) && curl_easy_setopt(http->curl, CURLOPT_PROXY, "") == CURLE_OK &&
	    curl_easy_setopt(http->curl, CURLOPT_TIMEOUT_MS, 10000L) == CURLE_OK &&
	    curl_easy_setopt(http->curl, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
	    curl_easy_setopt(http->curl, CURLOPT_OPENSOCKETDATA, http) == CURLE_OK &&
	    (!guard->ca || curl_easy_setopt(http->curl, CURLOPT_CAINFO, guard->ca) == CURLE_OK))
		return 0;
	return err_set(err, "libcurl cannot be set to take care");
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
static struct curl_slist *list_of(const struct http_post *post, struct err *err)
{
	struct curl_slist *list = NULL;
	bool done = append(&list, "Expect:"), typed = false;

	for (size_t i = 0; i < post->n_headers && done; i++) {
		typed = typed || strncasecmp(post->headers[i], "Content-Type:", 13) == 0;
		done = append_header(&list, post->headers[i]);
	}
	if (done && !typed)
		done = append(&list, "Content-Type:");
	if (done)
		return list;
	curl_slist_free_all(list);
	err_set(err, "out of memory");
	return NULL;
}

int http_send(struct http *http, const struct http_post *post, struct http_answer *answer, struct err *err)
{
	struct curl_slist *headers = list_of(post, err);
	double seconds = 0;
	long status = 0;
	CURLcode rc;

	if (!headers)
		return -1;
	buf_reset(&answer->line);
	buf_reset(&answer->body);
	http->why[0] = '\0';
	http->was_refused = false;
	curl_easy_setopt(http->curl, CURLOPT_URL, post->url);
	curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(http->curl, CURLOPT_POST, 1L);
	curl_easy_setopt(http->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)post->body_len);
	curl_easy_setopt(http->curl, CURLOPT_POSTFIELDS, post->body);
	curl_easy_setopt(http->curl, CURLOPT_HEADERDATA, answer);
	curl_easy_setopt(http->curl, CURLOPT_WRITEDATA, answer);
	rc = curl_easy_perform(http->curl);
	curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(http->curl, CURLINFO_TOTAL_TIME, &seconds);
	curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(headers);
	answer->status = (int)status;
	answer->took_us = (int64_t)(seconds * 1e6);
	if (rc == CURLE_OK)
		return 0;
	if (rc == CURLE_WRITE_ERROR)
		return err_set(err, "the answer is longer than %u bytes", HTTP_ANSWER_MAX);
	if (http->was_refused)
		return err_set(err, "its address is one of the own network or of this machine");
	return err_set(err, "%s", http->why[0] ? http->why : curl_easy_strerror(rc));
}

#else

const char *http_library(void)
{
	return NULL;
}

struct http *http_new(struct err *err)
{
	err_set(err, "this postvak was built without libcurl; build it with libcurl4-openssl-dev (libcurl-devel) installed");
	return NULL;
}

void http_free(struct http **http)
{
	*http = NULL;
}

int http_guard(struct http *http, const struct http_guard *guard, struct err *err)
{
	(void)http;
	(void)guard;
	return err_set(err, "this postvak was built without libcurl");
}

int http_send(struct http *http, const struct http_post *post, struct http_answer *answer, struct err *err)
{
	(void)http;
	(void)post;
	(void)answer;
	return err_set(err, "this postvak was built without libcurl");
}

#endif
