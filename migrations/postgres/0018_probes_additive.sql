-- One row, which each instance writes every few seconds, so that a database that takes no writes is noticed.
CREATE TABLE probes (
    number    BIGINT NOT NULL PRIMARY KEY,
    probed_at TIMESTAMPTZ NOT NULL
);
