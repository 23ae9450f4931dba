#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# What reading a structured CloudEvent costs beside json-c's tokener alone, on the same 600 bytes; see parse.c.
# The last line is `ratio N.NN`. It measures and prints; it judges nothing.
set -eu
cd "$(dirname "$0")/../.."
source=$(pwd)
. examples/packages.sh
need_packages $BUILD_PACKAGES
build=${PV_BUILD:-$source/build/bench}
mkdir -p "$build/obj"
build=$(cd "$build" && pwd)
{
	[ -x configure ] || autoreconf -i
	cd "$build/obj"
	[ -f Makefile ] || "$source/configure" --prefix="$build/inst" --sysconfdir="$build/inst/etc" --localstatedir="$build/inst/var" CFLAGS="-g -O2"
	make -j2 tests/bench/parse
} >"$build/build.log" 2>&1 </dev/null || { tail "$build/build.log" >&2; exit 1; }
exec "$build/obj/tests/bench/parse"
