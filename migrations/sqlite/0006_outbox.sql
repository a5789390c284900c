-- Mails that are yet to be sent. A row commits together with the change it tells of and goes when its mail was handed
-- over. `sealed` is the mail, encrypted under a key that is not in the database, because it may hold a code. Whoever sends
-- a mail moves `due_at` ahead first, so that of several instances one sends it; what none could send comes up again then,
-- until `give_up_at`. `user_id` stands with mails that nobody needs any more once the account is deleted.
CREATE TABLE outbox (
    id         BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_id    BLOB REFERENCES users (id) ON DELETE CASCADE,
    sealed     BLOB NOT NULL,
    attempts   INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    due_at     TEXT NOT NULL,
    give_up_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX outbox_by_due ON outbox (due_at);
CREATE INDEX outbox_of_user ON outbox (user_id);
