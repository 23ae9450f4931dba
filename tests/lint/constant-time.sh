#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# How long it takes to compare a secret tells nothing of it, by construction: only digests and MACs are compared, and
# those with bytes_equal or digest_equal, which look at every byte. Where a secret decides, nothing else compares one.
set -eu
cd "${srcdir:-.}"
status=0

for file in src/trust/static.c src/trust/template.c src/trust/jws.c src/trust/httpsig.c src/trust/claims.c \
	src/trust/digest_field.c src/receive/challenge.c; do
	grep -qE '(bytes|digest)_equal\(' "$file" || { echo "$file compares nothing in constant time"; status=1; }
done
# Strings are taken out first: names of headers and members are no secrets.
for file in src/trust/*.c src/receive/*.c; do
	found=$(sed 's/"\([^"\\]\|\\.\)*"/""/g' "$file" |
		grep -nE '(memcmp|str(n|)(case|)cmp|str(case|)str|memmem)\(([^();]*[^A-Za-z_])?(mac|secret|digest|hash|signature|thumbprint|password|values)([^A-Za-z_(][^;]*)?\)' || :)
	[ -z "$found" ] || { echo "$file:$found"; status=1; }
done
grep -q 'CRYPTO_memcmp' src/trust/crypto.c && grep -q 'CRYPTO_memcmp' src/event/digest.c || status=1
exit $status
