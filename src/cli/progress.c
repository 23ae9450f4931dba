/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "cli/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>
#include "cli/when.h"

#define BAR 20			/* columns */
#define SOON_MS 1000		/* before that, how fast it goes cannot be said */

int progress_percent(const struct progress *p)
{
	return p->done >= p->all ? 100 : (int)((double)p->done * 100 / (double)p->all);
}

int64_t progress_about_ms(const struct progress *p)
{
	if (p->done >= p->all)
		return 0;
	if (!p->took_done || p->took_ms < SOON_MS)
		return -1;
	return (int64_t)((double)p->took_ms / (double)p->took_done * (double)(p->all - p->done));
}

void progress_text(const struct progress *p, bool bar, struct buf *out)
{
	int percent = progress_percent(p), full = percent * BAR / 100;
	int64_t about = progress_about_ms(p);
	char span[SPAN_TEXT];

	if (bar) {
		buf_char(out, '[');
		for (int i = 0; i < BAR; i++)
			buf_char(out, i < full ? '#' : '.');
		buf_fmt(out, "] %3d %%", percent);
	} else
		buf_fmt(out, "%d %%", percent);
	buf_fmt(out, ", %" PRIu64 " to go", p->done < p->all ? p->all - p->done : 0);
	if (about > 0)
		buf_fmt(out, ", about %s", span_text(span, about));
}

static bool drawn;

void progress_draw(const struct progress *p)
{
	struct buf line = {0};

	if (!isatty(STDERR_FILENO))
		return;
	progress_text(p, true, &line);
	fprintf(stderr, "\r\033[K%s", line.p);
	fflush(stderr);
	drawn = true;
	buf_free(&line);
}

void progress_end(void)
{
	if (drawn)
		fputs("\r\033[K", stderr);
	drawn = false;
}
