-- Since when the sessions of the account may use the admin API. Only the command line gives this right.
ALTER TABLE users ADD COLUMN admin_at TIMESTAMPTZ;

-- Operators look for the beginning of an address or a user name. Only an index by bytes finds it: in the order of a
-- language, texts that begin alike need not stand together.
CREATE INDEX users_by_address_bytes ON users (email_canonical COLLATE "C");
CREATE INDEX users_by_name_bytes ON users (username_canonical COLLATE "C");

-- It joins the columns whose changes instances are told of: all but these three.
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
