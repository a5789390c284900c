-- Since when the sessions of the account may use the admin API. Only the command line gives this right.
ALTER TABLE users ADD COLUMN admin_at TEXT;
