/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "base/random.h"

#include <errno.h>
#include <sys/random.h>
#include "base/die.h"

void random_fill(void *out, size_t len)
{
	ssize_t n;

	do
		n = getrandom(out, len, 0);
	while (n < 0 && errno == EINTR);
	must(n == (ssize_t)len);
}
