/* SPDX-License-Identifier: EUPL-1.2
 * What operators granted, looked up in the store at each question: a grant works at once, in every
 * receiver. One handle that reads, for all threads in turn; a look-up is one row by its key. */
#ifndef RECEIVE_GRANTS_H
#define RECEIVE_GRANTS_H

#include "conf/conf.h"
#include "trust/trust.h"

struct grants;
/* conf outlives it. The store is opened when it is first asked; with make it is made or migrated then,
 * where nobody else in this process does that. */
struct grants *grants_new(const struct conf *conf, bool make);
void grants_free(struct grants **grants);
/* A trust_granted with the grants as its arg. */
enum trust_grant grants_find(void *grants, const char *endpoint, const char *origin, int *rate);

#endif
