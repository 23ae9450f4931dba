#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# How many instructions one intake and one delivery take, as callgrind counts them, on a build of its own with -O2; see
# instructions.py. Fails when one is above 1.15 times what tests/bench/instructions.txt says. Where compiler or libraries
# are others than those it was recorded with, it tells the numbers and fails nothing. They differ from run to run by 2 %
# (intake) and 5 % (delivery), depending on who waits for whom.
#   sh tests/bench/instructions.sh              half a minute, and the build
#   sh tests/bench/instructions.sh --record     writes down the numbers of today
set -eu
cd "$(dirname "$0")/../.."
. tests/bench/arguments.sh
[ "$*" = --record ] || numbers tests/bench/instructions.sh 3 8 0 "$@"
command -v valgrind >/dev/null || { echo "skipped: valgrind is not installed"; exit 0; }
. examples/packages.sh
need_packages $BUILD_PACKAGES python3
. tests/bench/bench.sh
bench_build
exec python3 -B tests/bench/instructions.py "$build" "$build/instructions" tests/bench/instructions.txt "$@"
