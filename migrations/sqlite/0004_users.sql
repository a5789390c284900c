-- What an account's owner has proven about its address. `pending_email` is an address that they want instead and have yet
-- to show that they receive mail at; it is not unique, because whoever confirms it first has it.
ALTER TABLE users ADD COLUMN email_verified_at TEXT;
ALTER TABLE users ADD COLUMN pending_email TEXT;
