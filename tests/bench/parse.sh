#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# What reading a structured CloudEvent costs beside json-c's tokener alone, on the same 600 bytes; see parse.c.
# The last line is `ratio N.NN`. It measures and prints; it judges nothing.
set -eu
cd "$(dirname "$0")/../.."
. tests/bench/arguments.sh
numbers tests/bench/parse.sh 3 4 0 "$@"
. examples/packages.sh
need_packages $BUILD_PACKAGES $BENCH_PACKAGES
. tests/bench/bench.sh
bench_build tests/bench/parse
"$build/obj/tests/bench/parse"
