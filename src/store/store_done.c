/* SPDX-License-Identifier: EUPL-1.2
 * Sets of event numbers, packed as varint deltas. */
#include "store/store.h"

#include "base/buf.h"

void done_put(struct buf *out, const uint64_t *numbers, size_t n, uint64_t above)
{
	for (size_t i = 0; i < n; i++) {
		if (numbers[i] <= above)
			continue;
		buf_varint(out, numbers[i] - above);
		above = numbers[i];
	}
}

int done_get(const struct bookmark *b, struct pool *pool, uint64_t **numbers, size_t *n)
{
	struct cut in = { b->done, b->done_len, false };
	uint64_t at = b->n;
	uint64_t *v = pool_alloc(pool, b->done_len * sizeof *v);	/* a number takes a byte or more */

	*n = 0;
	while (in.len) {
		uint64_t delta = cut_varint(&in);

		if (in.bad || delta == 0 || delta > UINT64_MAX - at)
			return -1;
		v[(*n)++] = at += delta;
	}
	*numbers = v;
	return 0;
}
