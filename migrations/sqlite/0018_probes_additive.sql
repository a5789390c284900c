-- One row, which each instance writes every few seconds, so that a database that takes no writes is noticed.
CREATE TABLE probes (
    number    INTEGER NOT NULL PRIMARY KEY,
    probed_at TEXT NOT NULL
) STRICT;
