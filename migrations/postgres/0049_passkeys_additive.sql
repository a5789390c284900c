-- The RP ID that the passkey belongs to. No page uses it under another one. NULL for passkeys of before this column, until
-- they are used.
ALTER TABLE passkeys ADD COLUMN rp_id TEXT;
