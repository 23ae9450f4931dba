#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# Each directory is a floor: it looks down, never up, and sideways only where this table allows it.
# Headers of other people's libraries are included only where they are named here.
set -eu
cd "${srcdir:-.}"

awk '
BEGIN {
	n = split("base 0 event 1 conf 1 net 1 trust 2 schema 2 store 2 gate 2 receive 3 dispatch 3 run 3 keys 3 boss 3 admin 3 cli 4", t, " ")
	for (i = 1; i < n; i += 2) floor[t[i]] = t[i + 1]
	sideways["conf>event"] = 1	# settings speak of NRC profiles and identities
	third["json"] = "nowhere"	# JSON and FastCGI are our own
	third["fcgi"] = "nowhere"
	third["openssl/"] = "src/event/digest.c src/trust/crypto.c"
	third["ini.h"] = "src/conf/file.c"
	third["sqlite3.h"] = "src/store/store_sqlite_backup.c src/store/store_sqlite_checkpoint.c src/store/store_sqlite_fail.c src/store/store_sqlite_file.c src/store/store_sqlite_part.c src/store/store_sqlite_query.c src/store/store_sqlite_scrub.c src/store/store_sqlite_write.c"
	third["dlfcn.h"] = "src/run/loader.c"
	third["curl/"] = "src/net/http.c"
	third["libpq"] = "nowhere"
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
	split(FILENAME, path, "/"); room = path[2]
	split($0, q, "\""); split(q[2], in_, "/"); other = in_[1]
	if (q[2] == "config.h") next
	if (q[2] ~ /^postvak\//) {
		if (room != "run" && room != "event" && room != "dispatch" && room != "cli") { print FILENAME ":" FNR ": " room " includes the public header"; bad = 1 }
		next
	}
	if (!(other in floor)) { print FILENAME ":" FNR ": " q[2] " is in no room"; bad = 1; next }
	if (other != room && floor[other] >= floor[room] && !((room ">" other) in sideways)) {
		print FILENAME ":" FNR ": " room " (floor " floor[room] ") includes " other " (floor " floor[other] ")"; bad = 1
	}
}
/^[ \t]*#[ \t]*include[ \t]*</ {
	split($0, q, /[<>]/)
	for (t3 in third)
		if (index(q[2], t3) == 1 && index(" " third[t3] " ", " " FILENAME " ") == 0) {
			print FILENAME ":" FNR ": <" q[2] "> belongs in " third[t3] " alone"; bad = 1
		}
	if (q[2] ~ /^postvak\// && FILENAME !~ /^src\/(run|event|dispatch|cli)\//) { print FILENAME ":" FNR ": the public header has no business here"; bad = 1 }
}
END { exit bad }
' src/*/*.c src/*/*.h

# Handlers are built as strangers build them: the public header and the system.
if grep -n '#[ 	]*include[ 	]*"' handlers/*.c | grep -v '"postvak/handler.h"'; then
	echo "a bundled handler includes more than <postvak/handler.h>"
	exit 1
fi
# Every source file says its licence.
missing=$(grep -L 'SPDX-License-Identifier: EUPL-1.2' src/*/*.[ch] include/postvak/*.h handlers/*.c tests/unit/*.[ch] 2>/dev/null || true)
if [ -n "$missing" ]; then
	echo "without SPDX-License-Identifier: EUPL-1.2: $missing"
	exit 1
fi
