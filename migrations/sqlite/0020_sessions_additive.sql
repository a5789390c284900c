-- `authenticated_at` is the last time at which the session's client proved to be the account's owner, and `amr` says how: a
-- JSON array of the names of RFC 8176. Both are null in sessions of earlier releases, which began with a password.
ALTER TABLE sessions ADD COLUMN authenticated_at TEXT;
ALTER TABLE sessions ADD COLUMN amr TEXT;
