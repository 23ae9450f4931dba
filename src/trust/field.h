/* SPDX-License-Identifier: EUPL-1.2
 * The value of a header as signatures see it (RFC 9421 2.1): lines trimmed, unfolded, and joined. */
#ifndef TRUST_FIELD_H
#define TRUST_FIELD_H

#include "base/mem.h"
#include "event/message.h"

/* Each line of the header (its name in lower case), in order, without blanks around it and with a blank for each
 * obsolete line fold; their number. content-length is not among the headers that web servers pass on: it is the
 * length of the body, which was compared with what the sender said. */
size_t field_lines(struct pool *pool, const struct message *m, const char *name, const char ***lines);
/* Those lines with ", " between them; null: the header is not there. */
const char *field_value(struct pool *pool, const struct message *m, const char *name);

#endif
