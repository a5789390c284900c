-- Accounts. `email` is what the owner typed and what is shown; `email_canonical` is what makes an account unique, so
-- that jane@example.com and Jane@Example.com can't be two people. `number` is the integer that Django-style clients
-- know an account by; AUTOINCREMENT keeps a deleted account's number from being given to somebody else. `username` and
-- the columns after it are theirs too, and empty for everybody else.
CREATE TABLE users (
    number             INTEGER PRIMARY KEY AUTOINCREMENT,
    id                 BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    email              TEXT NOT NULL,
    email_canonical    TEXT NOT NULL UNIQUE,
    password_hash      TEXT,
    username           TEXT,
    username_canonical TEXT UNIQUE,
    first_name         TEXT NOT NULL,
    last_name          TEXT NOT NULL,
    number_phone       TEXT,
    avatar             TEXT,
    created_at         TEXT NOT NULL,
    last_log_in_at     TEXT NOT NULL
) STRICT;
