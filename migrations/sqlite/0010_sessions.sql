-- Twin of the triggers by which PostgreSQL tells every instance which sessions it must not remember any longer. SQLite has
-- no channel to tell by and needs none: every process looks several times a second whether another one has committed.
SELECT 1;
