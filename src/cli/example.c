/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/example.h"

#include "base/uuid.h"
#include "cli/jot.h"

static void put_url(struct buf *out, const char *name, const char *base)
{
	struct buf url = {0};

	buf_str(&url, base);
	uuid_put(&url);
	jot_text(out, name, url.p);
	buf_free(&url);
}

static void put_notification(struct buf *out, const char *zaak, int64_t wall_ms)
{
	struct buf url = {0};

	buf_fmt(&url, "https://zaken.example.nl/api/v1/zaken/%s", zaak);
	jot_begin(out, NULL, '{');
	jot_text(out, "kanaal", "zaken");
	jot_text(out, "hoofdObject", url.p);
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
	buf_free(&url);
}

void example_notification(struct buf *out, int64_t wall_ms)
{
	struct buf zaak = {0};

	uuid_put(&zaak);
	put_notification(out, zaak.p, wall_ms);
	buf_free(&zaak);
}

static void fill(const char **attr, const char *value)
{
	if (!*attr)
		*attr = value;
}

void example_draft(struct pool *pool, int64_t wall_ms, struct draft *event)
{
	struct buf zaak = {0}, data = {0};

	uuid_put(&zaak);
	fill(&event->type, "nl.overheid.zaken.status.create");
	fill(&event->source, "urn:nld:oin:00000001234567890000:systeem:voorbeeld");
	fill(&event->subject, pool_str(pool, zaak.p));
	if (!event->data) {
		put_notification(&data, zaak.p, wall_ms);
		event->data = pool_dup(pool, data.p, data.len);
		event->data_len = data.len;
	}
	buf_free(&zaak);
	buf_free(&data);
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
