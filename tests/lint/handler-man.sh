#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# postvak-handler(3) is the contract: every public name of the header stands in it, every function has its
# prototype there, and its example compiles.
set -u
srcdir=${srcdir:-.}
header=$srcdir/include/postvak/handler.h
man=$srcdir/doc/man/postvak-handler.3
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
status=0

say() {
	echo "$*"
	status=1
}

# Tags, functions and macros; what ends in an underscore is not public, comments do not count. Members of
# struct pv_calls are covered by the functions.
sed -e 's,/\*[^*]*\*/,,g' "$header" | grep -oE '\b(PV|pv)_[A-Za-z0-9_]*[A-Za-z0-9]\b' | sort -u >"$work/names"
[ "$(wc -l <"$work/names")" -gt 30 ] || say "found too few names in $header"
while read -r name; do
	case $name in
	PV_OPTION_ROW | PV_OPTION_NOTE | pv_options) continue ;;
	esac
	grep -qw "$name" "$man" || say "$name is not in $man"
done <"$work/names"

# Prototypes, with the parameters' names and types, in the order of the header.
tr '\n' ' ' <"$header" | grep -oE 'static inline [^{;]*\{' | sed -e 's/PV_PRINTF([0-9, ]*) //' \
	-e 's/^static inline //' -e 's/ *{$//' -e 's/[ 	][ 	]*/ /g' | while read -r prototype; do
	name=${prototype%%\(*}
	type=${name%pv_*}
	name=pv_${name##*pv_}
	parameters=${prototype#*\(}
	printf '%s|%s|%s\n' "${type% }" "$name" "${parameters%\)}"
done >"$work/header"
sed -n -e 's/^\.Ft *//p' -e 's/^\.Fn \(pv_[a-z_]* ".*\)$/\1/p' "$man" | tr -d '"' | awk '
	/^pv_/ { name = $1; sub(/^[^ ]* /, ""); print type "|" name "|" $0; next } { type = $0 }' >"$work/man"
# mdoc separates parameters by quotation marks, C by commas: compare without either.
sed 's/,//g' "$work/header" | sort >"$work/header.sorted"
sort "$work/man" >"$work/man.sorted"
diff "$work/header.sorted" "$work/man.sorted" || say "prototypes differ (< header, > manual)"

# The examples: what is displayed under EXAMPLES and begins with an #include.
awk -v work="$work" '/^\.Ed/ { on = 0 } /^\.Sh EXAMPLES/ { here = 1 } /^\.Bd/ && here { getline; on = /^#include/; n += on }
	on { print > (work "/example" n ".c") }' "$man"
for example in "$work"/example*.c; do
	sed 's/\\e/\\/g' "$example" >"$work/one.c"
	${CC:-cc} -shared -fPIC -Wall -Wextra -Werror -Wl,-z,defs -I"$srcdir/include" -o "$work/one.so" "$work/one.c" ||
		say "${example##*/} of $man does not compile"
done
[ -f "$work/example2.c" ] || say "found too few examples in $man"

if command -v mandoc >/dev/null; then
	mandoc -T lint -W warning "$man" >"$work/lint" 2>/dev/null || {
		cat "$work/lint"
		say "mandoc complains"
	}
fi
exit $status
