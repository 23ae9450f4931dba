#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# What Postvak costs besides time, on a site with a handler that does nothing and an issuer of tokens: from the start of
# `postvak serve` to the first 204 behind nginx, the processor time of one event as plain CGI, and the resident memory of
# each role at rest (a few events done), at most under load (64 connections, 600 bytes, 6 s) and when that is worked off.
# The last line is `cost start_ms=... cgi_cpu_ms=... boss_rest_mib=... ...`. It measures and prints; it judges nothing.
#   sh tests/bench/cost.sh
set -eu
cd "$(dirname "$0")/../.."
. tests/bench/arguments.sh
numbers tests/bench/cost.sh 3 7 0 "$@"
. examples/packages.sh
need_packages $BUILD_PACKAGES nginx openssl python3
. tests/bench/bench.sh
bench_build
POSTVAK_BUILD=$build exec python3 -B tests/bench/cost.py
