/* SPDX-License-Identifier: EUPL-1.2
 * The example handler zaakverloop, in the built postvak-runner; its state is carried from event to event here. */
#include "config.h"
#include "run_rig.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include "base/frame.h"

#define ZAAK "https://zaken.example.nl/zaken/api/v1/zaken/d7a22"
#define ZAAKTYPE "https://zaken.example.nl/catalogi/api/v1/zaaktypen/5aa5c"

static struct rig rig;
static char state[256];		/* what the zaak has; "": none */

static struct wire_outcome run(const char *resource, const char *actie, const char *time)
{
	char *data = str_fmt("{\"resource\":\"%s\",\"actie\":\"%s\",\"hoofdObject\":\"" ZAAK "\",\"kenmerken\":{\"zaaktype\":\""
			     ZAAKTYPE "\"}}", resource, actie);
	struct event event = event_like(1, data);
	struct wire_event head = { .n = 1, .attempt = 1, .deadline_ms = 60000, .state = (unsigned char *)state,
				   .state_len = strlen(state) };
	struct wire_outcome outcome;
	struct buf out = {0};
	size_t begin = frame_begin(&out, WIRE_EVENT);

	event.has_lane = true;
	event.time = time;
	wire_put_event(&out, &head, &event);
	frame_end(&out, begin);
	rig_send(&rig, &out);
	free(data);
	outcome = rig_outcome(&rig, 1);
	ck_assert_int_eq(outcome.outcome, PV_DONE);
	ck_assert(outcome.state_set && outcome.state_len < sizeof state);
	snprintf(state, sizeof state, "%.*s", (int)outcome.state_len, outcome.state ? (const char *)outcome.state : "");
	return outcome;
}

static void quiet(const char *resource, const char *actie, const char *time)
{
	ck_assert_uint_eq(run(resource, actie, time).n_emitted, 0);
}

static void begin(void)
{
	rig = rig_plugin(LIBS "zaakverloop.so", NULL, 0, 0);
	state[0] = '\0';
}

static void emits(const struct wire_outcome *outcome, const char *data)
{
	const struct wire_emitted *e = outcome->emitted;

	ck_assert_uint_eq(outcome->n_emitted, 1);
	ck_assert_str_eq(e->type, "nl.example.zaken.zaakverloop.afgerond");
	ck_assert_str_eq(e->subject, "d7a22");
	ck_assert_msg(strlen(data) == e->data_len && memcmp(data, e->data, e->data_len) == 0, "%.*s", (int)e->data_len,
		      (const char *)e->data);
}

START_TEST(a_zaak_is_followed_from_open_to_closed)
{
	struct wire_outcome outcome;

	begin();
	quiet("zaak", "create", "2026-05-01T12:00:00Z");
	quiet("status", "create", "2026-05-01T12:00:01.5Z");
	quiet("zaakinformatieobject", "create", "2026-05-02T12:00:00Z");
	quiet("resultaat", "create", "2026-06-01T09:00:00.25Z");
	outcome = run("status", "create", "2026-06-01T09:00:00Z");
	emits(&outcome, "{\"zaak\":\"" ZAAK "\",\"zaaktype\":\"" ZAAKTYPE "\",\"geopend\":\"2026-05-01T12:00:00Z\",\"afgerond\":"
	      "\"2026-06-01T09:00:00Z\",\"notificaties\":5,\"statussen\":2}");
	quiet("rol", "create", "2026-06-01T09:00:01Z");
	quiet("status", "create", "2026-06-01T09:00:02Z");
	rig_end_well(&rig);
}
END_TEST

START_TEST(the_order_in_which_notifications_come_does_not_matter)
{
	struct wire_outcome outcome;

	begin();
	quiet("status", "create", "2026-06-01T09:00:01Z");
	outcome = run("resultaat", "create", "2026-06-01T09:00:00Z");
	emits(&outcome, "{\"zaak\":\"" ZAAK "\",\"zaaktype\":\"" ZAAKTYPE "\",\"geopend\":null,\"afgerond\":"
	      "\"2026-06-01T09:00:01Z\",\"notificaties\":2,\"statussen\":1}");
	rig_end_well(&rig);
}
END_TEST

START_TEST(a_resultaat_after_the_last_status_closes_nothing)
{
	begin();
	quiet("status", "create", "2026-06-01T09:00:00Z");
	quiet("resultaat", "create", "2026-06-01T09:00:01Z");
	rig_end_well(&rig);
}
END_TEST

START_TEST(a_zaak_that_is_opened_again_is_closed_again)
{
	begin();
	quiet("resultaat", "create", "2026-06-01T09:00:00Z");
	ck_assert_uint_eq(run("status", "create", "2026-06-01T09:00:01Z").n_emitted, 1);
	quiet("resultaat", "destroy", "2026-06-02T09:00:00Z");
	quiet("resultaat", "create", "2026-06-03T09:00:00Z");
	ck_assert_uint_eq(run("status", "create", "2026-06-03T09:00:01Z").n_emitted, 1);
	quiet("zaak", "destroy", "2026-06-04T09:00:00Z");
	ck_assert_str_eq(state, "");
	rig_end_well(&rig);
}
END_TEST

UNIT_MAIN("zaakverloop", a_zaak_is_followed_from_open_to_closed, the_order_in_which_notifications_come_does_not_matter,
	  a_resultaat_after_the_last_status_closes_nothing, a_zaak_that_is_opened_again_is_closed_again)
