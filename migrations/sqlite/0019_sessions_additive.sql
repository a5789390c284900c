-- Twin of a change to triggers that only PostgreSQL has.
SELECT 1;
