#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# What remembering 0, 1 and 10 million identities costs. First sorting alone (identities.c). Then Postvak as a whole behind
# nginx, with its dispatcher and a handler at work beside intake: start-up time, requests per second, p99, processor time
# and memory of the roles. Each round begins every size with a fresh copy of its store, in turns, so that what else the
# machine does falls on all of them; medians of the rounds. It measures and prints; it judges nothing.
#   sh tests/bench/identities.sh [ROUNDS [SECONDS]]      default: 9 rounds of 4 seconds each
# STATE: a directory for the stores that are served; one on a tmpfs leaves out what the disk does.
# SIZES: what is remembered, "0 1000000 10000000". The stores are kept in build/bench/growth for the next run.
set -eu
here=$PWD
cd "$(dirname "$0")/../.."
. tests/bench/arguments.sh
numbers tests/bench/identities.sh 3 9 2 "$@"
for size in ${SIZES-0}; do
	case $size in *[!0-9]*) echo "identities.sh: SIZES are whole numbers, not '$size'" >&2; exit 2 ;; esac
done
[ -z "${STATE:-}" ] || STATE=$(cd "$here" && cd "$STATE" && pwd) || exit 2
. examples/packages.sh
need_packages $BUILD_PACKAGES nginx
. tests/bench/bench.sh
rounds=${1:-9}
seconds=${2:-4}
sizes=${SIZES:-0 1000000 10000000}
site=$build/growth/site
state=${STATE:-$site}
bench_build tests/bench/identities
identities=$build/obj/tests/bench/identities
postvak="$build/inst/bin/postvak -c $site/postvak.conf"
serving=
trap '[ -z "$serving" ] || kill "$serving"; stop; rm -rf "$state/state" "$state"/state-*' EXIT

filled() { echo "$build/growth/full-$1"; }
remembers() { [ -f "$(filled "$1")/desk.db" ] && "$identities" open "$(filled "$1")" | grep -q "^identities=$1 "; }
fresh() { rm -rf "$2"; cp -r "$(filled "$1")" "$2"; }
for size in $sizes; do
	remembers "$size" || { rm -rf "$(filled "$size")"; mkdir -p "$(filled "$size")"; "$identities" fill "$(filled "$size")" "$size"; }
done

echo "# sorting alone, batches of 500, 2,000 and 20,000"
for batch in ${BATCHES-500 2000 20000}; do
	for size in $sizes; do
		fresh "$size" "$build/growth/work"
		# Where some are remembered, as many are young as there usually are then.
		[ "$size" = 0 ] || "$identities" sort "$build/growth/work" 20000 200000 >/dev/null
		sync
		"$identities" sort "$build/growth/work" $batch 200000
	done
done
for size in $sizes; do "$identities" open "$(filled "$size")"; done

rm -rf "$build/growth/work"
new_site "$site" "[handler null]
plugin  = null
events  = nl.overheid.**" "$state/state"
at=$(port 8300)
start_nginx "$site" "$(server postvak "$site/run/receiver.sock" "$at")" "$at"
mkfifo "$site/says"

now_us() { echo $(($(date +%s%N) / 1000)); }
# Starts it and waits for its ready line; the time that took, in milliseconds, is in $took.
start() {
	begin=$(now_us)
	$postvak serve >"$site/says" 2>&1 &
	serving=$!
	exec 4<"$site/says"
	while read -r line <&4; do
		case $line in *" ready: "*) break ;; esac
	done
	took=$(awk -v us=$(($(now_us) - begin)) 'BEGIN { print us / 1000 }')
	cat <&4 >>"$site/serve.log" &
	listening=$!
	exec 4<&-
}
halt() { kill "$serving"; wait "$serving" $listening || true; serving=; }
role() {
	for child in $(pgrep -P "$serving"); do
		case $(readlink "/proc/$child/exe") in */"$1") echo "$child"; return ;; esac
	done
}
ticks() { sed 's/.*) //' "/proc/$1/stat" | awk '{ print ($12 + $13) * 10 }'; }	# milliseconds, of 100 ticks a second
resident() { awk -v what="$2:" '$1 == what { print $2 }' "/proc/$1/status"; }
settle() { for i in $(seq 600); do [ "$(status "$site" lag)" != 0 ] || break; sleep 0.1; done; }

