/* SPDX-License-Identifier: EUPL-1.2
 * The table as mdoc(7), for the manual page. */
#include "config.h"
#include "conf/settings.h"

#include <string.h>

#define LINE_LONGEST 78

static void word_put(const char *word, size_t len, struct buf *out)
{
	if (*word == '.' || *word == '\'')
		buf_str(out, "\\&");	/* no macro, if it begins a line */
	for (size_t i = 0; i < len; i++)
		if (word[i] == '\\')
			buf_str(out, "\\e");
		else
			buf_char(out, word[i]);
}

/* Text as mdoc wants it: no macros in it, a new line for each sentence, no long lines. */
static void text_put(const char *text, struct buf *out)
{
	size_t start = out->len;
	bool sentence = false;

	while (*text) {
		size_t len = strcspn(text, " ");

		if (sentence || (out->len > start && out->len - start + len >= LINE_LONGEST)) {
			buf_char(out, '\n');
			start = out->len;
		} else if (out->len > start) {
			buf_char(out, ' ');
		}
		word_put(text, len, out);
		sentence = text[len - 1] == '.';
		text += len;
		text += strspn(text, " ");
	}
	buf_char(out, '\n');
}

static void setting_put(const struct setting *setting, struct buf *out)
{
	struct buf takes = { 0 };

	buf_fmt(out, ".It Ic %s\n", setting->key);
	text_put(setting->help, out);
	buf_str(&takes, "It takes ");
	setting_takes(setting, &takes);
	buf_char(&takes, '.');
	text_put(takes.p, out);
	if (setting->required)
		buf_str(out, "It must be set.\n");
	else if (setting->fallback && *setting->fallback)
		buf_fmt(out, "Default:\n.Ql %s\\& .\n", setting->fallback);
	buf_free(&takes);
}

void conf_print_mdoc(struct buf *out)
{
	for (enum section_kind kind = IN_POSTVAK; kind < SECTION_KINDS; kind++) {
		buf_fmt(out, ".Ss %s %s\n", sections[kind].named ? "Sections" : "Section", sections[kind].name);
		text_put(sections[kind].help, out);
		buf_str(out, ".Bl -tag -width Ds\n");
		for (size_t i = 0; i < settings_n; i++)
			if (settings[i].section == kind)
				setting_put(&settings[i], out);
		if (kind == IN_HANDLER)
			buf_str(out, ".It Ic option.NAME\n"
				     "An option of the plugin's own, which it declares and which is checked\nbefore anything starts.\n"
				     "A value written as\n.Ql file:PATH\nor\n.Ql env:NAME\nis a secret of one line.\n");
		buf_str(out, ".El\n");
	}
}
