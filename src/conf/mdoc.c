/* SPDX-License-Identifier: EUPL-1.2
 * The table as mdoc(7), for the manual page. */
#include "config.h"
#include "conf/settings.h"

#include <string.h>

/* Text as mdoc shows it: no macros, no escapes, a new line for each sentence. */
static void text_put(const char *text, struct buf *out)
{
	for (const char *at = text; *at; at++) {
		if (*at == '\\')
			buf_str(out, "\\e");
		else if (strncmp(at, ". ", 2) == 0 && at[2] >= 'A' && at[2] <= 'Z')
			buf_str(out, ".\n"), at++;
		else
			buf_char(out, *at);
	}
	buf_char(out, '\n');
}

static void setting_put(const struct setting *setting, struct buf *out)
{
	struct buf takes = { 0 };

	buf_fmt(out, ".It Ic %s\n", setting->key);
	text_put(setting->help, out);
	setting_takes(setting, &takes);
	buf_str(out, "It takes ");
	buf_str(out, takes.p);
	buf_str(out, ".\n");
	if (setting->required)
		buf_str(out, "It must be set.\n");
	else if (setting->fallback && *setting->fallback)
		buf_fmt(out, "Default:\n.Ql %s .\n", setting->fallback);
	buf_free(&takes);
}

void conf_print_mdoc(struct buf *out)
{
	for (enum section_kind kind = IN_POSTVAK; kind < SECTION_KINDS; kind++) {
		buf_fmt(out, ".Ss Section [%s%s]\n", sections[kind].name, sections[kind].named ? " NAME" : "");
		text_put(sections[kind].help, out);
		buf_str(out, ".Bl -tag -width Ds\n");
		for (size_t i = 0; i < settings_n; i++)
			if (settings[i].section == kind)
				setting_put(&settings[i], out);
		if (kind == IN_HANDLER)
			buf_str(out, ".It Ic option. Ns Ar NAME\n"
				     "An option of the plugin's own, which it declares and which is checked before anything starts.\n"
				     "A value written as\n.Ql file:PATH\nor\n.Ql env:NAME\nis a secret of one line.\n");
		buf_str(out, ".El\n");
	}
}
