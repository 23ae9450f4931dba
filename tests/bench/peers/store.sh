#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# The command of the peer `webhook`: stores the event in the file $EVENT once. SQLite reads and parses that file itself,
# so no text of a sender becomes a part of a statement.
exec sqlite3 -bail "$BENCH_DATABASE" ".timeout 20000" "INSERT INTO event (source, id, body)
	SELECT json_extract(body, '$.source'), json_extract(body, '$.id'), body
	FROM (SELECT CAST(readfile('$EVENT') AS TEXT) AS body) WHERE true ON CONFLICT DO NOTHING"
