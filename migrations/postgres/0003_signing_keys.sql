-- The keys that sign access tokens. `sealed_private_key` is encrypted under a key that is not in the database. The newest
-- key whose `active_at` has passed signs; it is published before that, so that caches know it in time. A unique `number`
-- makes of two instances that start together one that creates the first key.
CREATE TABLE signing_keys (
    number             BIGINT NOT NULL PRIMARY KEY,
    kid                TEXT NOT NULL UNIQUE,
    public_key         BYTEA NOT NULL,
    sealed_private_key BYTEA NOT NULL,
    created_at         TIMESTAMPTZ NOT NULL,
    active_at          TIMESTAMPTZ NOT NULL
);
