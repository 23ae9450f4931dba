#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# Postvak's main job on this machine, in one go: installs what is missing, builds, starts nginx and
# `postvak serve` on a free loopback port, sends what Open Notificaties sends and a CloudEvent, and shows
# each of them arrive. Everything is kept in build/quickstart (PV_QUICKSTART names another
# directory), nothing outside it but the packages.
#
#   sh examples/quickstart.sh          stays up until Ctrl-C
#   sh examples/quickstart.sh --once   stops by itself; status 0 when all that was promised happened
set -u
once=no
case ${1:-} in
--once) once=yes ;;
'') ;;
*) echo "usage: sh examples/quickstart.sh [--once]" >&2; exit 2 ;;
esac
cd "$(dirname "$0")/.." || exit 1
source=$(pwd)
. examples/packages.sh
need_packages $BUILD_PACKAGES nginx || exit 1

dir=${PV_QUICKSTART:-$source/build/quickstart}
mkdir -p "$dir/src" || exit 1
dir=$(cd "$dir" && pwd)
site=$dir/site
run=$site/run
# The path of a socket may not be long.
[ ${#run} -lt 80 ] || run=$(mktemp -d /tmp/postvak-XXXXXX)
serve_pid=
nginx_pid=

stop() {
	trap '' INT TERM
	[ -z "$nginx_pid" ] || kill "$nginx_pid" 2>/dev/null
	[ -z "$serve_pid" ] || kill "$serve_pid" 2>/dev/null
	[ -z "$serve_pid" ] || wait "$serve_pid" 2>/dev/null
	[ -z "$nginx_pid" ] || wait "$nginx_pid" 2>/dev/null
	serve_pid=
	nginx_pid=
	case $run in /tmp/postvak-*) rm -rf "$run" ;; esac
}
fail() {
	echo
	echo "quickstart: $*" >&2
	for log in "$site/serve.log" "$site/nginx-error.log"; do
		[ ! -s "$log" ] || { echo "the end of $log:" >&2; tail -n 15 "$log" >&2; }
	done
	stop
	exit 1
}
trap 'stop; exit 130' INT
trap 'stop; exit 143' TERM

# ---- build: a copy of the sources, so that nothing is written beside them ----
log=$dir/build.log
echo "building in $dir (log: $log)"
{
	for part in configure.ac Makefile.am src handlers include tests examples doc m4 README.md; do
		cp -Rpu "$source/$part" "$dir/src/" || exit 1
	done
	cd "$dir/src" &&
	{ [ -x configure ] && [ -z "$(find configure.ac Makefile.am src handlers tests doc -newer configure \( -name '*.ac' -o -name '*.am' -o -name '*.mk' \) | head -n 1)" ] || autoreconf -i; } &&
	mkdir -p "$dir/obj" && cd "$dir/obj" &&
	{ [ -f Makefile ] && [ Makefile -nt "$dir/src/configure" ] || "$dir/src/configure" --prefix="$dir/inst" --sysconfdir="$dir/inst/etc" --localstatedir="$dir/inst/var" && touch Makefile; } &&
	make -j"$(nproc 2>/dev/null || echo 2)" && make install
} >"$log" 2>&1 </dev/null || { tail -n 30 "$log" >&2; echo "quickstart: the build failed, see $log" >&2; exit 1; }
PATH=$dir/inst/bin:$PATH
export PATH

# ---- a site: configuration, secret, web server ----
rm -rf "$site"
mkdir -p "$site/secrets"
secret="Token $(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')"
(umask 077; printf '%s\n' "$secret" >"$site/secrets/open-notificaties")
cat >"$site/postvak.conf" <<EOF
[postvak]
state_dir = state
run_dir   = $run
group     = $(id -gn)

[endpoint nrc]
path    = /nrc
accepts = nrc
senders = opennotificaties

[endpoint events]
path    = /events
accepts = cloudevents
senders = opennotificaties

[sender opennotificaties]
authorization = file:secrets/open-notificaties
may_send      = nl.overheid.**

[handler log]
plugin         = log
events         = nl.overheid.**
option.path    = $site/handled.jsonl
option.subject = yes
EOF
export POSTVAK_CONF="$site/postvak.conf"
postvak check || fail "the configuration does not pass its check"

taken() { # is something listening on the port?
	awk -v port="$(printf '%04X' "$1")" '$4 == "0A" && $2 ~ ":" port "$" { found = 1 } END { exit !found }' /proc/net/tcp /proc/net/tcp6 2>/dev/null
}
port=8080
while taken $port; do port=$((port + 1)); done
nginx_user=
[ "$(id -u)" != 0 ] || nginx_user="user root;"
cat >"$site/nginx.conf" <<EOF
$nginx_user
daemon off;
pid $site/nginx.pid;
error_log $site/nginx-error.log;
events { }
http {
	access_log $site/nginx-access.log;
	client_body_temp_path $site/tmp-body; fastcgi_temp_path $site/tmp-fastcgi; proxy_temp_path $site/tmp-proxy;
	uwsgi_temp_path $site/tmp-uwsgi; scgi_temp_path $site/tmp-scgi;
	upstream postvak {
		server unix:$run/receiver.sock;
		keepalive 16;
	}
	server {
		listen 127.0.0.1:$port;
		location / {
			fastcgi_pass postvak;
			fastcgi_keep_conn on;
			fastcgi_param REQUEST_METHOD \$request_method;
			fastcgi_param REQUEST_URI \$request_uri;
			fastcgi_param QUERY_STRING \$query_string;
			fastcgi_param CONTENT_TYPE \$content_type;
			fastcgi_param CONTENT_LENGTH \$content_length;
			fastcgi_param REMOTE_ADDR \$remote_addr;
		}
	}
}
EOF

# wait_for WHAT COMMAND...: looks ten times a second, for 20 seconds
wait_for() {
	what=$1
	shift
	tries=0
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ $tries -lt 200 ] || fail "waited in vain for $what"
		[ -z "$serve_pid" ] || kill -0 "$serve_pid" 2>/dev/null || fail "postvak serve ended"
		sleep 0.1
	done
}

