-- A device cookie carries the generation of its account's devices. A reset, a change of the password and a proof of the
-- address begin the next generation: cookies of earlier ones are strangers' from then on. Instances of the release
-- before neither read nor move it.
ALTER TABLE users ADD COLUMN device_generation INTEGER NOT NULL DEFAULT 0;
-- A user name with `@` reads as an address, so from now on it must be the account's own. Other accounts lose theirs; they
-- log in with the address.
UPDATE users SET username = NULL, username_canonical = NULL
    WHERE username_canonical LIKE '%@%' AND username_canonical <> email_canonical;
