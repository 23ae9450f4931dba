#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# Delivery, end to end behind nginx:
#   settled	events per second from the first request to the last settled outcome, by handlers/null, which does
#		nothing, with 1 and with 4 runners; 64 connections send as fast as they get answers
#   start	milliseconds from the 2xx, as the client has it, to the start of the handler, at a steady RATE a second
# Each round prints its figures; a handler that does nothing cannot see order, so those of `settled` have none. The
# last line has the medians: `deliver settled1=... settled4=... start_p50=... start_p99=...`. It judges nothing.
#   sh tests/bench/deliver.sh [ROUNDS [SECONDS [RATE]]]      default: 3 rounds of 6 seconds, 500 a second
set -eu
cd "$(dirname "$0")/../.."
. tests/bench/arguments.sh
numbers tests/bench/deliver.sh 3 9 3 "$@"
. examples/packages.sh
need_packages $BUILD_PACKAGES nginx python3
. tests/bench/bench.sh
rounds=${1:-3}
seconds=${2:-6}
rate=${3:-500}
bench_build story-handlers
results=$build/deliver.results
: >"$results"

cpu() { awk '$1 == "cpu" { all = 0; for (i = 2; i <= NF; i++) all += $i; print all, $5 }' /proc/stat; }
# beside SINCE: how idle the machine was since then, and how busy it is
beside() {
	echo "$1 $(cpu)" | awk -v load="$(cut -d' ' -f1 /proc/loadavg)" \
		'{ printf "idle %d %%, load %s\n", 100 * ($4 - $2) / ($3 - $1 + 0.001), load }'
}
clock() { date +%s.%N; }

# open_site NAME HANDLERS: sets site and at
open_site() {
	site=$build/deliver-$1
	new_site "$site" "$2"
	at=$(port 8300)
	start_serve "$site"
	start_nginx "$site" "$(server postvak "$site/run/receiver.sock" "$at")" "$at"
}

settled() {
	open_site "null$1" "[handler null]
plugin  = null
events  = nl.overheid.**
runners = $1"
	round=0
	while [ $round -lt "$rounds" ]; do
		round=$((round + 1))
		done=$(status "$site" done) duplicates=$(status "$site" duplicates) before=$(cpu) begin=$(clock)
		set -- "$1" $(measure "$at" load "$seconds")
		while [ "$(status "$site" done)" -lt "$(status "$site" accepted)" ]; do sleep 0.02; done
		end=$(clock)
		handled=$(($(status "$site" done) - done))
		acknowledged=$(($7 - $6))
		lost=$((acknowledged > handled ? acknowledged - handled : 0))
		echo "settled$1 $(awk -v n=$handled -v a="$begin" -v b="$end" 'BEGIN { printf "%.0f", n / (b - a) }')" >>"$results"
		echo "settled$1 $(tail -n 1 "$results" | cut -d' ' -f2) events/s while the load got $3 answers/s ($(beside "$before"))"
		echo "figures sent=$7 acknowledged=$acknowledged handled=$handled duplicates=$(($(status "$site" duplicates) - duplicates)) lost=$lost"
	done
	stop
}

start() {
	open_site start "[handler start]
plugin  = $build/obj/tests/handlers/.libs/testhandler.so
events  = nl.overheid.**
runners = 2
option.path = $build/deliver-start/lines"
	round=0
	while [ $round -lt "$rounds" ]; do
		round=$((round + 1))
		before=$(cpu)
		python3 -B tests/bench/deliver.py "$at" "$site/lines" "$rate" "$seconds" $round >"$site/round"
		grep '^start ' "$site/round" >>"$results"
		tail -n 1 "$results" | awk -v beside="$(beside "$before")" \
			'{ printf "start p50 %s ms, p99 %s ms, longest %s ms (%s)\n", $2, $3, $4, beside }'
		grep '^figures ' "$site/round"
	done
	stop
}

settled 1
settled 4
start
echo "deliver settled1=$(median "$results" settled1 2) settled4=$(median "$results" settled4 2)" \
	"start_p50=$(median "$results" start 2) start_p99=$(median "$results" start 3)"
