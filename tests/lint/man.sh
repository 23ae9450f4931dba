#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# The manual is clean under mandoc -T lint.
set -eu
if ! command -v mandoc >/dev/null; then
	echo "mandoc is not installed"
	exit 77
fi
bad=0
for page in "${srcdir:-.}"/doc/man/*.[0-9] doc/man/*.[0-9]; do
	[ -f "$page" ] || continue
	mandoc -T lint -W warning "$page" || bad=1
done
exit $bad
