/* SPDX-License-Identifier: EUPL-1.2
 * Prints the settings as mdoc(7). Run by the build for postvak.conf(5). */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include "conf/conf.h"

int main(void)
{
	struct buf out = { 0 };
	int rc;

	conf_print_mdoc(&out);
	rc = fwrite(out.p, 1, out.len, stdout) == out.len && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	buf_free(&out);
	return rc;
}
