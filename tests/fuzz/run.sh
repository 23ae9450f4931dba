#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# Fuzzes each target with libFuzzer under AddressSanitizer and UBSan, from its corpus.
#
#   sh tests/fuzz/run.sh [SECONDS [TARGET...]]     600 seconds each, all targets
#
# Everything is built in build/fuzz (PV_BUILD names another place); what is found there as crash-* belongs into
# tests/fuzz/corpus/TARGET once it is mended. The last line says how many targets had no finding.
set -u
cd "$(dirname "$0")/../.." || exit 1
root=$(pwd)
. examples/packages.sh
need_packages $BUILD_PACKAGES clang "libclang-rt-$(clang -dumpversion 2>/dev/null | cut -d. -f1)-dev" || exit 1
seconds=${1:-600}
[ $# = 0 ] || shift
targets=${*:-structured batch header uri time media mapped json nrc jwt jwk sfv httpsig signature}
build=${PV_BUILD:-$root/build/fuzz}
mkdir -p "$build" || exit 1
cd "$build" || exit 1
sources="$root/src/event/*.c $root/src/base/*.c $root/src/trust/*.c"
for name in problem resolve secrets section settings value value_print; do sources="$sources $root/src/conf/$name.c"; done
flags="-g -O1 -D_GNU_SOURCE -I$build -I$root/src -I$root/include -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined"
flags="$flags -DLOCALSTATEDIR=\"/var\" -DHANDLERDIR=\"/lib\""
flags="$flags $(pkg-config --cflags libcrypto)"
: >config.h
clean=0
for target in $targets; do
	# shellcheck disable=SC2086
	clang $flags -DFUZZ_TARGET="\"$target\"" -o "fuzz-$target" "$root/tests/fuzz/fuzzer.c" "$root"/tests/fuzz/*targets.c $sources \
		$(pkg-config --libs libcrypto) -lpthread || exit 1
	mkdir -p "found/$target"
	dict=
	[ ! -f "$root/tests/fuzz/$target.dict" ] || dict="-dict=$root/tests/fuzz/$target.dict"
	# shellcheck disable=SC2086
	if "./fuzz-$target" -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=4096 -print_final_stats=1 $dict \
		-artifact_prefix="$build/$target-" "found/$target" "$root/tests/fuzz/corpus/$target" >"$target.log" 2>&1; then
		clean=$((clean + 1))
		echo "ok      $target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$target.log") inputs in $seconds s"
	else
		echo "FOUND   $target: see $build/$target.log"
		tail -n 20 "$target.log"
	fi
done
set -- $targets
echo "targets $# without-a-finding $clean"
[ $clean = $# ]
