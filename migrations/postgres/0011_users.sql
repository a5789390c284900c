-- A log-in changes its account in nothing that a session shows. The trigger's condition compared two whole rows to find
-- that out, each time; a trigger with a list of columns is not even looked at. The list holds every column but
-- `password_hash` and `last_log_in_at`, and whoever adds a column to the table adds it here: a test compares the two.
CREATE OR REPLACE TRIGGER user_changed AFTER UPDATE OF
    number, id, email, email_canonical, username, username_canonical, first_name, last_name, number_phone, avatar,
    created_at, email_verified_at, pending_email
    ON users FOR EACH ROW EXECUTE FUNCTION tell_instances();

-- Every page keeps room for the next version of a row: a log-in then writes to that page alone and to none of the indexes.
ALTER TABLE users SET (fillfactor = 85);
