-- no-transaction
-- Reading the log from a time on finds its place here, and the sign-ups and log-ins of a day are counted here without
-- reading the rows. New entries go to the end of the index.
CREATE INDEX CONCURRENTLY events_by_time ON events (happened_at, kind);
