#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# The benchmark: Postvak in its forms beside the emptiest programs that can stand in its place, and with --peers beside what
# people use instead. Contenders take turns in each round, which begins with an empty store; backlogs are worked off in
# between. It sets everything up itself, measures and prints; it judges nothing. doc/performance.md says how to read it.
usage="Usage: sh tests/bench/run.sh [--rounds N] [--seconds S] [--peers] [--chart FILE] [--only NAMES]
       sh tests/bench/run.sh --quick

  --rounds N     rounds (5)
  --seconds S    of each burst (4)
  --peers        also PHP-FPM, Node, Django and webhook (tests/bench/peers)
  --chart FILE   put the chart there as well
  --only NAMES   of all that is measured only this, as 'threaded nrc sustained'
  --quick        the yardstick, the event-driven null and notifications in under a minute, once it is built; the last line is
                 ratios threaded=N.NN event=N.NN p99=N.NN
CONNECTIONS=N in the environment changes how many are kept alive, which is 64.
Results are Markdown, JSON and SVG in build/bench. With the defaults it takes about 15 minutes."
set -eu
here=$PWD
cd "$(dirname "$0")/../.."
rounds=5 seconds=4 quick= peers= chart= only=all given=$*
while [ $# -gt 0 ]; do
	case $1 in
	--rounds | --seconds | --chart | --only) [ $# -gt 1 ] || { echo "run.sh: $1 takes a value" >&2; exit 2; } ;;
	esac
	case $1 in
	--rounds) rounds=$2; shift ;;
	--seconds) seconds=$2; shift ;;
	--chart) chart=$2; shift ;;
	--only) only=$2; shift ;;
	--quick) quick=yes rounds=3 seconds=2 only="threaded event nrc" ;;
	--peers) peers=yes ;;
	--help | -h) echo "$usage"; exit 0 ;;
	*) echo "run.sh: what is $1?" >&2; echo "$usage" >&2; exit 2 ;;
	esac
	shift
done

. tests/bench/arguments.sh
positive rounds seconds CONNECTIONS
[ -z "$quick" ] || [ "$given" = --quick ] || { echo "run.sh: --quick goes alone: it has rounds and contenders of its own" >&2; exit 2; }
case $only in all) only= ;; *[!\ ]*) ;; *) echo "run.sh: --only takes names" >&2; exit 2 ;; esac
all="nginx threaded event nrc structured binary batch hs256 rs256 apache-proxy_fcgi apache-fcgid apache-cgid"
more="threaded-one nrc-one fdatasync sustained oneshot"
of_peers=$(peers_named)
for name in $only; do
	case " $all $more ${peers:+$of_peers} " in *" $name "*) ;; *)
		echo "run.sh: there is no $name; there are: $all $more, and with --peers: $of_peers" >&2
		exit 2 ;;
	esac
done
case " $only " in *" threaded "* | "  ") ;; *" sustained "*)
	echo "run.sh: sustained is a part of what the threaded program does: --only 'threaded sustained'" >&2
	exit 2 ;;
