-- Using a session moves `idle_expires_at` once a minute. While an index held that column, each use wrote a new entry into
-- all indexes of the table. The purge now finds what has expired by `expires_not_before`, which is never later than
-- `idle_expires_at` and which uses leave alone: the purge itself moves it up where it finds that the session still lives.
DROP INDEX sessions_by_expiry;
-- Every page keeps room for the next version of a row: a use then writes to that page alone.
ALTER TABLE sessions SET (fillfactor = 80);
-- The purge moves up the rows that are there, a few at a time, so that nobody waits for this. The default also serves an
-- older version that is still running.
ALTER TABLE sessions ADD COLUMN expires_not_before TIMESTAMPTZ NOT NULL DEFAULT 'epoch';
CREATE INDEX sessions_by_expiry ON sessions (expires_not_before);
