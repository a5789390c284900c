-- The audit log: what happened to accounts, and for a deleted account only that it was deleted. Rows name accounts and
-- sessions by id. `network` is a /24 or a /64 and `browser` a kind of browser: no address, no User-Agent and no secret
-- is kept here. `data` is a JSON object of texts.
--
-- SQLite has one writer, so the numbers follow the commits; AUTOINCREMENT gives none of them twice. The table is made
-- anew because SQLite can't add such a column. Releases of before go on inserting the four columns that they know.
CREATE TABLE numbered_events (
    number      INTEGER PRIMARY KEY AUTOINCREMENT,
    id          BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    user_id     BLOB CHECK (length(user_id) = 16),
    kind        TEXT NOT NULL,
    happened_at TEXT NOT NULL,
    session_id  BLOB CHECK (length(session_id) = 16),
    actor       TEXT NOT NULL DEFAULT 'self',
    network     TEXT,
    browser     TEXT,
    data        TEXT
) STRICT;
INSERT INTO numbered_events (id, user_id, kind, happened_at)
    SELECT id, user_id, kind, happened_at FROM events ORDER BY happened_at, id;
DROP TABLE events;
ALTER TABLE numbered_events RENAME TO events;
CREATE INDEX events_of_user ON events (user_id, number);
