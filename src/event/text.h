/* SPDX-License-Identifier: EUPL-1.2
 * A String of CloudEvents (1.0.2, Type System): no control characters (U+0000 to U+001F, U+007F to
 * U+009F), no noncharacters of Unicode, no surrogates. */
#ifndef EVENT_TEXT_H
#define EVENT_TEXT_H

#include <stddef.h>

/* Null, or what is wrong with it, as the end of a sentence: "holds a control character". */
const char *text_fault(const char *p, size_t len);

#endif
