/* SPDX-License-Identifier: EUPL-1.2
 * Keys, certificates and secrets that options name: never themselves, which every user of the machine could read in
 * the list of processes. */
#ifndef CLI_MATERIAL_H
#define CLI_MATERIAL_H

#include "base/mem.h"
#include "trust/crypto.h"

/* A private key in PEM; null with err. */
struct key *material_key(const char *path, struct err *err);
/* The first certificate of a file in PEM; null with err. */
struct cert *material_cert(const char *path, struct err *err);
/* @FILE, file:PATH or env:NAME as settings have it (file:PATH, env:NAME), in the pool; null with err: it is something
 * else. option: as it was written, for the text. */
const char *material_ref(struct pool *pool, const char *option, const char *value, struct err *err);
/* The first line of what such an option names, in the pool; null with err. */
const char *material_secret(struct pool *pool, const char *option, const char *value, struct err *err);

#endif