esac
case $chart in "" | /*) ;; *) chart=$here/$chart ;; esac
[ -z "$chart" ] || { [ -d "$(dirname "$chart")" ] && [ ! -d "$chart" ]; } || { echo "run.sh: --chart $chart is a directory, or in none that there is" >&2; exit 2; }

. examples/packages.sh
need_packages $BUILD_PACKAGES $BENCH_PACKAGES python3 openssl
case ${only:-apache} in *apache*) need_packages apache2 libapache2-mod-fcgid ;; esac
. tests/bench/bench.sh
bench_build tests/bench/plain_fcgi tests/bench/event_fcgi
site=$build/run
results=$build/run.results
postvak=$build/inst/bin/postvak
: >"$results"
note() { echo "$*" >>"$results"; }
progress() { echo "$*" >&2; }

last_port=8300
# ports NAME...: a free port for each, in NAME_port
ports() { for name in "$@"; do last_port=$(port $((last_port + 1))); eval "${name}_port=$last_port"; done; }
ports nginx threaded event postvak apache peer

# ---- the programs ----

# start_null PROGRAM THREADS SOCKET
start_null() {
	"$build/obj/tests/bench/$1" "$3" "$2" &
	pids="$pids $!"
	until [ -S "$3" ]; do still $!; done
}

# Sets threads and keep to what is best for the yardstick. With connections kept alive each needs a thread.
calibrate() {
	rm -rf "$site"
	mkdir -p "$site"
	servers= open=
	for try in $connections-on 4-off 8-off 16-off; do
		ports try
		start_null plain_fcgi "${try%-*}" "$site/$try.sock"
		servers="$servers $(server "null$try" "$site/$try.sock" "$try_port" "${try#*-}")"
		open="$open $try_port"
	done
	start_nginx "$site" "$servers" $open
	BENCH_AUTHORIZATION=none
	for turn in 1 2; do
		set -- $open
		for try in $connections-on 4-off 8-off 16-off; do
			note "calibration $try $(load --seconds 1 "http://127.0.0.1:$1/nrc")"
			shift
		done
	done
	stop
	best=$(sed -n 's/^calibration \([^ ]*\) .* rate=\([^ ]*\) .*/\1 \2/p' "$results" |
		awk '{ sum[$1] += $2 } END { for (t in sum) if (sum[t] > sum[best]) best = t; print best }')
	threads=${best%-*} keep=${best#*-}
	note "threaded $threads $keep"
	progress "threaded: best with $threads threads, connections kept alive: $keep"
}

sections() {
	cat <<CONF
[endpoint events]
path    = /events
accepts = both
batch   = 1000
senders = on
[endpoint zgw]
path    = /zgw
senders = zgw
[sender zgw]
zgw = file:secrets/zgw
[endpoint token]
path    = /token
senders = token
[issuer own]
issuer   = https://issuer.example
audience = https://postvak.example
jwks     = file:$site/own.jwks
[sender token]
token   = own
clients = bench
[handler null]
plugin = null
events = nl.overheid.**
CONF
}

# Apache's children are another user than root, who has to reach the site.
web_user=
if [ "$(id -u)" = 0 ] && id www-data >/dev/null 2>&1; then
	web_user=www-data GROUP=www-data
fi

# share PATH...: with the web server's group, as one that starts receivers of its own needs it
share() {
	[ -n "$web_user" ] || return 0
	chgrp -R "$web_user" "$@"
	chmod -R g+rwX,o-rwx "$@"
	find "$@" -type d -exec chmod g+s {} +
}

open_site() {
	new_site "$site" "$(sections)"
	chmod 755 "$site"
	openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$site/own.pem" 2>/dev/null ||
		openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$site/own.pem" 2>/dev/null
	"$postvak" token --jwks --key "$site/own.pem" --kid one >"$site/own.jwks"
	(
		umask 077
		od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$site/zgw.secret"
		echo "bench:$(cat "$site/zgw.secret")" >"$site/secrets/zgw"
	)
	[ -z "$web_user" ] || { chgrp -R "$web_user" "$site/secrets"; chmod -R g+rX "$site/secrets"; }
	start_null plain_fcgi "$threads" "$site/plain.sock"
	threaded_pid=$!
	start_null event_fcgi 2 "$site/event.sock"
	event_pid=$!
	start_nginx "$site" "server { listen 127.0.0.1:$nginx_port; location / { return 204; } }
		$(server threaded "$site/plain.sock" "$threaded_port" "$keep"
		server event "$site/event.sock" "$event_port"
		server postvak "$site/run/receiver.sock" "$postvak_port")" "$nginx_port" "$threaded_port" "$event_port" "$postvak_port"
	nginx_pid=$!
	begin=$(now_us)
	"$postvak" -c "$site/postvak.conf" serve >"$site/serve.log" 2>&1 &
	serve_pid=$!
	pids="$pids $serve_pid"
	until load --connections 1 --count 1 "http://127.0.0.1:$postvak_port/nrc" | grep -q status_2xx=1; do still $serve_pid; done
	note "start $round $(($(now_us) - begin))"
	settle "$site"
	share "$site/state" "$site/run"
	processes $serve_pid | sed "s/^/rest $round /" >>"$results"
}

