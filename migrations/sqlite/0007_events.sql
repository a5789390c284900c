-- What happened to accounts and has to be remembered after they are gone. It names them by id only.
CREATE TABLE events (
    id          BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_id     BLOB NOT NULL CHECK (length(user_id) = 16),
    kind        TEXT NOT NULL,
    happened_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
