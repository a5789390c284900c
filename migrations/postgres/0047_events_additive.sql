-- Sign-ups and log-ins by day are counted without reading the other events. New entries go to the end of the index.
CREATE INDEX events_by_day ON events (happened_at, kind) WHERE kind IN ('sign_up', 'log_in');
