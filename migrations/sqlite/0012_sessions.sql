-- Using a session moves `idle_expires_at` once a minute. While an index held that column, each use wrote to the index too.
-- The purge now finds what has expired by `expires_not_before`, which is never later than `idle_expires_at` and which uses
-- leave alone: the purge itself moves it up where it finds that the session still lives.
DROP INDEX sessions_by_expiry;
-- The purge moves up the rows that are there, a few at a time, so that nobody waits for this.
ALTER TABLE sessions ADD COLUMN expires_not_before TEXT NOT NULL DEFAULT '1970-01-01T00:00:00+00:00';
CREATE INDEX sessions_by_expiry ON sessions (expires_not_before);
