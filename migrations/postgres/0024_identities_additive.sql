-- Accounts at other providers that log in to an account here. `issuer` and `subject` together name one of them for good;
-- `email` is the address that the provider gave last. No token of a provider is kept.
CREATE TABLE identities (
    id           UUID NOT NULL PRIMARY KEY,
    user_id      UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    provider     TEXT NOT NULL,
    issuer       TEXT NOT NULL,
    subject      TEXT NOT NULL,
    email        TEXT,
    created_at   TIMESTAMPTZ NOT NULL,
    last_used_at TIMESTAMPTZ NOT NULL,
    UNIQUE (issuer, subject)
);

CREATE INDEX identities_of_user ON identities (user_id);
