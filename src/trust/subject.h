/* SPDX-License-Identifier: EUPL-1.2
 * Subjects of certificates: attributes by name, as a web server writes them and as the configuration asks for them. */
#ifndef TRUST_SUBJECT_H
#define TRUST_SUBJECT_H

#include <stdbool.h>
#include "base/mem.h"
#include "event/message.h"

#define SUBJECT_MOST 64		/* attributes; more are left out */

struct subject {		/* {.pool = pool} has none */
	struct pool *pool;
	struct attr *v;		/* names are any of those that subject_same_name knows */
	size_t n;
};
/* Copies both. A cert_fn with the subject as its arg. */
void subject_add(void *subject, const char *name, const char *value);
/* "CN=x,O=y" (RFC 4514, 3 and 2.4). False: it is not in that form, or a value is not UTF-8, or has a NUL in it. Values in
 * hexadecimal are undone where they are a UTF8String, PrintableString or IA5String, else left out. */
bool subject_parse(struct subject *subject, const char *text);
/* One alternative of the setting tls_subject, up to the | (the result, or null at the end). */
const char *subject_wanted(struct subject *subject, const char *text);
/* Names without case, and the OID of a name is the name. */
bool subject_same_name(const char *a, const char *b);
/* Whether the subject has each attribute that is wanted, with exactly that value. */
bool subject_has(const struct subject *subject, const struct subject *wanted);

#endif
