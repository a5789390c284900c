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
mod house;
mod http;
mod limits;
mod operator;
mod process;
mod recovery;
mod session;
mod token;
