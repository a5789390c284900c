-- Passkeys. `public_key` is the COSE key that the authenticator sent. `sign_count` grows with each use, except for passkeys
-- that are synced between devices, which stay at 0.
CREATE TABLE passkeys (
    id              UUID NOT NULL PRIMARY KEY,
    user_id         UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    credential_id   BYTEA NOT NULL UNIQUE CHECK (length(credential_id) BETWEEN 1 AND 1023),
    public_key      BYTEA NOT NULL,
    sign_count      BIGINT NOT NULL,
    aaguid          UUID NOT NULL,
    transports      TEXT NOT NULL,
    backup_eligible BOOLEAN NOT NULL,
    backed_up       BOOLEAN NOT NULL,
    name            TEXT NOT NULL,
    created_at      TIMESTAMPTZ NOT NULL,
    last_used_at    TIMESTAMPTZ
);

CREATE INDEX passkeys_of_user ON passkeys (user_id);

-- Challenges that were answered. A challenge travels sealed with the client, so only its use is stored, until it would
-- have expired anyway.
CREATE TABLE spent_challenges (
    hash       BYTEA NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    expires_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX spent_challenges_by_expiry ON spent_challenges (expires_at);
