//! Outages, and secrets that the database must not contain.

mod inbox;
mod outages;
mod readiness;
mod releases;
mod secrecy;
