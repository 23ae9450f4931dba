/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/example.h"

#include <errno.h>
#include <sys/random.h>
#include "base/clock.h"
#include "base/die.h"
#include "cli/jot.h"

/* A random UUID (version 4). */
static void put_uuid(struct buf *out)
{
	unsigned char b[16];
	ssize_t n;

	do
		n = getrandom(b, sizeof b, 0);
	while (n < 0 && errno == EINTR);
	must(n == (ssize_t)sizeof b);
	b[6] = (unsigned char)(0x40 | (b[6] & 0x0F));
	b[8] = (unsigned char)(0x80 | (b[8] & 0x3F));
	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			buf_char(out, '-');
		buf_hex(out, &b[i], 1);
	}
}

static void put_url(struct buf *out, const char *name, const char *base)
{
	struct buf url = {0};

	buf_str(&url, base);
	put_uuid(&url);
	jot_text(out, name, url.p);
	buf_free(&url);
}

void example_notification(struct buf *out, int64_t wall_ms)
{
	jot_begin(out, NULL, '{');
	jot_text(out, "kanaal", "zaken");
	put_url(out, "hoofdObject", "https://zaken.example.nl/api/v1/zaken/");
	jot_text(out, "resource", "status");
	put_url(out, "resourceUrl", "https://zaken.example.nl/api/v1/statussen/");
	jot_text(out, "actie", "create");
	jot_time(out, "aanmaakdatum", wall_ms);
	jot_begin(out, "kenmerken", '{');
	jot_text(out, "bronorganisatie", "123456782");
	put_url(out, "zaaktype", "https://catalogi.example.nl/api/v1/zaaktypen/");
	jot_text(out, "vertrouwelijkheidaanduiding", "openbaar");
	jot_end(out, '}');
	jot_end(out, '}');
}

void example_probe(struct buf *out, int64_t wall_ms)
{
	jot_begin(out, NULL, '{');
	jot_text(out, "kanaal", "test");
	jot_text(out, "hoofdObject", "https://postvak.example.nl/probe");
	jot_text(out, "resource", "probe");
	jot_text(out, "resourceUrl", "https://postvak.example.nl/probe");
	jot_text(out, "actie", "create");
	jot_time(out, "aanmaakdatum", wall_ms);
	jot_begin(out, "kenmerken", '{');
	jot_end(out, '}');
	jot_end(out, '}');
}
