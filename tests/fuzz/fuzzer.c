/* SPDX-License-Identifier: EUPL-1.2
 * One target for libFuzzer: the one that FUZZ_TARGET names. */
#include <stdlib.h>
#include <string.h>
#include "targets.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	static const struct target *target;

	for (size_t i = 0; !target; i++) {
		if (!targets[i].name)
			abort();
		if (strcmp(targets[i].name, FUZZ_TARGET) == 0)
			target = &targets[i];
	}
	target->run(p, len);
	return 0;
}
