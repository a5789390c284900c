//! Outages, secrets that the database must not contain, and moving in and out.

mod inbox;
mod moved_factors;
mod moving;
mod outages;
mod readiness;
mod releases;
mod secrecy;
mod systems;
