-- What the gate before each new session looks at, beside the credential: a disabled account gets none, and one with a
-- second factor only with that factor. `second_factor_at` is set exactly while the account's row in `totp` is confirmed.
-- It stands here because a log-in that waits for the lock of this row reads its columns again, and other tables not.
ALTER TABLE users ADD COLUMN disabled_at TIMESTAMPTZ;
ALTER TABLE users ADD COLUMN second_factor_at TIMESTAMPTZ;
