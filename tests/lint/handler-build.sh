#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# A stranger can build a handler in both ways that the example shows: in one line, and with
# POSTVAK_HANDLER; and is told what to do when that is not possible.
set -u
srcdir=$(cd "${srcdir:-.}" && pwd)
example=$srcdir/examples/handlers/zaakstatus
stateful=$srcdir/examples/handlers/zaakverloop
cc=${CC:-cc}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

die() {
	echo "$*"
	exit 1
}

strict="-Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Werror -pedantic"
$cc -shared -fPIC -Wall -Werror -Wl,-z,defs -I"$srcdir/include" -o "$work/zaakstatus.so" "$example/zaakstatus.c" ||
	die "the one line of the README does not build the example"
[ "$(nm -D --defined-only "$work/zaakstatus.so" | awk '$2 != "A" { print $3 }' | grep -v '^_' | tr '\n' ' ')" = "postvak_handler " ] ||
	die "the example exports something else than postvak_handler"
grep -aq '^zaakstatus 1.0 1.2$' "$work/zaakstatus.so" || die "the example has no marked text"
for handler in "$example/zaakstatus.c" "$stateful/zaakverloop.c" "$srcdir/handlers/log.c" "$srcdir/handlers/null.c"; do
	# shellcheck disable=SC2086
	$cc -std=c99 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE $strict -I"$srcdir/include" -c -o /dev/null "$handler" ||
		die "$handler is not C99"
done
if echo 'struct s { int a; }; static const s x = { .a = 1 };' | c++ -std=c++20 -x c++ -fsyntax-only - 2>/dev/null; then
	c++ -std=c++20 -Wall -Wextra -Wno-missing-field-initializers -Werror -pedantic -I"$srcdir/include" -x c++ -c -o "$work/x.o" "$example/zaakstatus.c" ||
		die "the header cannot be used from C++"
	nm "$work/x.o" | grep -q ' [DR] postvak_handler$' || die "C++ does not export postvak_handler"
fi

for tool in autoreconf libtoolize aclocal pkg-config make; do
	command -v $tool >/dev/null || { echo "no $tool here: the other way was not tried"; exit 77; }
done
mkdir "$work/m4" "$work/pc" "$work/project" "$work/small" || exit 1
cp "$srcdir/m4/postvak.m4" "$work/m4" || exit 1
cat >"$work/pc/postvak.pc" <<EOF
prefix=$work/postvak
includedir=$srcdir/include
handlerdir=$work/postvak/handlers
Name: postvak
Description: for this test
Version: 1
Cflags: -I\${includedir}
EOF
export ACLOCAL_PATH="$work/m4"
# The flags of the build around this test are not the stranger's.
unset CFLAGS CPPFLAGS LDFLAGS MAKEFLAGS MFLAGS MAKELEVEL DESTDIR

# What a configure script that asks for interface $1 says, with pkg-config looking in $2.
refusal() {
	printf 'AC_INIT([small], [1])\nAC_PROG_CC\nPOSTVAK_HANDLER([%s])\nAC_OUTPUT\n' "$1" >"$work/small/configure.ac"
	(cd "$work/small" && aclocal -I "$work/m4" && autoconf -f) >"$work/out" 2>&1 || die "autoconf: $(cat "$work/out")"
	if (cd "$work/small" && PKG_CONFIG_LIBDIR="$2" ./configure) >"$work/out" 2>&1; then
		die "POSTVAK_HANDLER([$1]) did not mind"
	fi
	grep -q "$3" "$work/out" || die "POSTVAK_HANDLER([$1]) does not say '$3': $(tail -8 "$work/out")"
}
refusal 1.0 "$work/m4" "pkg-config does not know Postvak"
refusal 9.0 "$work/pc" "written for interface 9.0 of Postvak"
refusal 1.99 "$work/pc" "upgrade Postvak"

for project in "$example" "$stateful"; do
	name=${project##*/}
	mkdir "$work/project/$name" && cp "$project"/* "$work/project/$name" && cd "$work/project/$name" || exit 1
	autoreconf -i >"$work/out" 2>&1 || die "autoreconf: $(cat "$work/out")"
	PKG_CONFIG_LIBDIR="$work/pc" ./configure >"$work/out" 2>&1 || die "configure: $(cat "$work/out")"
	make install >"$work/out" 2>&1 || die "make install: $(cat "$work/out")"
	[ -f "$work/postvak/handlers/$name.so" ] || die "$name was not installed where Postvak looks"
done