serve_and_measure() {
	rm -rf "$state/state"
	mv "$state/state-$1" "$state/state"
	for i in 1 2 3; do start; echo "start-$1 $took" >>"$site/results"; [ $i = 3 ] || halt; done
	dispatcher=$(role postvak-dispatch) receiver=$(role postvak.fcgi)
	before=$(ticks "$dispatcher") received=$(ticks "$receiver")
	measure "$at" "intake-$1" "$seconds" | tee -a "$site/results"
	cpu=$(($(ticks "$dispatcher") - before)) received=$(($(ticks "$receiver") - received))
	behind=$(status "$site" lag)
	begin=$(now_us)
	settle
	echo "rest-$1 $cpu $behind $((($(now_us) - begin) / 1000)) $(resident "$dispatcher" VmRSS) $(resident "$dispatcher" VmHWM) $(resident "$receiver" VmHWM)" |
		tee -a "$site/results"
	awk -v name="intake-$1" -v ms=$received -v s="$seconds" -v size="$1" \
		'$1 == name { n = $2 * s } END { print "cpu-" size, ms * 1000 / n }' "$site/results" >>"$site/results"
	halt
}
: >"$site/results"
order=$sizes
for round in $(seq "$rounds"); do
	for size in $sizes; do fresh "$size" "$state/state-$size"; done
	sync
	for size in $order; do serve_and_measure "$size" >>"$site/log"; done
	case $order in *" "*) order="${order#* } ${order%% *}" ;; esac	# who begins has it no better
done
middle() { median "$site/results" "$@"; }
# What else runs can only make a start longer.
least() { awk -v name="$1" -v field="$2" '$1 == name { print $field }' "$site/results" | sort -n | head -n 1; }
echo "# behind nginx, medians of $rounds rounds of $seconds s"
for size in $sizes; do
	printf 'identities=%d intake=%.0f p50_ms=%.2f p99_ms=%.2f receiver_cpu_us=%.1f start_ms=%.1f least_start_ms=%.1f dispatcher_cpu_ms=%d behind=%d settled_ms=%d dispatcher_rss_kb=%d dispatcher_most_kb=%d receiver_most_kb=%d\n' \
		"$size" "$(middle "intake-$size" 2)" "$(middle "intake-$size" 3)" "$(middle "intake-$size" 4)" "$(middle "cpu-$size" 2)" \
		"$(middle "start-$size" 2)" "$(least "start-$size" 2)" \
		"$(middle "rest-$size" 2)" "$(middle "rest-$size" 3)" "$(middle "rest-$size" 4)" "$(middle "rest-$size" 5)" \
		"$(middle "rest-$size" 6)" "$(middle "rest-$size" 7)"
done
set -- $sizes
none=$1
# The median of the ratios within a round: what changes slowly on the machine falls out.
ratio() {
	awk -v a="$1-$none" -v b="$1-$2" -v field="$3" '$1 == a { x[++n] = $field } $1 == b { y[++m] = $field }
		END { for (i = 1; i <= n; i++) print x[i] ? y[i] / x[i] : 1 }' "$site/results" | sort -n |
		awk '{ v[NR] = $1 } END { printf "%.3f", v[int((NR + 1) / 2)] }'
}
for size in $sizes; do
	[ "$size" = "$none" ] || echo "growth identities=$size intake=$(ratio intake "$size" 2) p99=$(ratio intake "$size" 4)" \
		"receiver_cpu=$(ratio cpu "$size" 2) start=$(least "start-$size" 2 | awk -v none="$(least "start-$none" 2)" '{ printf "%.3f", $1 / none }')"
done
