//! The HTTP tests: what users and attackers send, and what they get.
//!
//! Every test has a database of its own: a temporary SQLite file, or with `TEST_DATABASE_URL` a schema on that
//! PostgreSQL server. The tests in `process` start the real binary, those in `postgres` need PostgreSQL, and all others
//! call the routes directly. `app.user("alice")` signs up an account; `helpers/requests.rs` has what its browser does.
//!
//! Whole answers, mails and pages are compared with snapshots, most of them in the test. A test whose snapshot differs
//! fails and shows the difference; `cargo insta review` takes the new one over.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that fails should stop where it does"
)]

mod helpers;

mod account;
mod admin;
mod event;
mod factor;
mod house;
mod http;
mod identity;
mod limits;
mod operator;
mod outbound;
mod pages;
mod passkey;
mod postgres;
mod process;
mod recovery;
mod session;
mod token;
