-- Tells whether any account knows a network. That matters once all networks together have used up a limit: sign-ups from a
-- network that an account knows go on.
CREATE INDEX devices_by_network ON devices (network, last_seen_at);
