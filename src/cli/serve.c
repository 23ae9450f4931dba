/* SPDX-License-Identifier: EUPL-1.2
 * postvak serve: becomes the boss. */
#include "cli/command.h"

#include "boss/boss.h"
#include "conf/conf.h"

int run_serve(const struct call *call)
{
	return boss_serve(conf_path(call->conf_file));
}