postvak serve >"$site/serve.log" 2>&1 &
serve_pid=$!
wait_for "postvak serve" grep -q ' ready: ' "$site/serve.log"
nginx=$(command -v nginx || echo /usr/sbin/nginx)
"$nginx" -p "$site" -c "$site/nginx.conf" 2>>"$site/nginx-error.log" &
nginx_pid=$!
wait_for nginx taken $port
url=http://127.0.0.1:$port/nrc
echo "postvak serve runs behind nginx: $url"

# ---- what Open Notificaties does ----
# send EXPECTED FILE [ARGUMENTS]: sends it; the answer must have the status
send() {
	expected=$1
	file=$2
	shift 2
	answer=$(postvak send --url "$url" "$@" "$file" 2>&1)
	printf '%s\n' "$answer" | sed 's/^/    /'
	case $answer in
	*" $expected"*) ;;
	*) fail "expected the answer $expected to $file" ;;
	esac
}

cd "$source/examples/notifications" || exit 1
echo
echo "1. Registering a subscription, Open Notificaties probes the callback without credentials, which must be refused:"
send 401 1-probe.json
echo "   and with the Authorization that was registered, which must be taken:"
send 204 1-probe.json --authorization "@$site/secrets/open-notificaties"

echo
echo "2. Notifications arrive, are stored, answered, and handled:"
count=0
for file in [2-9]-*.json; do
	echo "  $file"
	set --
	case $file in *no-offset*) set -- --header 'X-Correlation-Id: 5f2c1f1e' ;; esac
	send 204 "$file" --authorization "@$site/secrets/open-notificaties" "$@"
	count=$((count + 1))
	wait_for "the handler's line" sh -c "[ \$(wc -l <'$site/handled.jsonl') = $count ]"
	echo "    handled: $(tail -n 1 "$site/handled.jsonl")"
done

echo
echo "3. The same notification once more gets the same answer, and runs nothing:"
send 204 3-status-create.json --authorization "@$site/secrets/open-notificaties"
wait_for "the duplicate to be set aside" sh -c "postvak events --state duplicate | grep -q duplicate"
[ "$(wc -l <"$site/handled.jsonl")" = $count ] || fail "the duplicate was handled"

echo
echo "4. A CloudEvent in the Dutch profile arrives at an endpoint of its own, in structured and in binary mode; the same"
echo "   event in another mode is a duplicate:"
event="--id 7c1c --type nl.overheid.zaken.status.create --source urn:nld:oin:00000001234567890000:systeem:zaken --subject zaak-1"
count=$((count + 1))
for mode in structured binary; do
	# shellcheck disable=SC2086
	answer=$(postvak send --url "${url%/nrc}/events" --authorization "@$site/secrets/open-notificaties" --mode $mode $event \
		--time 2026-05-01T12:00:00Z --data '{"status": "afgerond"}' 2>&1)
	printf '%s\n' "$answer" | sed 's/^/    /'
	case $answer in
	*" 202"*) ;;
	*) fail "expected the answer 202 to a CloudEvent in $mode mode" ;;
	esac
	wait_for "the handler's line" sh -c "[ \$(wc -l <'$site/handled.jsonl') = $count ]"
done
echo "    handled: $(tail -n 1 "$site/handled.jsonl")"
wait_for "the duplicate to be set aside" sh -c "[ \$(postvak events --state duplicate --json | wc -l) = 2 ]"
[ "$(wc -l <"$site/handled.jsonl")" = $count ] || fail "the duplicate was handled"

echo
echo "5. postvak events:"
wait_for "every event to be settled" sh -c "[ \$(postvak events --state done --json | wc -l) = $count ]"
postvak events | sed 's/^/    /'

cat <<EOF

All of it happened. Try next, in another terminal:

    export POSTVAK_CONF=$site/postvak.conf PATH=$dir/inst/bin:\$PATH
    postvak status
    postvak events show 1
    postvak send --url $url --authorization @$site/secrets/open-notificaties --example

EOF
if [ $once = yes ]; then
	stop
	[ -z "$(ls "$run" 2>/dev/null | grep sock)" ] || fail "postvak serve left its socket behind"
	exit 0
fi
echo "It stays up until Ctrl-C."
wait "$serve_pid"
stop
