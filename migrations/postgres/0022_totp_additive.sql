-- Authenticator apps. The secrets are encrypted under a key that is not in the database, bound to the account's id.
-- `pending_secret` waits for the first right code; `last_step` is the time step of the last code that was used, so that
-- no code works twice.
CREATE TABLE totp (
    user_id        UUID NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    name           TEXT NOT NULL,
    created_at     TIMESTAMPTZ NOT NULL,
    sealed_secret  BYTEA,
    confirmed_at   TIMESTAMPTZ,
    last_used_at   TIMESTAMPTZ,
    last_step      BIGINT,
    pending_secret BYTEA,
    pending_at     TIMESTAMPTZ
);

-- Codes for the day when the app is lost. Each works once; only a keyed hash of it is stored.
CREATE TABLE recovery_codes (
    user_id    UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    code_hash  BYTEA NOT NULL CHECK (length(code_hash) = 32),
    created_at TIMESTAMPTZ NOT NULL,
    used_at    TIMESTAMPTZ,
    PRIMARY KEY (user_id, code_hash)
);
