-- Keys for the admin API. The key itself is shown once; `key_hash` is its SHA-256. `scopes` are `read` or `read write`.
CREATE TABLE admin_keys (
    id           UUID NOT NULL PRIMARY KEY,
    name         TEXT NOT NULL,
    key_hash     BYTEA NOT NULL UNIQUE CHECK (length(key_hash) = 32),
    scopes       TEXT NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL,
    expires_at   TIMESTAMPTZ NOT NULL,
    last_used_at TIMESTAMPTZ
);
