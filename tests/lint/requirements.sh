#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# Each requirement of tests/unit/requirements.txt has a test whose name begins with its id, and each test that is
# named for a requirement is named for one of these, and for that alone.
set -eu
cd "${srcdir:-.}/tests/unit"

awk '
FNR == NR {
	if ($0 !~ /^[A-Z]+-[0-9]+b?$/ || $0 in tests) { print FILENAME ":" FNR ": not an id, or one that was there before"; bad = 1 }
	tests[$0] = 0
	n++
	next
}
match($0, /^START_TEST\([A-Za-z0-9_]+\)/) {
	name = substr($0, 12, RLENGTH - 12)
	if (!match(name, /^[A-Z]+_[0-9]+b?(_|$)/))
		next
	id = substr(name, 1, RLENGTH)
	rest = substr(name, RLENGTH)
	sub(/_$/, "", id); sub(/_/, "-", id)
	if (!(id in tests)) { print FILENAME ":" FNR ": " name ": " id " is no requirement"; bad = 1 }
	if (rest ~ /_[A-Z]+_[0-9]+b?(_|$)/) { print FILENAME ":" FNR ": " name ": a test has one requirement"; bad = 1 }
	tests[id]++
}
END {
	if (!n) { print "there are no requirements"; bad = 1 }
	for (id in tests)
		if (!tests[id]) { print id " has no test whose name begins with it"; bad = 1 }
	exit bad
}
' requirements.txt *_test.c
