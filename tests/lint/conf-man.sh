#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# postvak.conf(5) as built: every setting of the table stands in it, no marker is left, mandoc is content.
set -u
srcdir=${srcdir:-.}
man=doc/man/postvak.conf.5
status=0

say() {
	echo "$*"
	status=1
}

keys=$(sed -n 's/^	{ [A-Z_]*("\([a-z_.]*\)", TYPE_.*/\1/p' "$srcdir/src/conf/settings.c")
[ "$(echo "$keys" | wc -l)" -gt 30 ] || say "found too few settings in settings.c"
for key in $keys; do
	grep -q "^\.It Ic $key\$" "$man" || say "$key is not in $man"
done
! grep -n '@[A-Z]*@' "$man" || say "a marker is left in $man"
if command -v mandoc >/dev/null; then
	# Manuals that it refers to need not be installed.
	! mandoc -T lint -W style "$man" | grep -v 'referenced manual not found' || say "mandoc complains"
fi
exit $status
