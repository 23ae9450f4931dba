#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# What a role must never do, its link line cannot do.
set -eu
: "${NM:=nm}"
bad=0

complain() {
	echo "$*"
	bad=1
}

# A built program: libtool may keep the real one in .libs.
program() {
	if [ -f ".libs/$1" ]; then echo ".libs/$1"; else echo "$1"; fi
}

# never FILE PATTERN WHY: no undefined or defined symbol of the pattern
never() {
	[ -f "$1" ] || { complain "$1 was not built"; return; }
	# clang's sanitizers are linked into the program and use the dynamic linker themselves
	if $NM "$1" 2>/dev/null | grep -q ' [TW] __asan_init$'; then set -- "$1" "$(echo "$2" | sed 's/dlopen|dlsym|*//')" "$3"; fi
	[ -n "$2" ] || return 0
	found=$($NM "$1" 2>/dev/null | awk '{ print $NF }' | sed 's/@.*//' | grep -E "^($2)" | head -3 || true)
	[ -z "$found" ] || complain "$1 $3:" $found
}

never "$(program postvak.fcgi)" 'dlopen|dlsym|curl_' 'reads hostile bytes and must neither load plugins nor speak HTTP outwards'
never "$(program postvak-dispatch)" 'dlopen|dlsym|gate_|trust_|curl_|listen$' 'holds the store and must neither load plugins nor use the network'
never "$(program postvak-runner)" 'sqlite3_|store_|gate_|trust_|curl_' 'loads plugins and must not hold the store or credentials'
never "$(program postvak-keys)" 'dlopen|dlsym|sqlite3_|store_|gate_|trust_|listen$' 'asks others and must not hold the store, judge senders or listen'
never "$(program postvak)" 'dlopen|dlsym|gate_' 'is the boss and must neither load plugins nor speak FastCGI'
never libboss.a 'sqlite3_|store_|dlopen|gate_|nrc_parse|json_' 'is the boss and must not open the store or parse'

# A handler exports its descriptor and nothing else, and needs nothing of ours.
for handler in handlers/.libs/*.so; do
	[ -f "$handler" ] || continue
	seen=yes
	exported=$($NM -D --defined-only "$handler" | awk '{ print $NF }' | sed 's/@.*//' | grep -v -e '^_\(init\|fini\|edata\|end\|_bss_start\)$' -e '^__odr_asan' | tr '\n' ' ')
	[ "$exported" = "postvak_handler " ] || complain "$handler exports: $exported"
done
[ "${seen:-}" = yes ] || complain "no built handler was found"

# Programs export nothing for plugins to bind to.
for name in postvak postvak.fcgi postvak-dispatch postvak-keys postvak-runner; do
	exported=$($NM -D --defined-only "$(program $name)" 2>/dev/null | awk '$2 ~ /[TDB]/ { print $NF }' | grep -Ev '^(_init|_fini|_start|__|_IO_|_edata|_end|main|data_start|stdin|stdout|stderr|environ|optarg|opt)' | head -3 || true)
	case $CFLAGS in *sanitize*) exported= ;; esac
	[ -z "$exported" ] || complain "$name exports:" $exported
done
exit $bad
