#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# Installs what is missing, builds with warnings as errors, and runs everything:
#   gcc      make distcheck (configure, make check, VPATH, DESTDIR, install, uninstall); then the instructions that
#            an intake and a delivery take, against those of tests/bench/instructions.txt
#   clang    make check
#   stories  real nginx, real SQLite, real crashes, on a build with failpoints; then the cases of
#            ../shared/cases/cloudevents.json, where that is there
#   asan     unit tests and stories once more under AddressSanitizer and UBSan
# The last line is `N passed, N failed`. Everything is built in build/tests (PV_BUILD names another
# place). `sh tests/run.sh gcc stories` runs those parts alone.
set -u
umask 022
cd "$(dirname "$0")/.."
root=$(pwd)
. examples/packages.sh
need_packages $BUILD_PACKAGES check clang nginx apache2 libapache2-mod-fcgid mandoc python3 curl openssl spin valgrind || exit 1

build=${PV_BUILD:-$root/build/tests}
parts=${*:-gcc clang stories asan}
passed=0
failed=0
mkdir -p "$build" || exit 1
build=$(cd "$build" && pwd)

say() { printf '\n== %s\n' "$*"; }

# count_logs DIR: adds up what make check left there
count_logs() {
	for trs in $(find "$1" -name '*.trs'); do
		log=${trs%.trs}.log
		checks=$(sed -n 's/.*Checks: \([0-9]*\), Failures: \([0-9]*\), Errors: \([0-9]*\).*/\1 \2 \3/p' "$log" | tail -n 1)
		if [ -n "$checks" ]; then
			set -- $checks
			passed=$((passed + $1 - $2 - $3))
			failed=$((failed + $2 + $3))
			[ "$(sed -n 's/^:test-result: //p' "$trs")" = PASS ] || [ $(($2 + $3)) != 0 ] || failed=$((failed + 1))
			continue
		fi
		case $(sed -n 's/^:test-result: //p' "$trs") in
		PASS) passed=$((passed + 1)) ;;
		SKIP) echo "skipped: $(head -n 1 "$log")" ;;
		*) failed=$((failed + 1)); echo "failed: $log" ;;
		esac
	done
}

# step NAME COMMAND...: runs it with its output in a file; shows the end of it when it fails
step() {
	name=$1
	shift
	begin=$(date +%s)
	if "$@" >"$build/$name.log" 2>&1 </dev/null; then
		passed=$((passed + 1))
		echo "ok      $name ($(($(date +%s) - begin)) s)"
	else
		failed=$((failed + 1))
		echo "FAILED  $name: the end of $build/$name.log:"
		tail -n 40 "$build/$name.log"
		return 1
	fi
}

# configure_in DIR ARGUMENTS...
configure_in() {
	dir=$1
	shift
	mkdir -p "$dir" && in_dir "$dir" "$root/configure" --enable-werror --prefix="$dir/inst" \
		--sysconfdir="$dir/inst/etc" --localstatedir="$dir/inst/var" "$@"
}

in_dir() { (cd "$1" && shift && "$@"); }

unit_tests() {
	in_dir "$1" make -j2 check
	status=$?
	POSTVAK_SEARCHED=yes	# once is enough: the model is not searched again, of power cuts a sample is made
	export POSTVAK_SEARCHED
	grep -h -E '^(FAIL|ERROR)' "$1/test-suite.log" 2>/dev/null
	return $status
}

# stories DIR: runs the stories on the programs installed from DIR; adds up their counts
stories() {
	install_sdk
	python3 "$root/tests/story/run.py" --build "$1" ${STORIES:-} | tee "$1/stories.log"
	counts=$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed.*/\1 \2/p' "$1/stories.log" | tail -n 1)
	if [ -z "$counts" ]; then
		failed=$((failed + 1))
		return 1
	fi
	set -- $counts
	passed=$((passed + $1))
	failed=$((failed + $2))
}

# conformance DIR: the cases of ../shared on the programs installed from DIR; each case counts
conformance() {
	python3 "$root/tests/conformance/run.py" --build "$1" | tee "$1/conformance.log"
	counts=$(sed -n 's/^cases \([0-9]*\) as-expected \([0-9]*\)$/\1 \2/p' "$1/conformance.log" | tail -n 1)
	if [ -n "$counts" ]; then
		set -- $counts
		passed=$((passed + $2))
		failed=$((failed + $1 - $2))
	elif ! grep -q '^skipped' "$1/conformance.log"; then
		failed=$((failed + 1))
	fi
}

# The JavaScript SDK of CloudEvents, for the stories in which it sends; they are skipped without it.
SDK=8.0.3	# the last one for node 18
install_sdk() {
	POSTVAK_NODE=$build/node
	export POSTVAK_NODE
	! grep -q "\"version\": \"$SDK\"" "$POSTVAK_NODE/node_modules/cloudevents/package.json" 2>/dev/null || return 0
	{ command -v node && command -v npm; } >/dev/null || need_packages nodejs npm || return 1
	mkdir -p "$POSTVAK_NODE"
	npm install --prefix "$POSTVAK_NODE" --ignore-scripts --no-audit --no-fund "cloudevents@$SDK" >"$build/npm.log" 2>&1 </dev/null ||
		tail -n 5 "$build/npm.log"
}

say "autoreconf"
step autoreconf autoreconf -i || { echo "$passed passed, $failed failed"; exit 1; }

for part in $parts; do
	dir=$build/$part
	case $part in
	gcc)
		say "gcc: make distcheck"
		step gcc-configure configure_in "$dir" CC=gcc CFLAGS="-g -O2" &&
			{ step gcc-check unit_tests "$dir"; count_logs "$dir"; }
		[ ! -f "$dir/Makefile" ] || step gcc-distcheck in_dir "$dir" make -j2 distcheck
		step gcc-instructions env PV_BUILD="$build/bench" sh "$root/tests/bench/instructions.sh"
		;;
	clang)
		say "clang: make check"
		step clang-configure configure_in "$dir" CC=clang CFLAGS="-g -O2" &&
			{ step clang-check unit_tests "$dir"; count_logs "$dir"; }
		;;
	stories)
		say "stories"
		step stories-configure configure_in "$dir" CFLAGS="-g -O2" --enable-failpoints &&
			step stories-build in_dir "$dir" make -j2 &&
			step stories-handlers in_dir "$dir" make -j2 story-handlers &&
			step stories-install in_dir "$dir" make install && { stories "$dir"; conformance "$dir"; }
		;;
	asan)
		say "AddressSanitizer and UBSan"
		step asan-configure configure_in "$dir" --enable-failpoints \
			CFLAGS="-g -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer" &&
			{ step asan-check unit_tests "$dir"; count_logs "$dir"; }
		[ ! -f "$dir/Makefile" ] || { step asan-handlers in_dir "$dir" make -j2 story-handlers &&
			step asan-install in_dir "$dir" make install && stories "$dir"; }
		;;
	*) echo "there is no part $part"; failed=$((failed + 1)) ;;
	esac
done
echo
echo "$passed passed, $failed failed"
[ $failed = 0 ]
