#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# What reading an event costs, and judging its request, for each wire and credential; see parse.c.
# It measures and prints; it judges nothing.
set -eu
cd "$(dirname "$0")/../.."
. examples/packages.sh
need_packages $BUILD_PACKAGES
. tests/bench/bench.sh
bench_build tests/bench/parse
"$build/obj/tests/bench/parse"
