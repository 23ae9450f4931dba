#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# Searches the model of delivery (delivery.pml) with spin: each search below completely, without hashing away
# states, and then each mutation, in which an error has to be found. Writes to the current directory alone.
# The last line is `model states=... errors=... mutations=... caught=...`.
#   sh tests/model/model.sh [MUTATION]		a mutation: shows how it goes wrong, step by step
set -u
model=$(cd "$(dirname "$0")" && pwd)/delivery.pml
# The compiler of the build, without the flags that are for our own code
cc=${CC:-cc}
[ -z "${POSTVAK_SEARCHED:-}" ] || { echo "skipped: the model was searched before (tests/run.sh)"; exit 77; }
command -v spin >/dev/null || { echo "skipped: the model needs spin (package spin)"; exit 77; }
command -v "${cc%% *}" >/dev/null || { echo "skipped: the model needs a C compiler, and $cc is none"; exit 77; }
work=$(mktemp -d ./model.XXXXXX) && work=$(cd "$work" && pwd) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# CRASHES TROUBLES REQUESTS PRUNES SENDS_C, and more definitions; `cycles` looks for steps that could go round for ever
searches='crashes 2 1 0 0 0
operator 1 2 1 1 0
lanes 1 1 0 0 1
unwanted 1 0 0 1 1 -DUNWANTED
cycles 1 1 1 1 0'
mutations='ANSWER_FIRST BOOKMARK_FIRST STATE_FIRST STATE_APART LANE_EARLY SORT_SPLIT OWN_NUMBER OUTBOX_FIRST
	OUTBOX_UNSYNCED EMIT_FRESH EMIT_DEAD PRUNE_UNSYNCED PRUNE_PARKED DEAD_UNWRITTEN RESTORE_LAST ORPHANS'

# build NAME FLAGS-OF-SPIN FLAGS-OF-CC
build() {
	mkdir "$work/$1" && cd "$work/$1" && spin $2 -a "$model" >log 2>&1 &&
		$cc -w -DVECTORSZ=2048 -DMEMLIM=3000 -DNOREDUCE $3 -o pan pan.c >>log 2>&1
}

# search NAME CRASHES TROUBLES REQUESTS PRUNES SENDS_C [MORE]
search() (
	kind=-DSAFETY options=
	[ "$1" != cycles ] || { kind=-DNP; options=-l; }
	build "$1" "-DCRASHES=$2 -DTROUBLES=$3 -DREQUESTS=$4 -DPRUNES=$5 -DSENDS_C=$6 ${7:-}" "-O2 $kind" &&
		./pan -m10000 -w24 $options >>log 2>&1
)

# mutate NAME
mutate() (
	build "$1" "-DMUTATE_$1" "-O0 -DSAFETY" && { ./pan -m10000 -w22 >>log 2>&1; [ -e delivery.pml.trail ]; } &&
		spin "-DMUTATE_$1" -p -k delivery.pml.trail "$model" >steps 2>&1
)

# broken NAME: the invariant that a mutation breaks, by the comment beside the assertion
broken() {
	line=$(sed -n 's/.*delivery\.pml:\([0-9]*\), Error: assertion violated.*/\1/p' "$work/$1/steps" | head -n 1)
	[ -z "$line" ] || sed -n "${line}s/.*assert.*\/\* \([A-Z_]*\).*/\1/p" "$model"
}

# found NAME: states, depth, seconds and errors of a search; errors=? when it was not complete
found() {
	log=$work/$1/log
	errors=$(sed -n 's/.*errors: \([0-9]*\)$/\1/p' "$log")
	if grep -q -e 'depth too small' -e 'not completed' -e 'out of memory' -e 'memory limit' "$log" ||
		! grep -q 'Full statespace search' "$log"; then
		errors="${errors:-}?"
	fi
	states=$(sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' "$log")
	depth=$(sed -n 's/.*depth reached \([0-9]*\),.*/\1/p' "$log")
	seconds=$(sed -n 's/.*elapsed time \([0-9.]*\) seconds/\1/p' "$log")
}

if [ $# -gt 0 ]; then
	mutate "$1" && sed '/Error: assertion violated/q' "$work/$1/steps" || cat "$work/$1/log"
	exit
fi
total=0 wrong=0
search $(echo "$searches" | sed 1q) &		# it takes as long as the others together
echo "$searches" | sed 1d | while read -r line; do search $line; done
wait
for name in $(echo "$searches" | sed 's/ .*//'); do
	found "$name"
	set -- $(echo "$searches" | grep "^$name ")
	echo "search $name: crashes=$2 troubles=$3 requests=$4 prunes=$5 c=$6 states=${states:-?} depth=${depth:-?}" \
		"seconds=${seconds:-?} errors=${errors:-?}"
	if [ "$errors" = 0 ] && [ ! -e "$work/$name/delivery.pml.trail" ]; then
		total=$((total + states))
	else
		wrong=$((wrong + 1))
		tail -n 20 "$work/$name/log"
	fi
done
caught=0 tried=0
for name in $mutations; do
	tried=$((tried + 1))
	mutate "$name"
	invariant=$(broken "$name")
	if [ -n "$invariant" ]; then
		caught=$((caught + 1))
		echo "mutation $name breaks $invariant"
	else
		echo "mutation $name is NOT caught:"
		tail -n 20 "$work/$name/log"
	fi
done
echo "model states=$total errors=$wrong mutations=$tried caught=$caught"
[ $wrong = 0 ] && [ $caught = $tried ]
