# SPDX-License-Identifier: EUPL-1.2
# Sourced after bench.sh, from the root of the source: what people use instead of Postvak, for the same job. Each checks the
# credential ($BENCH_AUTHORIZATION), parses, refuses duplicates and stores durably before it answers 204.
#   peers_setup            installs them, once; one that cannot be installed here is left out, with a line that says why
#   peers_list             the names of those that are there
#   peer_start NAME PORT   with an empty store, until 127.0.0.1:PORT answers. Sets peer_kind (structured or nrc: the load
#                          that it takes), peer_path and peer_pids (its processes, nginx and PostgreSQL among them)
#   peer_family            these and all that come from them
#   peer_note NAME         versions, processes and store, in a line
#   peer_stored NAME       how many events its store has; while it runs
#   peer_stop NAME
# One peer runs at a time.

peers_source=$source/tests/bench/peers
peers_home=$build/peers
peers_run=$peers_home/run
peers_there="php-postgresql php-sqlite node-postgresql node-sqlite drf-postgresql drf-sqlite webhook"
peer_pids=

NODE_PACKAGES="node@24.21.0 express@5.3.0 cloudevents@10.0.0 better-sqlite3@13.2.0 pg@8.23.1"
PYTHON_PACKAGES="django==5.2.19 djangorestframework==3.18.3 gunicorn==27.0.1 psycopg[binary]==3.3.9"

peers_list() { printf '%s\n' $peers_there; }

# left_out PATTERN WHY
left_out() {
	echo "left out: $1 ($2)"
	remaining=
	for peer in $peers_there; do
		case $peer in
		$1) ;;
		*) remaining="$remaining $peer" ;;
		esac
	done
	peers_there=$remaining
}

# once NAME VERSIONS: whether that was set up already, with these versions
once() { [ "$(cat "$peers_home/$1.versions" 2>/dev/null)" = "$2" ]; }

setup_php() {
	need_packages php-fpm php-sqlite3 php-pgsql && php_fpm=$(ls /usr/sbin/php-fpm[0-9]* | sort -V | tail -n 1)
}

setup_node() {
	once node "$NODE_PACKAGES" && return
	command -v npm >/dev/null || need_packages nodejs npm || return 1
	npm install --prefix "$peers_home/node" --no-audit --no-fund $NODE_PACKAGES >"$peers_home/npm.log" 2>&1 </dev/null &&
		echo "$NODE_PACKAGES" >"$peers_home/node.versions"
}

setup_drf() {
	once python "$PYTHON_PACKAGES" && return
	need_packages python3-venv || return 1
	{
		/usr/bin/python3 -m venv --clear "$peers_home/python" &&
			"$peers_home/python/bin/pip" install --disable-pip-version-check $PYTHON_PACKAGES
	} >"$peers_home/pip.log" 2>&1 </dev/null && echo "$PYTHON_PACKAGES" >"$peers_home/python.versions"
}

# PostgreSQL refuses to run as root: then its own user runs it.
as_postgres=
[ "$(id -u)" != 0 ] || as_postgres="setpriv --reuid=postgres --regid=postgres --init-groups"

# A cluster of its own, with the durable settings as they are; only who may enter its directory reaches the socket in it.
setup_postgresql() {
	need_packages postgresql || return 1
	pg_bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
	[ ! -s "$peers_home/pg/data/PG_VERSION" ] || return 0
	rm -rf "$peers_home/pg"
	mkdir -m 700 "$peers_home/pg" || return 1
	[ "$(id -u)" != 0 ] || chown postgres: "$peers_home/pg"
	$as_postgres "$pg_bin/initdb" -D "$peers_home/pg/data" -A trust -U peers -E UTF8 --locale=C \
		>"$peers_home/initdb.log" 2>&1 </dev/null
}

peers_setup() {
	mkdir -p "$peers_home"
	need_packages nginx curl sqlite3 || { left_out '*' 'no nginx, curl or sqlite3'; return 0; }
	setup_php || left_out 'php-*' 'PHP-FPM is not to be had'
	setup_node || left_out 'node-*' "npm could not install it: $peers_home/npm.log"
	setup_drf || left_out 'drf-*' "pip could not install it: $peers_home/pip.log"
	need_packages webhook || left_out webhook 'the package is not to be had'
	setup_postgresql || left_out '*-postgresql' "no cluster could be made: $peers_home/initdb.log"
}

