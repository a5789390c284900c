-- When the account's password was found in a list of breached ones; null again with another password.
ALTER TABLE users ADD COLUMN password_breached_at TEXT;
