/* SPDX-License-Identifier: EUPL-1.2
 * What an issuer publishes about itself (OpenID Connect Discovery 1.0, RFC 8414). */
#ifndef KEYS_METADATA_H
#define KEYS_METADATA_H

#include "base/mem.h"

/* Where its keys are. Null with err: it is no such document, or that of another issuer: its issuer has to be exactly
 * the one that is expected (OpenID Connect Discovery 4.3, RFC 8414 3.3); and jwks_uri has to be an https URL. */
const char *metadata_jwks_uri(struct pool *pool, const void *p, size_t len, const char *issuer, struct err *err);

#endif
