-- Sessions, whatever carries them. The client's secret is not here, only its SHA-256, so that a copy of this table lets
-- nobody in. A row without a user belongs to a visitor in the middle of a ceremony whose state is in `data`.
-- A session of kind `token` has no secret: its refresh tokens are computed from `generation`, the number of times they
-- were rotated, and `rotated_at`, the last time that happened, under a key that is not in the database.
-- `idle_expires_at` is never later than `absolute_expires_at`: one comparison tells whether a session lives.
CREATE TABLE sessions (
    id                  BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    secret_hash         BLOB UNIQUE CHECK (length(secret_hash) = 32),
    user_id             BLOB REFERENCES users (id) ON DELETE CASCADE,
    kind                TEXT NOT NULL,
    created_at          TEXT NOT NULL,
    last_seen_at        TEXT NOT NULL,
    idle_expires_at     TEXT NOT NULL,
    absolute_expires_at TEXT NOT NULL,
    ip                  TEXT,
    user_agent          TEXT,
    data                TEXT NOT NULL,
    generation          INTEGER NOT NULL,
    rotated_at          TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_of_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (idle_expires_at);
