#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# The built command: help for everything, errors with a remedy, and the exit statuses of the manual.
set -u
postvak=${POSTVAK:-./postvak}
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
unset POSTVAK_CONF POSTVAK_AUTHORIZATION
failed=0

# expect STATUS 'part of stderr' ARGUMENTS...; standard output is left in $work/out
expect() {
	status=$1 text=$2
	shift 2
	"$postvak" "$@" >"$work/out" 2>"$work/err" </dev/null
	got=$?
	if [ "$got" -ne "$status" ]; then
		echo "cli-usage: postvak $*: exit status $got, not $status" >&2
		cat "$work/out" "$work/err" >&2
		failed=1
	elif [ -n "$text" ] && ! grep -qF -- "$text" "$work/err"; then
		echo "cli-usage: postvak $*: does not say \"$text\" but:" >&2
		cat "$work/err" >&2
		failed=1
	elif [ -z "$text" ] && [ -s "$work/err" ]; then
		echo "cli-usage: postvak $*: says on standard error:" >&2
		cat "$work/err" >&2
		failed=1
	fi
}
# printed 'text': the last command had it on standard output
printed() {
	grep -qF -- "$1" "$work/out" || { echo "cli-usage: not printed: $1" >&2; cat "$work/out" >&2; failed=1; }
}

expect 2 'postvak: which command?'
expect 2 'postvak: there is no command fly' fly
expect 2 'postvak: there is no option --fly' --fly status
expect 2 'postvak: -c needs a value' -c
expect 0 '' help
printed 'postvak [-c FILE] COMMAND'
expect 0 '' --help
expect 0 '' --version
expect 2 'postvak: help: there is no command fly' help fly
for command in $("$postvak" help | sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p'); do
	expect 0 '' help "$command"
	printed "usage: postvak [-c FILE] $command"
	expect 0 '' "$command" --help
	expect 2 "postvak: $command: there is no option --fly" "$command" --fly
	case $command in
	dead | retry | discard | hold | release) expect 2 "postvak: $command: a is not the number" "$command" a b d d d ;;
	*) expect 2 "postvak: $command: do not know what to do with" "$command" a b d d d ;;
	esac
done
expect 0 '' version
printed 'handler interface  1.'
expect 0 '' version --json
printed '"handler_interface":"1.'
expect 0 '' -c /nowhere version

# No configuration: every command that needs one says so.
for command in 'serve' 'check' 'conf' 'status' 'events' 'events show 1' 'events --rejected' 'gaps' 'retry 1' 'discard 1' 'hold 1' 'release 1' 'dead' 'audit' \
	'retry 1 --dry-run' \
	'rewind x --to beginning' 'forget x' 'drain' 'keys' 'keys fetch' 'keys x' 'handshakes' 'handshakes show 1' 'handshakes grant 1' 'handshakes deny 1'; do
	# shellcheck disable=SC2086
	expect 2 "$work/none.conf" -c "$work/none.conf" $command
done

# Wrong usage is found before anything is opened.
c="-c $work/none.conf"
expect 2 'is not a number' $c events -n many
expect 2 'there is no state asleep' $c events --state asleep
expect 2 'neither a time' $c events --since yesterday
expect 2 '--type:' $c events --type 'a..b'
expect 2 'events show NUMBER' $c events show all
expect 2 'events show NUMBER' $c events list 5
expect 2 'is not a number' $c gaps -n none
expect 2 'neither a time' $c gaps --until tomorrow
expect 2 '--source needs a value' $c gaps --source
expect 2 'of which event' $c retry
expect 2 'is not the number of an event' $c retry x
expect 2 'of which event' $c discard --why because
expect 2 'of which event' $c hold
expect 2 'of which event' $c release --json
expect 2 'is not the number of an event' $c hold 1 2 x
expect 2 'is not the number of an event' $c release 0
expect 2 'there is no state done' $c retry --handler x --state done
expect 2 'there is no state done' $c dead --state dead,done
expect 2 '--type:' $c retry --type 'a..b'
expect 2 'given for reason is empty' $c discard --reason ''
expect 2 '--since yesterday is neither' $c release --since yesterday
expect 2 '--until tomorrow is neither' $c hold --until tomorrow
expect 2 '--all does not go with a number' $c retry 1 --all
expect 2 '--why needs one line' $c retry 1 --why ''
expect 2 '--why needs one line' $c discard 1 --why 'a
b'
expect 2 'go with --list' $c dead --all
expect 2 'go with --list' $c dead -n 5
expect 2 'is not a number' $c dead --list -n x
expect 2 'is not a number' $c audit -n 0
expect 2 'neither a time' $c audit --since yesterday
expect 2 '--who needs a value' $c audit --who
expect 2 '--to is missing' $c rewind x
expect 2 'the name of a handler' $c rewind '' --to 5
expect 2 'has an empty label' $c rewind x --to 5 --only a..b
expect 2 '--only needs type patterns' $c rewind x --to 5 --only ''
expect 2 'a pattern is missing' $c rewind x --to 5 --only ' '
expect 2 '--state is keep or reset' $c rewind x --to 5 --state drop
expect 2 '--only does not go with --state reset' $c rewind x --to 5 --only 'a.*' --state reset
expect 2 '--why needs one line' $c rewind x --to 5 --why ''
expect 2 'do not go together' $c rewind x --to 5 --dry-run --wait
expect 2 'only --watch takes seconds' $c status 5
expect 2 '--watch takes seconds' $c status --watch 0
expect 2 '--watch takes seconds' $c status --watch soon
expect 2 'does not go with --json' $c status --watch --json
expect 2 '--watch needs a terminal' $c status --watch 5
expect 2 'something is missing' $c rewind --to beginning
expect 2 'something is missing' $c forget
expect 2 '--handler needs a value' $c retry --handler
expect 2 'no such thing to do' $c keys x y
expect 2 'no such thing to do' $c handshakes accept 1
expect 2 'which handshake?' $c handshakes grant
expect 2 'which handshake?' $c handshakes deny x
expect 2 'goes with grant' $c handshakes --no-call
expect 2 'goes with grant' $c handshakes deny 1 --rate 5
expect 2 'does not go with this' $c handshakes show 1 --all
expect 2 'does not go with this' $c handshakes grant 1 --json
expect 2 '--rate needs' $c handshakes grant 1 --rate 0
expect 2 '--rate needs' $c handshakes grant 1 --rate 1000001

