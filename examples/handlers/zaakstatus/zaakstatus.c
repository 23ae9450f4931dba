/* A handler of Postvak, as a municipality might write it: when the status of a zaak was set, put a line
 * into the file that another program of ours picks up.
 *
 *	[handler zaakstatus]
 *	plugin          = zaakstatus.so
 *	events          = nl.overheid.zaken.status.create
 *	option.outbox   = /var/lib/zaakstatus/outbox
 *	option.zaaktype = https://catalogi.example.nl/api/v1/zaaktypen/5
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <postvak/handler.h>

#define OPTIONS(X) \
	X("outbox", PV_STRING, PV_REQUIRED, "file that lines are appended to") \
	X("zaaktype", PV_STRING, "", "only zaken of this type; empty: all")

static int append(const char *path, const char *line)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	size_t len = strlen(line);
	ssize_t n = fd < 0 ? -1 : write(fd, line, len);

	if (fd >= 0 && close(fd) < 0)
		return -1;
	return n == (ssize_t)len ? 0 : -1;
}

static int zaakstatus_run(struct pv_host *host, void *state, struct pv_event *ev)
{
	const char *zaak = pv_str(ev, "/hoofdObject");
	const char *zaaktype = pv_str(ev, "/kenmerken/zaaktype");
	const char *wanted = pv_option_str(host, "zaaktype");
	char line[2048];

	(void)state;
	if (!zaak) {
		pv_note(ev, "no hoofdObject: not a notification of the Zaken API");
		return PV_DEAD;
	}
	if (wanted[0] && (!zaaktype || strcmp(zaaktype, wanted) != 0))
		return PV_DONE;

	/* An event may come twice, for instance when this machine lost its power after the line was
	 * written and before Postvak knew: the key lets the reader of the outbox drop the second. */
	snprintf(line, sizeof line, "%s %s %s\n", pv_key(ev), zaak, zaaktype ? zaaktype : "-");
	if (append(pv_option_str(host, "outbox"), line) < 0) {
		pv_note(ev, "outbox: %s", strerror(errno));
		return PV_RETRY;
	}
	return PV_DONE;
}

PV_HANDLER("zaakstatus", "1.0", OPTIONS, .run = zaakstatus_run);
