-- Twin of what spares PostgreSQL work at each log-in. SQLite has no such trigger, and changes rows where they are.
SELECT 1;