# send
expect 0 '' send --example
printed '"kanaal":"zaken"'
expect 2 '--url is missing' send "$work/none"
expect 2 'what is to be sent' send --url http://127.0.0.1:9
expect 2 '--header needs' send --url http://127.0.0.1:9 --header nonsense --example
expect 2 '--repeat needs' send --url http://127.0.0.1:9 --repeat 0 --example
expect 2 '--probe needs the authorization' send --url http://127.0.0.1:9 --probe
expect 2 'do not go with a FILE' send --url http://127.0.0.1:9 --example x
expect 1 "$work/none" send --url http://127.0.0.1:9 "$work/none"
expect 1 "$work/none" send --url http://127.0.0.1:9 --authorization "@$work/none" --example
expect 1 'postvak: send:' send --url gopher://127.0.0.1/ --example

# send: CloudEvents
ce='send --type nl.proef.a --source /proef'
expect 0 '' send --example --mode structured
printed '"type":"nl.overheid.zaken.status.create"'
printed '"data":{"kanaal":"zaken"'
expect 0 '' send --example --mode batch --type nl.proef.b
printed '"type":"nl.proef.b"'
expect 0 '' $ce --data '{"getal": 1.50}' --id 7 --time none
printed '{"specversion":"1.0","id":"7","source":"/proef","type":"nl.proef.a","datacontenttype":"application/json","data":{"getal": 1.50}}'
expect 0 '' $ce --mode binary --subject 'a "b" é%' --data tekst
printed 'Content-Type: text/plain'
printed 'ce-subject: a%20%22b%22%20%C3%A9%25'
printed 'tekst'
expect 0 '' $ce --mode batch --count 2 --id x
printed '"id":"x"'
printf 'uit een bestand' >"$work/data"
printf '\nX-Een: 1\r\n\nX-Twee: 2' >"$work/headers"
expect 0 '' $ce --mode binary --header "@$work/headers"
printed 'X-Een: 1'
printed 'X-Twee: 2'
expect 1 "$work/none" $ce --header "@$work/none"
expect 2 '--header needs' $ce --header "@$work/data"
expect 0 '' $ce --data "@$work/data"
printed '"data":"uit een bestand"'
expect 0 '' $ce "$work/data"
printed '"data":"uit een bestand"'
expect 0 '' $ce -
printed '"data":""'
expect 1 "$work/none" $ce --data "@$work/none"
expect 1 "$work/none" $ce "$work/none"
expect 2 'a CloudEvent needs --type and --source' send --type a
expect 2 'a CloudEvent needs --type and --source' send --mode binary --source /x
expect 2 '--subject belongs to a CloudEvent' send --subject x --example
expect 2 '--source belongs to a CloudEvent' send --source /x
expect 2 '--mode is structured, binary or batch' send --example --mode rare
expect 2 '--count goes with --mode batch' $ce --count 2
expect 2 '--count needs' $ce --mode batch --count 1001
expect 2 '--data does not go with a FILE' $ce --data x "$work/data"
expect 2 'does not go with --mode' send --probe --mode binary --url http://127.0.0.1:9 --authorization x
expect 2 '--attribute needs NAME=VALUE' $ce --attribute =x
expect 2 'is not JSON; for a string, write n=vijf' $ce --attribute n:=vijf
expect 2 'in binary mode this cannot be a name' $ce --mode binary --attribute 'a b=x'
expect 2 'which is one line' $ce --mode binary --datacontenttype "$(printf 'a/b\nx: y')" --data x

