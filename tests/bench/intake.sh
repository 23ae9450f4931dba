#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# Requests per second and latency, in one run on one machine and behind one nginx, of
#   (a) the plainest threaded libfcgi program that answers 204 and keeps nothing, and
#   (b) Postvak: authenticated, checked, identified and durable before the 204.
# The last line is `ratio N.NN` (b/a, of the medians). It measures and prints; it judges nothing.
#   sh tests/bench/intake.sh [ROUNDS [SECONDS]]      default: 5 rounds of 6 seconds each
set -eu
cd "$(dirname "$0")/../.."
. examples/packages.sh
need_packages $BUILD_PACKAGES nginx wrk
. tests/bench/bench.sh
rounds=${1:-5}
seconds=${2:-6}
site=$build/site
bench_build tests/bench/plain_fcgi
new_site "$site" "[handler null]
plugin  = null
events  = nl.overheid.**"
plain_port=$(port 8300)
postvak_port=$(port $((plain_port + 1)))
"$build/obj/tests/bench/plain_fcgi" "$site/plain.sock" "$connections" &
pids="$pids $!"
until [ -S "$site/plain.sock" ]; do kill -0 $! && sleep 0.05; done
start_serve "$site"
start_nginx "$site" "$(server plain "$site/plain.sock" "$plain_port"; server postvak "$site/run/receiver.sock" "$postvak_port")" \
	"$plain_port" "$postvak_port"

# What the dispatcher still has to do after a burst must not slow the yardstick down.
settle() { for i in $(seq 300); do [ "$(status "$site" lag)" != 0 ] || break; sleep 0.1; done; }
printf '%-8s %12s %9s %9s %7s\n' program requests/s 'p50 ms' 'p99 ms' errors
round=0
: >"$site/results"
while [ $round -lt "$rounds" ]; do
	round=$((round + 1))
	settle
	{ measure "$plain_port" plain "$seconds"; measure "$postvak_port" postvak "$seconds"; } | tee -a "$site/results" |
		awk '{ printf "%-8s %12d %9.2f %9.2f %7d\n", $1, $2, $3, $4, $5 }'
done
for name in plain postvak; do
	printf 'median of %-8s %8d requests/s, p50 %.2f ms, p99 %.2f ms\n' $name "$(median "$site/results" $name 2)" \
		"$(median "$site/results" $name 3)" "$(median "$site/results" $name 4)"
done
echo "backlog of the handler at the end: $(status "$site" lag) events"
awk -v a="$(median "$site/results" plain 2)" -v b="$(median "$site/results" postvak 2)" 'BEGIN { printf "ratio %.2f\n", b / a }'
