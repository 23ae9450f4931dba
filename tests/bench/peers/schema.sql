-- SPDX-License-Identifier: EUPL-1.2
-- The events of the peers in PHP and Node and of webhook, in SQLite and in PostgreSQL.
CREATE TABLE event (source text NOT NULL, id text NOT NULL, body text NOT NULL, PRIMARY KEY (source, id));