# start_apache HOW: proxy_fcgi, fcgid or cgid; sets apache_pid
start_apache() {
	receiver=$build/inst/libexec/postvak/postvak.fcgi
	case $1 in
	proxy_fcgi)
		set -- "proxy proxy_fcgi" "SetHandler \"proxy:unix:$site/run/receiver.sock|fcgi://postvak/\"" \
			"<Proxy \"fcgi://postvak/\" enablereuse=on max=$connections>
			</Proxy>" ;;
	fcgid)
		set -- "fcgid" "SetHandler fcgid-script" "ScriptAlias /nrc $receiver
			FcgidInitialEnv POSTVAK_CONF $site/postvak.conf
			FcgidIPCDir $site/fcgid
			FcgidProcessTableFile $site/fcgid.table
			FcgidMaxProcessesPerClass $connections
			FcgidSpawnScoreUpLimit 1000" ;;	# a request that finds no process sleeps for a second
	cgid) set -- "cgid" "" "ScriptAlias /nrc $receiver
			ScriptSock $site/cgid.sock
			SetEnv POSTVAK_CONF $site/postvak.conf" ;;
	esac
	{
		for module in mpm_event authz_core alias env unixd $1; do
			echo "LoadModule ${module}_module /usr/lib/apache2/modules/mod_$module.so"
		done | while read -r load name file; do [ ! -f "$file" ] || echo "$load $name $file"; done
		[ -z "$web_user" ] || printf 'User %s\nGroup %s\n' "$web_user" "$web_user"
		cat <<CONF
ServerRoot $site
ServerName localhost
PidFile $site/apache.pid
ErrorLog $site/apache.log
DefaultRuntimeDir $site
DocumentRoot $site
Listen 127.0.0.1:$apache_port
KeepAliveTimeout 60
MaxKeepAliveRequests 0
ServerLimit 1
StartServers 1
ThreadLimit 128
ThreadsPerChild 128
MaxRequestWorkers 128
<Location /nrc>
	$2
	Options +ExecCGI
	CGIPassAuth On
	Require all granted
</Location>
$3
CONF
	} >"$site/apache.conf"
	"$(command -v apache2 || echo /usr/sbin/apache2)" -f "$site/apache.conf" -DFOREGROUND &
	apache_pid=$!
	pids="$pids $apache_pid"
	until taken "$apache_port"; do still $apache_pid; done
}

# ---- the contenders ----

# at NAME: sets arguments, the load for it, and family, the processes that serve it
at() {
	family="$nginx_pid $serve_pid" arguments= warm=0.3
	case $1 in
	nginx) family=$nginx_pid url=$nginx_port/nrc ;;
	threaded*) family="$nginx_pid $threaded_pid" url=$threaded_port/nrc ;;
	event*) family="$nginx_pid $event_pid" url=$event_port/nrc ;;
	nrc*) url=$postvak_port/nrc ;;
	structured | binary) url=$postvak_port/events arguments="--kind $1" ;;
	batch) url=$postvak_port/events arguments="--kind batch --batch 20" ;;
	hs256) url=$postvak_port/zgw ;;
	rs256) url=$postvak_port/token ;;
	apache-*) family="$apache_pid $serve_pid" url=$apache_port/nrc warm=3 ;;	# processes are started one by one
	*) family=$peer_pids url=$peer_port$peer_path arguments="--kind $peer_kind" warm=1 ;;
	esac
	case $1 in *-one) arguments="$arguments --connections 1" ;; esac
	arguments="$arguments http://127.0.0.1:$url"
}

