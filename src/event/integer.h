/* SPDX-License-Identifier: EUPL-1.2
 * An Integer of CloudEvents (1.0.2, Type System): 32 bits; written as JSON writes the integer part of a
 * number: no plus sign, no leading zero, no fraction, no exponent. */
#ifndef EVENT_INTEGER_H
#define EVENT_INTEGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool integer_parse(const char *p, size_t len, int32_t *out);	/* out may be null */

#endif
