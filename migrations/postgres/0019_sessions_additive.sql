-- The purge deletes what has expired, and no instance takes an expired session for alive. Its deletions told all
-- instances of every single row; now its transaction says that there is nothing to tell.
CREATE OR REPLACE TRIGGER session_ended AFTER DELETE ON sessions
    FOR EACH ROW WHEN (
        OLD.user_id IS NOT NULL AND current_setting('neptun_auth.purge', true) IS DISTINCT FROM 'on'
    ) EXECUTE FUNCTION tell_instances();

-- Logical replication, and tools that restore data, set session_replication_role to replica. Ordinary triggers do not
-- fire then, and instances would go on believing what they remember.
ALTER TABLE sessions ENABLE ALWAYS TRIGGER session_ended;
ALTER TABLE sessions ENABLE ALWAYS TRIGGER session_cut_short;
ALTER TABLE sessions ENABLE ALWAYS TRIGGER sessions_emptied;
ALTER TABLE users ENABLE ALWAYS TRIGGER user_deleted;
ALTER TABLE users ENABLE ALWAYS TRIGGER user_changed;
ALTER TABLE users ENABLE ALWAYS TRIGGER users_emptied;
