//! All SQL of the service, written once for SQLite and PostgreSQL. Nothing outside this room names `sqlx`.
//!
//! One file a table. Its functions take a connection and read as a sentence with their module: `users::by_email`,
//! `sessions::end_by_id`. What a function takes says where it may run:
//!
//! - [`Conn`]: anywhere. [`Db::read`] gives one for reading, [`Tx::conn`] one inside a transaction, [`Once::run`] one
//!   for a single call. On PostgreSQL such a function is one statement, so that it needs no transaction there; on
//!   SQLite it may be several.
//! - [`OneStatement`]: alone, by [`Once::run_statement`]. It is one statement on either database.
//! - [`Tx`]: only inside a transaction, because it changes what a session shows and notes that with
//!   `Tx::note_change_of`. Otherwise the session cache would go on showing the old state. A function that locks a row
//!   takes one too, because a lock ends with its transaction.
//!
//! To add a table:
//!
//! 1. Add a migration of the same number and name to `migrations/sqlite` and `migrations/postgres`. SQLite: `STRICT`,
//!    `BLOB` ids, `TEXT` times. PostgreSQL: `UUID`, `TIMESTAMPTZ`, `BOOLEAN`. Ids, times and defaults come from Rust.
//! 2. Add a file of the table's name here, and name it in the list below. Write each SQL text once, with `$1`
//!    parameters, and run it with the macro `on!`. Where the databases differ, put a second text beside the first,
//!    choose with `Conn::either`, and say why.
//! 3. Give every list a limit and every row that expires a `purge`, and call that in `flows/worker/purge_expired`.
//!
//! What carries the tables (connections, transactions, news of changes) is in `engine`.

pub mod admin_keys;
pub mod attempts;
pub mod codes;
pub mod devices;
mod engine;
mod error;
pub mod events;
pub mod identities;
pub mod outbox;
pub mod passkeys;
pub mod probes;
pub mod sessions;
pub mod signing_keys;
pub mod totp;
pub mod users;
pub mod webhooks;

use engine::on;
pub use engine::{
    Conn, DatabaseSetup, Db, Freshness, Look, Once, OneStatement, PoolState, Read, Schema, SetUpLock, Snapshot, Stamp,
    Tx, move_counters_ahead, with_ending,
};
pub use error::{Error, Result, errors_so_far};
