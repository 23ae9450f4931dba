#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# What is not in the man page is not public: every command and option of `postvak help` is in
# postvak.1 with the same sentence, and the other way round.
set -u
postvak=${POSTVAK:-./postvak}
page=doc/man/postvak.1
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
failed=0
complain() { echo "cli-manual: $*" >&2; failed=1; }

# The page's commands, each with its lines: "COMMAND<tab>line".
awk '/^\.Sh / { in_commands = ($2 == "COMMANDS"); name = "" }
	in_commands && /^\.It Ic / { name = $3 }
	in_commands && name != "" { print name "\t" $0 }' "$page" >"$work/page"
cut -f1 "$work/page" | sort -u >"$work/page-commands"

"$postvak" help >"$work/help" || complain "postvak help does not work"
sed -n 's/^  \([a-z][a-z]*\)  *\(.*\)$/\1 \2/p' "$work/help" >"$work/commands"
cut -d' ' -f1 "$work/commands" | sort >"$work/help-commands"
[ -s "$work/help-commands" ] || complain "postvak help lists nothing"
diff "$work/help-commands" "$work/page-commands" >&2 || complain "postvak help (<) and postvak.1 (>) have other commands"

while read -r name sentence; do
	first=$(printf '%s' "$sentence" | cut -c1 | tr '[:lower:]' '[:upper:]')
	rest=$(printf '%s' "$sentence" | cut -c2-)
	grep -qxF "$name	$first$rest." "$work/page" || complain "$name: postvak.1 does not say \"$first$rest.\""
	"$postvak" "$name" --help >"$work/one" || complain "postvak $name --help does not work"
	sed -n 's/^  \(-., \)\{0,1\}--\([a-z-]*\) .*/\2/p' "$work/one" | grep -vxE 'config|help' | sort >"$work/options"
	sed -n "s/^$name	\.It Fl \(. , Fl \)\{0,1\}-\([a-z-]*\).*/\2/p" "$work/page" | sort >"$work/page-options"
	diff "$work/options" "$work/page-options" >&2 || complain "$name: --help (<) and postvak.1 (>) have other options"
done <"$work/commands"

if command -v mandoc >/dev/null 2>&1; then
	mandoc -T lint -W warning "$page" >&2 || complain "mandoc finds fault with postvak.1"
fi
exit $failed
