//! Outages, and secrets that the database must not contain.

mod outages;
mod secrecy;
