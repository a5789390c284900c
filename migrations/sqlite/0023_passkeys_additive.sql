-- Passkeys. `public_key` is the COSE key that the authenticator sent. `sign_count` grows with each use, except for passkeys
-- that are synced between devices, which stay at 0.
CREATE TABLE passkeys (
    id              BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_id         BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    credential_id   BLOB NOT NULL UNIQUE CHECK (length(credential_id) BETWEEN 1 AND 1023),
    public_key      BLOB NOT NULL,
    sign_count      INTEGER NOT NULL,
    aaguid          BLOB NOT NULL,
    transports      TEXT NOT NULL,
    backup_eligible INTEGER NOT NULL,
    backed_up       INTEGER NOT NULL,
    name            TEXT NOT NULL,
    created_at      TEXT NOT NULL,
    last_used_at    TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX passkeys_of_user ON passkeys (user_id);

-- Challenges that were answered. A challenge travels sealed with the client, so only its use is stored, until it would
-- have expired anyway.
CREATE TABLE spent_challenges (
    hash       BLOB NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    expires_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX spent_challenges_by_expiry ON spent_challenges (expires_at);
