/* SPDX-License-Identifier: EUPL-1.2
 * What is fuzzed: each target takes bytes as a peer could send them, and aborts when something that always
 * holds does not. */
#ifndef TESTS_FUZZ_TARGETS_H
#define TESTS_FUZZ_TARGETS_H

#include <stddef.h>
#include <stdint.h>

struct target {
	const char *name;		/* and of its corpus */
	void (*run)(const uint8_t *p, size_t len);
};
extern const struct target targets[];	/* ended by one without a name */

void run_jwt(const uint8_t *p, size_t len);	/* trust_targets.c */
void run_jwk(const uint8_t *p, size_t len);
void run_sfv(const uint8_t *p, size_t len);	/* httpsig_targets.c */
void run_httpsig(const uint8_t *p, size_t len);
void run_signature(const uint8_t *p, size_t len);	/* signature_targets.c */

#endif
