/* SPDX-License-Identifier: EUPL-1.2
 * The answer to a notification, made readable. */
#ifndef CLI_ANSWER_H
#define CLI_ANSWER_H

#include "net/http.h"

void answer_text(const struct http_answer *answer, struct buf *out);	/* problem+json: a line a fault */
void answer_json(const struct http_answer *answer, struct buf *out);

#endif
