#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# Whether the peers do the job: each refuses a wrong credential and what is no event, takes a duplicate without storing it
# again, and has all that it acknowledged when it and its database are killed under load.
#   sh tests/bench/peers/check.sh [NAME...]
set -eu
cd "$(dirname "$0")/../../.."
. tests/bench/arguments.sh
of_peers=$(peers_named)
for word in "$@"; do
	case $word in --help | -h) numbers tests/bench/peers/check.sh 3 5 0 --help ;; esac
	case " $of_peers " in *" $word "*) ;; *) echo "check.sh: there is no $word; there are: $of_peers" >&2; exit 2 ;; esac
done
. examples/packages.sh
need_packages $BUILD_PACKAGES
. tests/bench/bench.sh
. tests/bench/peers/peers.sh
bench_build tests/bench/load
peers_setup
BENCH_AUTHORIZATION="Token $(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')"
export BENCH_AUTHORIZATION
wrong=0

# expect WHAT WANTED GOT: WANTED is a pattern
expect() {
	case $3 in
	$2) ;;
	*) echo "$name: $1: $3 instead of $2"; wrong=1 ;;
	esac
}

# ask AUTHORIZATION BODY: the status
ask() {
	curl -s -o "$peers_run/answer" -w '%{http_code}' -H "Authorization: $1" -H "Content-Type: $type" -d "$2" \
		"http://127.0.0.1:$peer_port$peer_path"
}

# event NUMBER
event() {
	if [ "$peer_kind" = nrc ]; then
		cat <<JSON
{"kanaal": "zaken", "hoofdObject": "https://zaken.voorbeeld.nl/1", "resource": "status", "resourceUrl":
"https://zaken.voorbeeld.nl/$1", "actie": "create", "aanmaakdatum": "2026-05-01T12:00:00Z", "kenmerken": {"zaaktype": "a'b"}}
JSON
	else
		cat <<JSON
{"specversion": "1.0", "id": "$1", "source": "urn:zaken", "type": "nl.overheid.zaken", "data": {"zaaktype": "a'b"}}
JSON
	fi
}

asks() {
	type=application/cloudevents+json malformed=400
	[ "$peer_kind" != nrc ] || type=application/json
	# webhook has one status for each command that fails.
	[ "$name" != webhook ] || malformed=500
	expect 'wrong credential' 40[13] "$(ask "${BENCH_AUTHORIZATION%?}x" "$(event 1)")"
	expect 'not JSON' $malformed "$(ask "$BENCH_AUTHORIZATION" '{"id": "x')"
	expect 'no event' $malformed "$(ask "$BENCH_AUTHORIZATION" '{"data": 1}')"
	expect 'stored too early' 0 "$(peer_stored "$name")"
	for number in 1 1 2 1; do expect "event $number" 204 "$(ask "$BENCH_AUTHORIZATION" "$(event $number)")"; done
	expect 'stored of two' 2 "$(peer_stored "$name")"
}

has() { [ "$(peer_stored "$name")" -ge "$1" ]; }

killed() {
	before=$(peer_stored "$name")
	"$build/obj/tests/bench/load" --kind "$peer_kind" --seconds 3 --header "Authorization: $BENCH_AUTHORIZATION" \
		"http://127.0.0.1:$peer_port$peer_path" >"$peers_run/load" 2>&1 &
	loading=$!
	until_peer has $((before + 300)) || wrong=1
	kill -9 $(peer_family)
	peer_stop "$name"
	wait $loading || true
	case $name in
	*-postgresql) start_postgresql ;;
	esac
	acknowledged=$(sed -n 's/.* status_2xx=\([0-9]*\).*/\1/p' "$peers_run/load")
	stored=$(($(peer_stored "$name") - before))
	[ "$acknowledged" -ge 300 ] && [ "$stored" -ge "$acknowledged" ] || {
		echo "$name: $acknowledged acknowledged, $stored stored after the kill"
		wrong=1
	}
	peer_stop "$name"
}

[ $# != 0 ] || set -- $(peers_list)
for name in "$@"; do
	peer_start "$name" "$(port 8300)"
	asks
	killed
	echo "$name: $acknowledged acknowledged before it was killed, $stored stored; $(peer_note "$name")"
done
exit $wrong