start_postgresql() {
	$as_postgres "$pg_bin/postgres" -D "$peers_home/pg/data" -k "$peers_home/pg" -c listen_addresses= >"$peers_run/pg.log" 2>&1 &
	peer_began $!
	until_peer psql_peers -c 'SELECT 1'
}

psql_peers() { "$pg_bin/psql" -h "$peers_home/pg" -U peers -d postgres -Atq "$@"; }

# until_peer COMMAND...: waits until it succeeds; fails when the process that was started last has ended, or after a minute
until_peer() {
	for peer_turn in $(seq 1200); do
		! "$@" >/dev/null 2>&1 || return 0
		kill -0 $! 2>/dev/null && sleep 0.05 || break
	done
	echo "waited in vain for: $*" >&2
	tail -n 5 "$peers_run"/*.log >&2
	return 1
}

peer_began() { pids="$pids $1"; peer_pids="$peer_pids $1"; }

# peer_server LOCATION [UPSTREAM]: a server of nginx before $peers_run/app.sock
peer_server() {
	cat <<CONF
	upstream peer { server unix:$peers_run/app.sock; ${2:-} }
	server { listen 127.0.0.1:$peer_port; location / { $1 } }
CONF
}

start_php() {
	children=16 dsn="pgsql:host=$peers_home/pg;user=peers;dbname=postgres"
	[ "$1" = postgresql ] || children=4 dsn=sqlite:$peers_run/events.db
	cat >"$peers_run/fpm.conf" <<CONF
[global]
error_log = $peers_run/peer.log
[peer]
user = $(id -un)
listen = $peers_run/app.sock
pm = static
pm.max_children = $children
clear_env = no
php_admin_value[opcache.validate_timestamps] = 0
CONF
	BENCH_DSN=$dsn "$php_fpm" -F -R -y "$peers_run/fpm.conf" >"$peers_run/fpm.log" 2>&1 &
	peer_began $!
	peer_path=/events
	# No connections kept alive: each would keep a child from the requests that wait.
	peer_servers=$(peer_server "fastcgi_pass peer; include /etc/nginx/fastcgi_params;
		fastcgi_param SCRIPT_FILENAME $peers_source/event.php;")
}

start_node() {
	processes=2 driver=pg
	[ "$1" = postgresql ] || processes=1 driver=better-sqlite3
	NODE_PATH=$peers_home/node/node_modules NODE_ENV=production BENCH_DATABASE=$peers_run/events.db \
		PGHOST=$peers_home/pg PGUSER=peers PGDATABASE=postgres \
		"$peers_home/node/node_modules/node/bin/node" "$peers_source/event.js" "$peers_run/app.sock" $processes $driver \
		>"$peers_run/peer.log" 2>&1 &
	peer_began $!
	peer_path=/events
	peer_servers=$(peer_server 'proxy_pass http://peer; proxy_http_version 1.1; proxy_set_header Connection "";' \
		"keepalive $connections;")
}

start_drf() {
	workers=5 database=postgres host=$peers_home/pg
	[ "$1" = postgresql ] || workers=4 database=$peers_run/events.db host=
	set -- env PYTHONPATH="$peers_source" PYTHONDONTWRITEBYTECODE=1 DJANGO_SETTINGS_MODULE=consumer.settings \
		BENCH_DATABASE="$database" PGHOST="$host" PGUSER=peers
	"$@" "$peers_home/python/bin/django-admin" migrate --run-syncdb >"$peers_run/schema.log" 2>&1 || return 1
	"$@" "$peers_home/python/bin/gunicorn" --no-control-socket --preload --workers $workers --bind "unix:$peers_run/app.sock" \
		--worker-tmp-dir /dev/shm 'django.core.wsgi:get_wsgi_application()' >"$peers_run/peer.log" 2>&1 &
	peer_began $!
	peer_path=/notifications peer_kind=nrc
	peer_servers=$(peer_server 'proxy_pass http://peer; proxy_set_header Host $host;')
}

# It serves HTTP itself, and starts the command for each request.
start_webhook() {
	(umask 077; cat >"$peers_run/hooks.json") <<CONF
[{
	"id": "event",
	"execute-command": "$peers_source/store.sh",
	"command-working-directory": "$peers_run",
	"pass-file-to-command": [{"source": "entire-payload", "envname": "EVENT"}],
	"include-command-output-in-response": true,
	"success-http-response-code": 204,
	"trigger-rule-mismatch-http-response-code": 401,
	"trigger-rule": {"match": {
		"type": "value", "value": "$BENCH_AUTHORIZATION", "parameter": {"source": "header", "name": "Authorization"}
	}}
}]
CONF
	BENCH_DATABASE=$peers_run/events.db webhook -hooks "$peers_run/hooks.json" -ip 127.0.0.1 -port "$peer_port" \
		>"$peers_run/peer.log" 2>&1 &
	peer_began $!
	peer_path=/hooks/event
	peer_servers=
}

# answers: whether it refuses a request without a credential, as it should
answers() {
	[ "$(curl -s -o "$peers_run/answer" -w '%{http_code}' -d '{}' "http://127.0.0.1:$peer_port$peer_path")" = 401 ]
}

# empty NAME: its store, made anew
empty() {
	case $1 in
	*-postgresql)
		start_postgresql && psql_peers -c 'DROP SCHEMA public CASCADE' -c 'CREATE SCHEMA public' || return 1
		case $1 in
		drf-*) ;;
		*) psql_peers -f "$peers_source/schema.sql" ;;
		esac ;;
	drf-*) ;;
	*) sqlite3 "$peers_run/events.db" 'PRAGMA journal_mode = WAL' ".read $peers_source/schema.sql" ;;
	esac >"$peers_run/schema.log" 2>&1
}

peer_start() {
	peer_port=$2 peer_kind=structured peer_pids=
	rm -rf "$peers_run"
	mkdir -p "$peers_run"
	empty "$1" && "start_${1%%-*}" "${1#*-}" || { tail -n 5 "$peers_run"/*.log >&2; return 1; }
	if [ -n "$peer_servers" ]; then
		until_peer [ -S "$peers_run/app.sock" ] || return 1
		start_nginx "$peers_run" "$peer_servers" "$peer_port"
		peer_pids="$peer_pids $!"
	fi
	until_peer answers
}

peer_family() {
	grep -s '^PPid:' /proc/[0-9]*/status | tr '/:' '  ' | awk -v roots="$peer_pids" '
		{ children[$5] = children[$5] " " $2 }
		END {
			n = split(roots, queue)
			for (i = 1; i <= n; i++) {
				print queue[i]
				m = split(children[queue[i]], more)
				for (j = 1; j <= m; j++) queue[++n] = more[j]
			}
		}'
}

