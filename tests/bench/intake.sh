#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# Requests per second and latency, in one run on one machine and behind one nginx, of
#   (a) the plainest threaded libfcgi program that answers 204 and keeps nothing, and
#   (b) Postvak: authenticated, checked, identified and durable before the 204.
# The last line is `ratio N.NN` (b/a, of the medians). It measures and prints; it judges nothing.
#   sh tests/bench/intake.sh [ROUNDS [SECONDS]]      default: 5 rounds of 6 seconds each
set -eu
cd "$(dirname "$0")/../.."
source=$(pwd)
. examples/packages.sh
need_packages $BUILD_PACKAGES nginx wrk
rounds=${1:-5}
seconds=${2:-6}
connections=${CONNECTIONS:-64}
build=${PV_BUILD:-$source/build/bench}
mkdir -p "$build"
build=$(cd "$build" && pwd)
site=$build/site
exec 3>&1
{
	[ -x configure ] || autoreconf -i
	mkdir -p "$build/obj" && cd "$build/obj"
	[ -f Makefile ] || "$source/configure" --prefix="$build/inst" --sysconfdir="$build/inst/etc" --localstatedir="$build/inst/var" CFLAGS="-g -O2"
	make -j2 && make install && make tests/bench/plain_fcgi
} >"$build/build.log" 2>&1 </dev/null || { tail "$build/build.log" >&2; exit 1; }

pids=
stop() { for pid in $pids; do kill "$pid" 2>/dev/null || true; done; wait; }
trap stop EXIT
trap 'exit 130' INT TERM

rm -rf "$site"
mkdir -p "$site/secrets"
BENCH_AUTHORIZATION="Token $(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')"
export BENCH_AUTHORIZATION
(umask 077; printf '%s\n' "$BENCH_AUTHORIZATION" >"$site/secrets/on")
cat >"$site/postvak.conf" <<EOF
[postvak]
state_dir = state
run_dir   = run
group     = $(id -gn)
${SETTINGS:-}
[endpoint nrc]
path    = /nrc
accepts = nrc
senders = on
[sender on]
authorization = file:secrets/on
[handler null]
plugin  = null
events  = nl.overheid.**
EOF
taken() { awk -v port="$(printf '%04X' "$1")" '$4 == "0A" && $2 ~ ":" port "$" { found = 1 } END { exit !found }' /proc/net/tcp; }
port() { p=$1; while taken "$p"; do p=$((p + 1)); done; echo "$p"; }
plain_port=$(port 8300)
postvak_port=$(port $((plain_port + 1)))
[ "$(id -u)" != 0 ] || user="user root;"
server() {
	cat <<EOF
	upstream $1 { server unix:$2; keepalive $connections; }
	server {
		listen 127.0.0.1:$3;
		location / {
			fastcgi_pass $1; fastcgi_keep_conn on;
			fastcgi_param REQUEST_METHOD \$request_method; fastcgi_param REQUEST_URI \$request_uri;
			fastcgi_param QUERY_STRING \$query_string; fastcgi_param CONTENT_TYPE \$content_type;
			fastcgi_param CONTENT_LENGTH \$content_length; fastcgi_param REMOTE_ADDR \$remote_addr;
		}
	}
EOF
}
cat >"$site/nginx.conf" <<EOF
${user:-}
daemon off; worker_processes 1; pid $site/nginx.pid; error_log $site/nginx-error.log;
events { worker_connections 4096; }
http {
	access_log off; keepalive_requests 100000000;
	client_body_temp_path $site/t1; fastcgi_temp_path $site/t2; proxy_temp_path $site/t3; uwsgi_temp_path $site/t4; scgi_temp_path $site/t5;
$(server plain "$site/plain.sock" "$plain_port")
$(server postvak "$site/run/receiver.sock" "$postvak_port")
}
EOF
"$build/obj/tests/bench/plain_fcgi" "$site/plain.sock" "$connections" &
pids="$pids $!"
"$build/inst/bin/postvak" -c "$site/postvak.conf" serve >"$site/serve.log" 2>&1 &
pids="$pids $!"
until grep -q ' ready: ' "$site/serve.log" && [ -S "$site/plain.sock" ]; do kill -0 $! && sleep 0.05; done
nginx=$(command -v nginx || echo /usr/sbin/nginx)
"$nginx" -p "$site" -c "$site/nginx.conf" &
pids="$pids $!"
until taken "$plain_port" && taken "$postvak_port"; do kill -0 $! && sleep 0.05; done

measure() { wrk -t1 -c"$connections" -d"${seconds}s" -s "$source/tests/bench/notification.lua" "http://127.0.0.1:$1" | sed -n "s/^result/$2/p"; }
backlog() { "$build/inst/bin/postvak" -c "$site/postvak.conf" status --json | sed -n 's/.*"lag": *\([0-9]*\).*/\1/p' | head -n 1; }
# What the dispatcher still has to do after a burst must not slow the yardstick down.
settle() { for i in $(seq 300); do [ "$(backlog)" != 0 ] || break; sleep 0.1; done; }
printf '%-8s %12s %9s %9s %7s\n' program requests/s 'p50 ms' 'p99 ms' errors
round=0
: >"$site/results"
while [ $round -lt "$rounds" ]; do
	round=$((round + 1))
	settle
	{ measure "$plain_port" plain; measure "$postvak_port" postvak; } | tee -a "$site/results" |
		awk '{ printf "%-8s %12d %9.2f %9.2f %7d\n", $1, $2, $3, $4, $5 }'
done
median() { awk -v name="$1" -v field="$2" '$1 == name { print $field }' "$site/results" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
for name in plain postvak; do
	printf 'median of %-8s %8d requests/s, p50 %.2f ms, p99 %.2f ms\n' $name "$(median $name 2)" "$(median $name 3)" "$(median $name 4)"
done
echo "backlog of the handler at the end: $(backlog) events"
awk -v a="$(median plain 2)" -v b="$(median postvak 2)" 'BEGIN { printf "ratio %.2f\n", b / a }'
