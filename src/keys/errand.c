/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "keys/errand.h"

void errands_end(struct http_crowd *crowd, int64_t now_ms)
{
	struct http_ended ended;

	while (http_crowd_next(crowd, &ended)) {
		struct errand *errand = ended.tag;

		errand->done(errand, &ended, now_ms);
		http_answer_free(&ended.answer);
	}
}