peer_stop() {
	peer_all=$(peer_family)
	kill $peer_pids 2>/dev/null || true
	for pid in $peer_pids; do
		wait "$pid" 2>/dev/null || true
		pids=$(echo " $pids " | sed "s/ $pid / /")
	done
	for pid in $peer_all; do
		while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
	done
	peer_pids=
}

peer_stored() {
	table=event
	case $1 in
	drf-*) table=consumer_notification ;;
	esac
	case $1 in
	*-postgresql) psql_peers -c "SELECT count(*) FROM $table" ;;
	*) sqlite3 -cmd '.timeout 20000' "$peers_run/events.db" "SELECT count(*) FROM $table" ;;
	esac
}

# version_of PACKAGE LIST: of NAME@VERSION or NAME==VERSION
version_of() { printf '%s\n' $2 | sed -n "s/^$1\(\[.*\]\)*[=@]\{1,2\}//p"; }

node_version() { version_of "$1" "$NODE_PACKAGES"; }
python_version() { version_of "$1" "$PYTHON_PACKAGES"; }

node_note() {
	echo "Node $(node_version node), express $(node_version express), cloudevents $(node_version cloudevents)," \
		"$1 $(node_version "$1")"
}

drf_note() {
	echo "Django $(python_version django), REST framework $(python_version djangorestframework)," \
		"gunicorn $(python_version gunicorn)"
}

store_note() {
	case $1 in
	*-postgresql) echo "PostgreSQL $("$pg_bin/postgres" --version | sed 's/[^0-9]*\([0-9.]*\).*/\1/')" ;;
	*) echo "SQLite (WAL, synchronous FULL)" ;;
	esac
}

peer_note() {
	case $1 in
	php-postgresql) what="PHP-FPM ${php_fpm##*fpm}, 16 children, PDO" ;;
	php-*) what="PHP-FPM ${php_fpm##*fpm}, 4 children, PDO" ;;
	node-postgresql) what="$(node_note pg), 2 processes" ;;
	node-*) what="$(node_note better-sqlite3), 1 process" ;;
	drf-postgresql) what="$(drf_note), 5 workers" ;;
	drf-*) what="$(drf_note), 4 workers" ;;
	webhook) what="webhook $(webhook -version | sed 's/[^0-9]*//'), waiting for sh and sqlite3 in each request, without nginx" ;;
	esac
	echo "$what, $(store_note "$1")"
}
