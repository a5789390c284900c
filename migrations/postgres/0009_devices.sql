-- What an account was signed in from: the kind of browser and system, and the network (an IPv4 /24, an IPv6 /64, or
-- `unknown`). Other people's failures don't keep an owner out who comes from such a network, and a family of devices that
-- was never here before is worth telling the owner about.
CREATE TABLE devices (
    user_id       UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    family        TEXT NOT NULL,
    network       TEXT NOT NULL,
    first_seen_at TIMESTAMPTZ NOT NULL,
    last_seen_at  TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (user_id, family, network)
);

CREATE INDEX devices_by_last_use ON devices (last_seen_at);