# send, sign, token: who sends. Secrets never stand on the command line.
(umask 077; printf "It's a Secret to Everybody\n" >"$work/secret"; printf 'secret\n' >"$work/zgw"; printf 'a:b\n' >"$work/pair")
printf 'Hello, World!' >"$work/body"
u='send --url http://127.0.0.1:9 --example'
expect 2 '--secret takes @FILE or env:NAME' $u --signature github --secret geheim
expect 1 "$work/none" $u --signature github --secret "@$work/none"
expect 1 'NO_SUCH_NAME is not set' $u --signature github --secret env:NO_SUCH_NAME
expect 2 'signature = gitlab is not possible' $u --signature gitlab --secret "@$work/secret"
expect 2 'signature needs signature.secret' $u --signature github
expect 2 'there is no setting api_kee' $u --set "api_kee=file:$work/secret"
expect 2 'does not take the secret itself' $u --set api_key=geheim
expect 2 '--set needs KEY=VALUE' $u --set api_key
expect 2 'do not go with --sender' $u --set api_key=x --sender x
expect 2 '--only names one of the settings' $u --only signature
expect 2 'it has no zgw' $u --signature github --secret "@$work/secret" --only zgw
expect 2 '--bad is signature, old, token or expired' $u --bad all
expect 2 'there is no token to be spoilt' $u --bad token
expect 1 "$work/none" $u --key "$work/none"
expect 1 'there is no private key' $u --key "$work/secret"
expect 1 'there is no certificate' $u --cert "$work/secret"
expect 2 "$work/none.conf" -c "$work/none.conf" $u --sender x
h='send --url http://127.0.0.1:9 --handshake'
expect 2 '--handshake is one of cloudevents[=VALUE], eventgrid' $h nobody
expect 2 'not graph=1' $h graph=1
expect 2 '--secret is missing' $h x
expect 2 'which topic?' $h websub
expect 2 'does not go with' $h graph --example
expect 2 'does not go with' $h graph --type a --source b
expect 2 '--url is missing' send --handshake graph
expect 1 'http://127.0.0.1:9' $h graph
g="--signature github --secret @$work/secret"
expect 0 '' sign $g "$work/body"
printed 'x-hub-signature-256: sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17'
printed 'Content-Type: application/json'
expect 0 '' sign --set "basic=file:$work/pair" --header 'Content-Type: text/plain' "$work/body"
printed 'Authorization: Basic YTpi'
expect 2 'something is missing' sign $g
expect 2 'as whom?' sign "$work/body"
expect 1 "$work/none" sign $g "$work/none"
expect 2 '--at needs a time' sign $g --at nu "$work/body"
expect 2 '--header needs' sign $g --header x "$work/body"
expect 2 '--url is missing' sign --signature rfc9421 --secret "@$work/secret" "$work/body"
expect 2 '--url is not like' sign --signature rfc9421 --secret "@$work/secret" --url x "$work/body"
z="token --client-id client --secret @$work/zgw --at 1572863906"
expect 0 '' $z --lifetime none
printed 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJjbGllbnQiLCJpYXQiOjE1NzI4NjM5MDYsImNsaWVudF9pZCI6ImNsaWVudCIsInVzZXJfaWQiOiIiLCJ1c2VyX3JlcHJlc2VudGF0aW9uIjoiIn0.Y2khsYcqIHFEupGEuqMJq1Pb2bqN6H_vQa9WJ15dvZU'
expect 2 'what kind of token?' token
expect 2 '--secret takes @FILE or env:NAME' token --client-id client --secret secret
expect 2 '--client-id is missing' token --secret "@$work/zgw"
expect 1 "$work/none" token --client-id client --secret "@$work/none"
expect 2 '--lifetime needs' $z --lifetime 0s
expect 2 '--at needs a time' $z --at then
expect 2 '--claim needs NAME=VALUE' $z --claim x
expect 2 'is not JSON; for a string, write x=y' $z --claim x:=y
expect 2 '--alg is RS256' $z --alg none
expect 2 '--key is missing' token --jwks
expect 2 'does not go with --client-id and --secret' $z --sender x
expect 2 "$work/none.conf" -c "$work/none.conf" token --sender x

# Output that does not arrive is a failure.
if [ -w /dev/full ]; then
	"$postvak" help >/dev/full 2>"$work/err"
	[ $? -eq 1 ] && grep -q 'cannot write the output' "$work/err" ||
		{ echo 'cli-usage: a full disk behind standard output is not noticed' >&2; failed=1; }
fi
exit $failed
