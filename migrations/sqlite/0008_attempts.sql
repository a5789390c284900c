-- Failed attempts to prove who one is, counted before each attempt is looked at, so that guesses at the same moment all
-- count. `subject` stands for a password or a code of one account, or of an address that has none; `place` for a device
-- or a network that the account knows, or for all strangers. Both are HMACs under a key that is not in the database.
-- Times are milliseconds since 1970, because the database computes with them: `free_at` is when the failures will have been
-- paid for (GCRA), `failures` counts those in a row until somebody proves who they are, and at `forgotten_at` the row goes.
CREATE TABLE attempts (
    subject      BLOB NOT NULL,
    place        BLOB NOT NULL,
    failures     INTEGER NOT NULL,
    free_at      INTEGER NOT NULL,
    forgotten_at INTEGER NOT NULL,
    PRIMARY KEY (subject, place)
) STRICT, WITHOUT ROWID;

CREATE INDEX attempts_by_expiry ON attempts (forgotten_at);
