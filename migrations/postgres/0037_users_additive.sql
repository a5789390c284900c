-- When the account's password was found in a list of breached ones; null again with another password.
ALTER TABLE users ADD COLUMN password_breached_at TIMESTAMPTZ;

-- Sessions show it, so that it joins the columns whose changes instances are told of: all but these three.
DO $$
BEGIN
    EXECUTE (
        SELECT format(
            'CREATE OR REPLACE TRIGGER user_changed AFTER UPDATE OF %s ON users '
            'FOR EACH ROW EXECUTE FUNCTION tell_instances()',
            string_agg(quote_ident(attname), ', ' ORDER BY attnum)
        )
        FROM pg_attribute
        WHERE attrelid = 'users'::regclass AND attnum > 0 AND NOT attisdropped
        AND attname NOT IN ('password_hash', 'last_log_in_at', 'device_generation')
    );
END
$$;
ALTER TABLE users ENABLE ALWAYS TRIGGER user_changed;
