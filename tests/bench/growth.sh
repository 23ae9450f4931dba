#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# How intake and delivery change with what grows: connections (1 to 1,000), bodies (0.5 KiB to 1 MiB), handlers (1 to 50,
# each with patterns of its own), runners (1 to 16) and remembered identities (0 to 10 million; identities.sh). A table in
# Markdown each, printed and kept in build/bench/growth.md; medians of the rounds, in which the rows take turns, each
# after the backlog of the one before was worked off. `settled` counts until the handler is done with all of it.
#   sh tests/bench/growth.sh [TABLE...]      default: all five
# ROUNDS and EACH: 3 rounds of 2 seconds. It measures and prints; it judges nothing.
set -eu
cd "$(dirname "$0")/../.."
. tests/bench/arguments.sh
positive ROUNDS EACH
for word in "$@"; do
	case $word in --help | -h) numbers tests/bench/growth.sh 3 9 0 --help ;; connections | bodies | handlers | runners | identities) ;; *)
		echo "growth.sh: there is no table '$word'; there are: connections bodies handlers runners identities" >&2
		exit 2 ;;
	esac
done
. examples/packages.sh
need_packages $BUILD_PACKAGES nginx python3
. tests/bench/bench.sh
bench_build tests/bench/identities
POSTVAK_BUILD=$build PV_BUILD=$build exec python3 -B tests/bench/growth.py "$build" "${ROUNDS:-3}" "${EACH:-2}" "$@"
