/* SPDX-License-Identifier: EUPL-1.2
 * postvak conf: what is in force, and where it comes from. */
#include "cli/command.h"

#include <stdio.h>
#include "cli/site.h"

int run_conf(const struct call *call)
{
	struct site site = {0};
	struct buf out = {0};
	int status = site_conf(call, &site);

	if (!status) {
		conf_print(site.conf, call_has(call, FLAG_JSON), &out);
		fwrite(out.p, 1, out.len, stdout);
	}
	buf_free(&out);
	site_close(&site);
	return status;
}
