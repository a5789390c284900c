//! The HTTP tests: what users and attackers send, and what they get.
//!
//! Every test has a database of its own. `TEST_DATABASE_URL` unset means a temporary SQLite file, set to a PostgreSQL URL
//! it means a schema there. `in_process` tests call the routes directly; those in `process` start the real binary.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that fails should stop where it does"
)]

mod helpers;

mod account;
mod bodies;
mod change_password;
mod cookie;
mod devices;
mod document;
mod errors;
mod headers;
mod limits;
mod log_in;
mod log_out;
mod noted_changes;
mod origins;
mod outages;
mod process;
mod races;
mod rules;
mod secrecy;
mod session;
mod session_cache;
mod session_store;
mod sessions;
mod sign_up;
mod timeouts;
mod tokens;