# The credential of a contender.
credential() {
	case $1 in
	hs256) echo "Bearer $("$postvak" token --client-id bench --secret "@$site/zgw.secret")" ;;
	rs256) echo "Bearer $("$postvak" token --key "$site/own.pem" --kid one --alg RS256 --issuer https://issuer.example \
		--audience https://postvak.example --client-id bench)" ;;
	*) echo "$BENCH_AUTHORIZATION" ;;
	esac
}

seen() {
	{
		processes $family
		awk -v hz="$(getconf CLK_TCK)" '$1 == "cpu" { print "machine", ($2 + $3 + $4 + $7 + $8) / hz, 0, 0, 0, 0 }' /proc/stat
	} | sed "s/^/$1 $2 $3 /" >>"$results"
}

# burst NAME SECONDS: a short one first, so that what starts with the first requests is there
burst() {
	at "$1"
	(
		BENCH_AUTHORIZATION=$(credential "$1")
		load --seconds "$warm" $arguments >/dev/null
		settle "$site"
		seen before "$round" "$1"
		line=$(load --seconds "$2" $arguments)
		backlog=$(status "$site" lag)
		seen after "$round" "$1"
		note "burst $round $1 backlog=$backlog $line"
		printf '%5d  %-16s %8.0f requests/s %8.0f events/s  p50 %7.2f  p99 %7.2f ms  backlog %d\n' "$round" "$1" \
			"$(got rate "$line")" "$(got events_rate "$line")" "$(got p50 "$line")" "$(got p99 "$line")" "$backlog" >&2
	)
	settle "$site"
}

# ---- what holds for longer than a burst ----

# keeps_up RATE: whether the handler settles as much as comes. The dispatcher gives way to what may be a burst for 5 seconds,
# and goes in batches, so the least backlog of two spans of 4 seconds after that are compared.
keeps_up() {
	tries=$((tries + 1))
	at nrc
	settle "$site"
	seen before "$tries" sustained
	load --seconds 15 --rate "$1" $arguments >"$site/sustained" &
	loading=$!
	while :; do
		echo "$(now_us) $(status "$site" lag)"
		sleep 0.3
	done >"$site/lags" &
	watching=$!
	wait $loading
	seen after "$tries" sustained
	kill $watching 2>/dev/null || :
	wait $watching 2>/dev/null || :
	line=$(cat "$site/sustained")
	growth=$(awk 'NR == 1 { begin = $1 } { t = ($1 - begin) / 1e6 }
		t > 6 && t <= 10 && (!a++ || $2 < first) { first = $2 } t > 11 && (!b++ || $2 < second) { second = $2 }
		END { printf "%.0f", (second - first) / 5 }' "$site/lags")
	verdict=$(awk -v rate="$1" -v got="$(got events_rate "$line")" -v growth="$growth" \
		'BEGIN { print ((got > 0.97 * rate && growth < 0.02 * rate) ? "yes" : "no") }')
	note "sustained $tries $1 $verdict growth=$growth $line"
	progress "sustained at $1 a second: $verdict (backlog grows by $growth a second, p99 $(got p99 "$line") ms)"
	[ "$verdict" = yes ]
}

sustained() {
	tries=0
	sed -n 's/^burst [0-9]* threaded .* rate=\([^ ]*\) .*/threaded \1/p' "$results" >"$site/yardstick"
	yardstick=$(median "$site/yardstick" threaded 2)
	low=5 high=95
	while [ $((high - low)) -gt 3 ]; do
		middle=$(((low + high) / 2))
		if keeps_up "$(awk -v y="$yardstick" -v p=$middle 'BEGIN { printf "%.0f", y * p / 100 }')"; then
			low=$middle
		else
			high=$middle
		fi
	done
}

# The processor time of one event as plain CGI, without a web server: 50 notifications, and the same of a program that
# ends at once, which is what starting one costs by itself.
one_shots() {
	body=$(cat examples/notifications/3-status-create.json)
	printf '%s' "$body" >"$site/body"
	for what in "$build/inst/libexec/postvak/postvak.fcgi" /bin/true; do
		(
			for i in $(seq 50); do
				env -i POSTVAK_CONF="$site/postvak.conf" GATEWAY_INTERFACE=CGI/1.1 REQUEST_METHOD=POST REQUEST_URI=/nrc \
					QUERY_STRING= CONTENT_TYPE=application/json CONTENT_LENGTH="$(wc -c <"$site/body")" \
					HTTP_AUTHORIZATION="$BENCH_AUTHORIZATION" REMOTE_ADDR=127.0.0.1 SERVER_PROTOCOL=HTTP/1.1 \
					"$what" <"$site/body" >"$site/answer"
			done
			[ "$what" = /bin/true ] || grep -q '^Status: 204' "$site/answer"
			times
		) | awk -v what="${what##*/}" 'NR == 2 { for (i = 1; i <= 2; i++) { split($i, t, /[ms]/); sum += t[1] * 60 + t[2] }
			print "oneshot", what, sum / 50 * 1000 }' >>"$results"
	done
}

