-- One-time codes, at most one for each subject: a keyed hash of what the code is for and of the account or the address it
-- was asked for. An address without an account gets a row too, whose code nobody was told, so that both take the same
-- time and are limited in the same way. Neither subject nor code can be found out from a copy of this table: the key is
-- not in the database.
-- A code lives until `expires_at`, its use or five guesses. The three times of issue limit how many are sent in an hour.
CREATE TABLE codes (
    subject           BLOB NOT NULL PRIMARY KEY CHECK (length(subject) = 32),
    user_id           BLOB REFERENCES users (id) ON DELETE CASCADE,
    purpose           TEXT NOT NULL,
    code_hash         BLOB NOT NULL CHECK (length(code_hash) = 32),
    -- The address that goes with the code where it is not the account's own.
    email             TEXT,
    guesses           INTEGER NOT NULL,
    issued_at         TEXT NOT NULL,
    issued_before_at  TEXT,
    issued_earlier_at TEXT,
    expires_at        TEXT NOT NULL,
    used_at           TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX codes_of_user ON codes (user_id);
CREATE INDEX codes_by_expiry ON codes (expires_at);
