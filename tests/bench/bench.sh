# SPDX-License-Identifier: EUPL-1.2
# Sourced by the benches, from the root of the source: a build for speed, and sites behind one nginx.

connections=${CONNECTIONS:-64}
source=$(pwd)
build=${PV_BUILD:-$source/build/bench}
mkdir -p "$build"
build=$(cd "$build" && pwd)
pids=

# bench_build TARGET...: builds and installs, and makes the targets
bench_build() {
	{
		[ -x configure ] || autoreconf -i
		mkdir -p "$build/obj" && cd "$build/obj"
		[ -f Makefile ] || "$source/configure" --prefix="$build/inst" --sysconfdir="$build/inst/etc" \
			--localstatedir="$build/inst/var" CFLAGS="-g -O2"
		make -j2 && make install && make "$@"
		cd "$source"
	} >"$build/build.log" 2>&1 </dev/null || { tail "$build/build.log" >&2; exit 1; }
}

stop() {
	for pid in $pids; do kill "$pid" 2>/dev/null || true; done
	for pid in $pids; do wait "$pid" 2>/dev/null || true; done
	pids=
}
trap stop EXIT
trap 'exit 130' INT TERM

# new_site DIR HANDLERS [STATE]: its configuration, with a secret of its own
new_site() {
	rm -rf "$1"
	mkdir -p "$1/secrets"
	BENCH_AUTHORIZATION="Token $(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')"
	export BENCH_AUTHORIZATION
	(umask 077; printf '%s\n' "$BENCH_AUTHORIZATION" >"$1/secrets/on")
	cat >"$1/postvak.conf" <<CONF
[postvak]
state_dir = ${3:-state}
run_dir   = run
group     = $(id -gn)
${SETTINGS:-}
[endpoint nrc]
path    = /nrc
accepts = nrc
senders = on
[sender on]
authorization = file:secrets/on
$2
CONF
}

taken() { awk -v port="$(printf '%04X' "$1")" '$4 == "0A" && $2 ~ ":" port "$" { found = 1 } END { exit !found }' /proc/net/tcp; }
port() { p=$1; while taken "$p"; do p=$((p + 1)); done; echo "$p"; }

# server NAME SOCKET PORT: a server of nginx before a FastCGI program
server() {
	cat <<CONF
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
CONF
}

# start_serve DIR
start_serve() {
	: >"$1/serve.log"
	"$build/inst/bin/postvak" -c "$1/postvak.conf" serve >"$1/serve.log" 2>&1 &
	pids="$pids $!"
	until grep -q ' ready: ' "$1/serve.log"; do kill -0 $! && sleep 0.05; done
}

# start_nginx DIR SERVERS PORT...: and waits until the ports are open
start_nginx() {
	dir=$1
	user=
	[ "$(id -u)" != 0 ] || user="user root;"
	cat >"$dir/nginx.conf" <<CONF
$user
daemon off; worker_processes 1; pid $dir/nginx.pid; error_log $dir/nginx-error.log;
events { worker_connections 4096; }
http {
	access_log off; keepalive_requests 100000000;
	client_body_temp_path $dir/t1; fastcgi_temp_path $dir/t2; proxy_temp_path $dir/t3; uwsgi_temp_path $dir/t4; scgi_temp_path $dir/t5;
$2
}
CONF
	shift 2
	"$(command -v nginx || echo /usr/sbin/nginx)" -p "$dir" -c "$dir/nginx.conf" &
	pids="$pids $!"
	for wanted in "$@"; do
		until taken "$wanted"; do kill -0 $! && sleep 0.05; done
	done
}

# measure PORT NAME SECONDS: a line NAME, requests/s, p50 and p99 in ms, errors, requests
measure() {
	wrk -t1 -c"$connections" -d"${3}s" -s "$source/tests/bench/notification.lua" "http://127.0.0.1:$1" | sed -n "s/^result/$2/p"
}

# status DIR NAME: a number of `postvak status`, the first of that name
status() {
	"$build/inst/bin/postvak" -c "$1/postvak.conf" status --json | sed -n "s/.*\"$2\":\([0-9]*\).*/\1/p" | head -n 1
}

# median FILE NAME FIELD: of the lines of that name
median() {
	awk -v name="$2" -v field="$3" '$1 == name { print $field }' "$1" | sort -n |
		awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}
