-- Addresses of other services that are told of events, and what each is told. `types` are the kinds of events,
-- separated by commas; empty for all. The cursor is the last event that was looked at; see 0034 for its two parts.
CREATE TABLE webhooks (
    id                 UUID NOT NULL PRIMARY KEY,
    url                TEXT NOT NULL,
    types              TEXT NOT NULL,
    sealed_secret      BYTEA NOT NULL,
    sealed_previous    BYTEA,
    previous_until     TIMESTAMPTZ,
    created_at         TIMESTAMPTZ NOT NULL,
    disabled_at        TIMESTAMPTZ,
    disabled_reason    TEXT,
    cursor_transaction TEXT NOT NULL,
    cursor_number      BIGINT NOT NULL
);

-- One row for each event that a webhook is told of. Erasing the event erases the row.
CREATE TABLE webhook_deliveries (
    position     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    webhook_id   UUID NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    event_id     UUID NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    user_id      UUID,
    attempts     BIGINT NOT NULL,
    due_at       TIMESTAMPTZ NOT NULL,
    delivered_at TIMESTAMPTZ,
    last_status  BIGINT,
    UNIQUE (webhook_id, event_id)
);
CREATE INDEX webhook_deliveries_of_event ON webhook_deliveries (event_id);
CREATE INDEX webhook_deliveries_waiting ON webhook_deliveries (webhook_id, due_at) WHERE delivered_at IS NULL;
CREATE INDEX webhook_deliveries_in_order ON webhook_deliveries (webhook_id, user_id, position)
    WHERE delivered_at IS NULL;
