-- What happened to accounts and has to be remembered after they are gone. It names them by id only.
CREATE TABLE events (
    id          UUID NOT NULL PRIMARY KEY,
    user_id     UUID NOT NULL,
    kind        TEXT NOT NULL,
    happened_at TIMESTAMPTZ NOT NULL
);
