-- Every instance remembers sessions that it has read. These triggers tell all of them, by the id of the user, when
-- something that they may remember is so no longer; an empty message means everybody's. Notifying makes commits wait for each
-- other, so what happens all the time notifies nobody: new sessions, renewals, refreshed tokens, log-ins.
CREATE FUNCTION tell_instances() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify(
        -- One channel for each schema that the service's tables are in.
        'neptun_auth_' || md5(TG_TABLE_SCHEMA),
        CASE
            WHEN TG_OP = 'TRUNCATE' THEN ''
            WHEN TG_TABLE_NAME = 'users' THEN to_jsonb(OLD) ->> 'id'
            ELSE to_jsonb(OLD) ->> 'user_id'
        END
    );
    RETURN NULL;
END
$$;

CREATE TRIGGER session_ended AFTER DELETE ON sessions
    FOR EACH ROW WHEN (OLD.user_id IS NOT NULL) EXECUTE FUNCTION tell_instances();
CREATE TRIGGER session_cut_short AFTER UPDATE ON sessions
    FOR EACH ROW WHEN (
        OLD.user_id IS NOT NULL AND (
            NEW.idle_expires_at < OLD.idle_expires_at
            OR (NEW.id, NEW.secret_hash, NEW.user_id, NEW.created_at, NEW.absolute_expires_at)
                IS DISTINCT FROM (OLD.id, OLD.secret_hash, OLD.user_id, OLD.created_at, OLD.absolute_expires_at)
        )
    ) EXECUTE FUNCTION tell_instances();
CREATE TRIGGER sessions_emptied AFTER TRUNCATE ON sessions EXECUTE FUNCTION tell_instances();

CREATE TRIGGER user_deleted AFTER DELETE ON users FOR EACH ROW EXECUTE FUNCTION tell_instances();
-- Every column but those that no session shows, so that a column that is yet to come is not forgotten.
CREATE TRIGGER user_changed AFTER UPDATE ON users
    FOR EACH ROW WHEN (
        to_jsonb(NEW) - '{password_hash,last_log_in_at}'::text[]
            IS DISTINCT FROM to_jsonb(OLD) - '{password_hash,last_log_in_at}'::text[]
    ) EXECUTE FUNCTION tell_instances();
CREATE TRIGGER users_emptied AFTER TRUNCATE ON users EXECUTE FUNCTION tell_instances();
