-- Addresses of other services that are told of events, and what each is told. `types` are the kinds of events,
-- separated by commas; empty for all. The cursor is the last event that was looked at; see 0034 for its two parts.
CREATE TABLE webhooks (
    id                 BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    url                TEXT NOT NULL,
    types              TEXT NOT NULL,
    sealed_secret      BLOB NOT NULL,
    sealed_previous    BLOB,
    previous_until     TEXT,
    created_at         TEXT NOT NULL,
    disabled_at        TEXT,
    disabled_reason    TEXT,
    cursor_transaction TEXT NOT NULL,
    cursor_number      INTEGER NOT NULL
) STRICT;

-- One row for each event that a webhook is told of. Erasing the event erases the row.
CREATE TABLE webhook_deliveries (
    position     INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook_id   BLOB NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    event_id     BLOB NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    user_id      BLOB,
    attempts     INTEGER NOT NULL,
    due_at       TEXT NOT NULL,
    delivered_at TEXT,
    last_status  INTEGER,
    UNIQUE (webhook_id, event_id)
) STRICT;
CREATE INDEX webhook_deliveries_of_event ON webhook_deliveries (event_id);
CREATE INDEX webhook_deliveries_waiting ON webhook_deliveries (webhook_id, due_at) WHERE delivered_at IS NULL;
CREATE INDEX webhook_deliveries_in_order ON webhook_deliveries (webhook_id, user_id, position)
    WHERE delivered_at IS NULL;
