-- A code has two budgets of guesses: `guesses_by_asker` counts those of the device or network that asked for the code,
-- `guesses` those of all others, so that a stranger can't use up the owner's. `asked_by` is a keyed hash of that device
-- or network and of the subject; it is null for keys, which have too many bits to be guessed.
ALTER TABLE codes ADD COLUMN asked_by BLOB CHECK (length(asked_by) = 32);
ALTER TABLE codes ADD COLUMN guesses_by_asker INTEGER NOT NULL DEFAULT 0;
