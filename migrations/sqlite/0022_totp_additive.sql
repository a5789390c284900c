-- Authenticator apps. The secrets are encrypted under a key that is not in the database, bound to the account's id.
-- `pending_secret` waits for the first right code; `last_step` is the time step of the last code that was used, so that
-- no code works twice.
CREATE TABLE totp (
    user_id        BLOB NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    name           TEXT NOT NULL,
    created_at     TEXT NOT NULL,
    sealed_secret  BLOB,
    confirmed_at   TEXT,
    last_used_at   TEXT,
    last_step      INTEGER,
    pending_secret BLOB,
    pending_at     TEXT
) STRICT, WITHOUT ROWID;

-- Codes for the day when the app is lost. Each works once; only a keyed hash of it is stored.
CREATE TABLE recovery_codes (
    user_id    BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    code_hash  BLOB NOT NULL CHECK (length(code_hash) = 32),
    created_at TEXT NOT NULL,
    used_at    TEXT,
    PRIMARY KEY (user_id, code_hash)
) STRICT, WITHOUT ROWID;