# ---- turns ----

# last: whether this is the last round
last() { [ $round = "$rounds" ]; }

# contend NAME: its turn in a round, with what is started for it alone
contend() {
	case $1 in
	apache-*)
		start_apache "${1#apache-}"
		burst "$1" "$seconds"
		end $apache_pid ;;
	*-one) burst "$1" 2 ;;
	fdatasync) note "fdatasync $round $(python3 -B tests/bench/fdatasync.py "$site")" ;;
	sustained) if last; then sustained; fi ;;
	oneshot) if last; then one_shots; fi ;;
	nginx | threaded | event | nrc | structured | binary | batch | hs256 | rs256) burst "$1" "$seconds" ;;
	*) contend_peer "$1" ;;
	esac
}

contend_peer() {
	if peer_start "$1" "$peer_port"; then
		[ "$round" != 1 ] || note "peer $1 $(peer_note "$1")"
		burst "$1" "$seconds"
		note "stored $round $1 $(peer_stored "$1")"
	else
		progress "$1 does not start, and is left out"
	fi
	peer_stop "$1"
}

# ---- the run ----

contenders=${only:-$all $more}
if [ -n "$web_user" ] && ! setpriv --reuid=$web_user --regid=$web_user --clear-groups test -x "$build"; then
	progress "Apache's user cannot reach $build, so Apache is left out"
	contenders=$(printf '%s\n' $contenders | grep -v apache)
fi
if [ -n "$peers" ]; then
	. tests/bench/peers/peers.sh
	peers_setup
	[ -n "$only" ] || contenders="$contenders $(peers_list)"
fi
set -- $contenders
note "run $rounds $seconds $connections $(date -u +%Y-%m-%dT%H:%M:%SZ)"
note "versions $(nginx -v 2>&1 | sed 's,.*/,nginx ,'), libfcgi $(pkg-config --modversion fcgi 2>/dev/null || echo ?), Linux $(uname -r)"
note "disk $(df --output=fstype "$build" | tail -n 1)"
calibrate
round=0
while [ $round -lt "$rounds" ]; do
	round=$((round + 1))
	open_site
	for name in "$@"; do contend "$name"; done
	stop
	first=$1	# who begins has it no better
	shift
	set -- "$@" "$first"
done
rm -rf "$site/state"
python3 -B tests/bench/report.py ${quick:+--quick} "$results" "$build"
if [ -n "$chart" ]; then
	[ -f "$build/bench.svg" ] || { echo "run.sh: nothing that was measured is in the chart, so there is none" >&2; exit 1; }
	cp "$build/bench.svg" "$chart"
fi
