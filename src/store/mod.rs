//! All SQL of the service, written once for SQLite and PostgreSQL.
//!
//! A store function takes a [`Conn`] and reads as a sentence with its module: `users::by_email`, `sessions::end`. Whether
//! that connection is inside a transaction is the flow's decision: [`Db::read`] lends a plain one, [`Db::write`] opens a
//! transaction, and its sisters spare one where a single call is all there is to write. To add a table, add a migration of
//! the same name in both folders and one file here.

pub mod attempts;
pub mod codes;
pub mod devices;
mod engine;
mod error;
pub mod events;
pub mod outbox;
pub mod sessions;
pub mod signing_keys;
pub mod users;

pub use engine::{Conn, Db, Freshness, Once, OneStatement, Read, Stamp, Tx};
use engine::{Database, on};
pub use error::{Error, Result};
