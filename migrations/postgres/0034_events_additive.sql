-- The audit log: what happened to accounts, and for a deleted account only that it was deleted. Rows name accounts and
-- sessions by id. `network` is a /24 or a /64 and `browser` a kind of browser: no address, no User-Agent and no secret
-- is kept here. `data` is a JSON object of texts.
--
-- Numbers are given before the commit, so a reader that has seen a number may see a smaller one later. Readers that
-- must miss nothing go by (transaction_id, number), and read only below pg_snapshot_xmin(pg_current_snapshot()).
ALTER TABLE events ALTER COLUMN user_id DROP NOT NULL;
ALTER TABLE events ADD COLUMN number BIGINT GENERATED ALWAYS AS IDENTITY;
ALTER TABLE events ADD COLUMN transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id();
ALTER TABLE events ADD COLUMN session_id UUID;
ALTER TABLE events ADD COLUMN actor TEXT NOT NULL DEFAULT 'self';
ALTER TABLE events ADD COLUMN network TEXT;
ALTER TABLE events ADD COLUMN browser TEXT;
ALTER TABLE events ADD COLUMN data TEXT;
CREATE INDEX events_of_user ON events (user_id, number);
CREATE INDEX events_by_commit ON events (transaction_id, number);
