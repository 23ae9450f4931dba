/* SPDX-License-Identifier: EUPL-1.2
 * The built postvak-runner: the state that comes with an event, and what an outcome brings back. */
#include "config.h"
#include "run_rig.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include "base/frame.h"
#include "postvak/handler.h"

/* A word about an event that is about an object, whose state comes along. */
static struct wire_outcome act_on(struct rig *rig, const char *actie, const char *state)
{
	char *data = str_fmt("{\"actie\":\"%s\",\"hoofdObject\":\"zaak\",\"kenmerken\":{\"volgnummer\":\"9\"}}", actie);
	struct event event = event_like(9, data);
	struct wire_event head = { .n = 9, .attempt = 1, .deadline_ms = 60000, .state = (const unsigned char *)state,
				   .state_len = state ? strlen(state) : 0 };
	struct buf out = {0};
	size_t begin = frame_begin(&out, WIRE_EVENT);

	event.has_lane = true;
	wire_put_event(&out, &head, &event);
	frame_end(&out, begin);
	rig_send(rig, &out);
	free(data);
	return rig_outcome(rig, 9);
}

static void state_is(const struct wire_outcome *outcome, const char *state)
{
	ck_assert(outcome->state_set);
	ck_assert_uint_eq(outcome->state_len, strlen(state));
	ck_assert_int_eq(memcmp(outcome->state, state, strlen(state)), 0);
}

START_TEST(a_state_travels_there_and_back)
{
	struct rig rig = rig_plugin(LIBS "statehandler.so", NULL, 0, 0);
	struct wire_outcome outcome = act_on(&rig, "count", NULL);

	state_is(&outcome, "1");
	outcome = act_on(&rig, "count", "41");
	state_is(&outcome, "42");
	outcome = act_on(&rig, "create", "41");
	ck_assert(!outcome.state_set);
	ck_assert_uint_eq(outcome.n_emitted, 0);
	rig_end_well(&rig);
}
END_TEST

START_TEST(emitted_events_come_with_the_outcome)
{
	struct rig rig = rig_tester(NULL, NULL);
	struct wire_outcome outcome = act_on(&rig, "emit3", NULL);

	ck_assert_uint_eq(outcome.n_emitted, 3);
	ck_assert_str_eq(outcome.emitted[2].type, "nl.test.gevolg");
	ck_assert_str_eq(outcome.emitted[2].subject, "zaak");
	ck_assert_ptr_null(outcome.emitted[2].mediatype);
	ck_assert_int_eq(memcmp(outcome.emitted[2].data, "{\"hoofdObject\":\"zaak\",\"kenmerken\":{\"volgnummer\":\"9.2\"}}",
				outcome.emitted[2].data_len), 0);
	rig_end_well(&rig);
}
END_TEST

START_TEST(only_done_keeps_state_and_emitted_events)
{
	struct rig rig = rig_plugin(LIBS "statehandler.so", NULL, 0, 0);
	struct wire_outcome outcome = act_on(&rig, "vain", "old");

	ck_assert_int_eq(outcome.outcome, PV_RETRY);
	ck_assert_str_eq(outcome.note, "the state is vain");
	ck_assert(!outcome.state_set);
	ck_assert_uint_eq(outcome.n_emitted, 0);
	rig_end_well(&rig);
}
END_TEST

START_TEST(too_much_state_and_too_many_events_are_refused)
{
	struct rig rig = rig_plugin(LIBS "statehandler.so", NULL, 0, 0);
	struct wire_outcome outcome = act_on(&rig, "limits", NULL);

	ck_assert_str_eq(outcome.note, "0 EMSGSIZE EINVAL 0 EINVAL EINVAL EINVAL EINVAL EINVAL EMSGSIZE 0 EMSGSIZE 99 EMSGSIZE");
	ck_assert(outcome.state_set);
	ck_assert_uint_eq(outcome.state_len, 0);
	ck_assert_uint_eq(outcome.n_emitted, 100);
	rig_action(&rig, 1, "limits", 1);
	ck_assert_int_eq(strncmp(rig_outcome(&rig, 1).note, "ENXIO ENXIO ENXIO ENXIO EINVAL", 30), 0);
	rig_end_well(&rig);
	rig = rig_tester(NULL, NULL);
	outcome = act_on(&rig, "limits", "old");
	ck_assert_int_eq(strncmp(outcome.note, "ENOTSUP ENOTSUP ENOTSUP ENOTSUP EINVAL", 38), 0);
	ck_assert(!outcome.state_set);
	rig_end_well(&rig);
}
END_TEST

UNIT_MAIN("run state", a_state_travels_there_and_back, emitted_events_come_with_the_outcome,
	  only_done_keeps_state_and_emitted_events, too_much_state_and_too_many_events_are_refused)
