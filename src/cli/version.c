/* SPDX-License-Identifier: EUPL-1.2
 * postvak version: this build, and what it was built with. */
#include "config.h"
#include "cli/command.h"

#include <stdio.h>
#include <postvak/handler.h>
#include "base/buf.h"
#include "cli/jot.h"
#include "net/http.h"

#ifdef ENABLE_FAILPOINTS
#define FAILPOINTS true
#else
#define FAILPOINTS false
#endif

static const struct { const char *name, *version; } libraries[] = {
	{ "sqlite", SQLITE_BUILT_WITH }, { "libcrypto", CRYPTO_BUILT_WITH },
};
#define N_LIBRARIES (sizeof libraries / sizeof *libraries)

static void print_json(void)
{
	struct buf out = {0};

	jot_begin(&out, NULL, '{');
	jot_text(&out, "version", PACKAGE_VERSION);
	jot_text(&out, "handler_interface", PV_TEXT(PV_ABI_MAJOR) "." PV_TEXT(PV_ABI_MINOR));
	jot_text(&out, "handler_directory", HANDLERDIR);
	jot_begin(&out, "libraries", '{');
	for (size_t i = 0; i < N_LIBRARIES; i++)
		jot_text(&out, libraries[i].name, libraries[i].version);
	jot_text(&out, "libcurl", http_library());
	jot_end(&out, '}');
	jot_bool(&out, "failpoints", FAILPOINTS);
	jot_end(&out, '}');
	printf("%s\n", out.p);
	buf_free(&out);
}

int run_version(const struct call *call)
{
	if (call_has(call, FLAG_JSON)) {
		print_json();
		return CLI_DONE;
	}
	printf("postvak            %s\n", PACKAGE_VERSION);
	printf("handler interface  %d.%d\n", PV_ABI_MAJOR, PV_ABI_MINOR);
	printf("handler directory  %s\n", HANDLERDIR);
	for (size_t i = 0; i < N_LIBRARIES; i++)
		printf("%-17s  %s\n", libraries[i].name, libraries[i].version);
	printf("libcurl            %s\n", http_library() ? http_library() : "none: nothing is sent, and no issuer asked");
	printf("failpoints         %s\n", FAILPOINTS ? "yes: not for production" : "no");
	return CLI_DONE;
}
