//! Outages, secrets that the database must not contain, backups, updates, and moving in and out.

mod backups;
mod inbox;
mod moved_factors;
mod moved_identities;
mod moving;
mod outages;
mod readiness;
mod releases;
mod secrecy;
mod secret_key;
mod systems;
mod upgrades;
