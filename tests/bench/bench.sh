# SPDX-License-Identifier: EUPL-1.2
# Sourced by the benches, from the root of the source: a build for speed, and sites behind one nginx.

connections=${CONNECTIONS:-64}
source=$(pwd)
build=${PV_BUILD:-$source/build/bench}
mkdir -p "$build"
build=$(cd "$build" && pwd)
pids=

# bench_build TARGET...: builds and installs, and makes the load generator and the targets
bench_build() {
	{
		[ -x configure ] || autoreconf -i
		mkdir -p "$build/obj" && cd "$build/obj"
		[ -f Makefile ] || "$source/configure" --prefix="$build/inst" --sysconfdir="$build/inst/etc" \
			--localstatedir="$build/inst/var" CFLAGS="-g -O2"
		make -j2 && make install && make tests/bench/load "$@"
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

# end PID...: ends some of them
end() {
	for pid in "$@"; do
		kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
		pids=$(echo " $pids " | sed "s/ $pid / /")
	done
}

# still PID: waits a moment for what it does; ends all when it has ended
still() {
	kill -0 "$1" 2>/dev/null || { echo "process $1 ended, which is still needed" >&2; exit 1; }
	sleep 0.02
}

now_us() { echo $(($(date +%s%N) / 1000)); }

# new_site DIR SECTIONS [STATE]: its configuration, with a secret of its own; GROUP: the web server's group
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
group     = ${GROUP:-$(id -gn)}
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

# server NAME SOCKET PORT [KEEP]: a server of nginx before a FastCGI program; KEEP off: a connection for each request
server() {
	keepalive="keepalive $connections;"
	[ "${4:-on}" = on ] || keepalive=
	cat <<CONF
	upstream $1 { server unix:$2; $keepalive }
	server {
		listen 127.0.0.1:$3;
		location / {
			fastcgi_pass $1; fastcgi_keep_conn ${4:-on};
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
	until grep -q ' ready: ' "$1/serve.log"; do still $!; done
}

# start_nginx DIR SERVERS PORT...: and waits until the ports are open. Bodies as in examples/nginx.conf.
start_nginx() {
	dir=$1
	user=
	[ "$(id -u)" != 0 ] || user="user root;"
	cat >"$dir/nginx.conf" <<CONF
$user
daemon off; worker_processes 1; pid $dir/nginx.pid; error_log $dir/nginx-error.log;
events { worker_connections 4096; }
http {
	access_log off; keepalive_requests 100000000; client_max_body_size 64m; client_body_buffer_size 64k;
	client_body_temp_path $dir/t1; fastcgi_temp_path $dir/t2; proxy_temp_path $dir/t3; uwsgi_temp_path $dir/t4; scgi_temp_path $dir/t5;
$2
}
CONF
	shift 2
	"$(command -v nginx || echo /usr/sbin/nginx)" -p "$dir" -c "$dir/nginx.conf" &
	pids="$pids $!"
	for wanted in "$@"; do
		until taken "$wanted"; do still $!; done
	done
}

# load OPTION... ADDRESS: the line of the load generator, with the site's credential
load() {
	"$build/obj/tests/bench/load" --connections "$connections" --header "Authorization: $BENCH_AUTHORIZATION" "$@" || [ $? = 1 ]
}

# got NAME LINE: the value that NAME has in a line of the load generator
got() { expr " $2" : ".* $1=\([^ ]*\)" || :; }

# measure PORT NAME SECONDS [OPTION]...: a line NAME, requests/s, p50 and p99 in ms, requests that were not taken, requests
measure() {
	at_=$1 name_=$2 seconds_=$3
	shift 3
	line_=$(load --seconds "$seconds_" "$@" "http://127.0.0.1:$at_/nrc")
	taken_=$(got status_2xx "$line_") requests_=$(got requests "$line_")
	echo "$name_ $(got rate "$line_") $(got p50 "$line_") $(got p99 "$line_")" \
		"$((requests_ - taken_ + $(got connection_errors "$line_") + $(got unanswered "$line_"))) $requests_"
}

# status DIR NAME: a number of `postvak status`, the first of that name
status() {
	"$build/inst/bin/postvak" -c "$1/postvak.conf" status --json | sed -n "s/.*\"$2\":\([0-9]*\).*/\1/p" | head -n 1
}

# settle DIR: waits until its handlers have caught up, a minute at most, and the disk with them; what begins a moment later
# begins at rest
settle() {
	for i in $(seq 1200); do [ "$(status "$1" lag)" != 0 ] || break; sleep 0.05; done
	sync
	sleep 0.3
}

# processes PID...: of these and all that come from them, by name: NAME CPU ENDED RSS PSS N, which are seconds of
# processor time of theirs and of children that have ended, and KiB of memory of the largest and of all together
processes() { cat /proc/[0-9]*/stat 2>/dev/null | awk -v roots="$*" -v hz="$(getconf CLK_TCK)" -f "$source/tests/bench/processes.awk"; }

# median FILE NAME FIELD: of the lines of that name
median() {
	awk -v name="$2" -v field="$3" '$1 == name { print $field }' "$1" | sort -n |
		awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}
