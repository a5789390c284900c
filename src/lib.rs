//! Sign-up, log-in and sessions for the web app beside it.
//!
//! # The house
//!
//! Five rooms in a row. A room may import only rooms to its left; a test proves it (`tests/api/rules.rs`).
//!
//! | room | what lives there | a file is named after |
//! |---|---|---|
//! | [`model`] | nouns and rules, pure: no async, no IO, `now` is an argument | a noun: `email`, `session` |
//! | [`store`] | all SQL, once for SQLite and PostgreSQL | a table: `users`, `sessions` |
//! | [`app`] | the tools a flow may use, gathered in [`app::App`] | a tool: `hasher`, `clock` |
//! | [`flows`] | user stories, one public function each | a verb: `sign_up`, `log_in` |
//! | [`api`] | HTTP: operations, guards, layers, the one error body | a path: `account`, `sessions` |
//!
//! Around them stand [`cli`] and [`config`], which put the house together, [`server`], which lets requests in, and
//! [`worker`], which cleans up. [`telemetry`] is the floor under all rooms: it imports none of them, and any may use it.
//! Each library has one home: `sqlx` in `store` (derives on `model` newtypes aside), `argon2`, `ring` and `lettre` in `app`, `poem` in `api` and
//! `server` (and `cli::serve`, for the metrics page, and `config`, for a header's name).
//!
//! # One request's walk
//!
//! `POST /api/auth/login`: [`server`] accepts the connection, with time-outs. The layers in [`api::routes`] give the request
//! a task of its own, an id, its client's address, a body of bounded size, an answer to "may this page call?", and a session
//! that loads nothing yet. `api::account` reads the fields into an `Email` and a `Password` and calls [`flows::log_in`]. That
//! has the password checked by [`flows::check_password`], which reads the account, counts the attempt before it is known to
//! be good or bad, and verifies in one of the hashing slots; then in one transaction it notes the log-in, inserts the new
//! session, notes the device and ends the session that was presented. On the way back the session layer writes the cookies,
//! last. Everything that is refused meets in [`api::error`].
//!
//! # Two databases
//!
//! A store function has one SQL text and runs it on whichever [`store::Conn`] it is given; the macro `on!` writes the two
//! arms. What keeps that true is that the whole HTTP test suite runs on both. What is several steps to SQLite can be one
//! statement, and one round trip, to PostgreSQL: `users::insert_with_first_session`, `sessions::renew` and
//! `sessions::insert_recording_log_in_clearing_failures` have a text for each.
//!
//! SQLite has one writer; `store::group_commit` lets those who wait for it share its commits, as PostgreSQL's do by
//! themselves. `store::lifo_pool` lends the connection first that was used last, which sqlx's pool can't.
//! What `Tx::commit` has returned from is on the disk, on either.
//!
//! # Mails
//!
//! A flow that has something to say puts a mail into [`app::outbox`] inside its transaction; [`worker`] sends what has
//! committed through [`app::mailer`], and tries again until the mail is of no more use. A request never waits for a mail server.
//!
//! # What is remembered
//!
//! [`app::session_cache`] answers session checks from memory; [`store::Freshness`] knows whether they still hold. A store
//! function that changes a session, or what a session shows of its user, notes whom it changed; `Tx::commit` does the rest.
//!
//! # To add a feature
//!
//! One file in each room and one test file: a migration pair, a store file if there is a new table, a flow, an operation.
//!
//! # Kept beyond the five rooms, with reasons
//!
//! `store::sessions` and `store::users` have macros for SQL that several functions share with different ends, because sqlx
//! takes literal SQL only. `store::sessions::expiry` is a file of its own because one for the
//! whole table would be too long. `app::jws` signs and checks tokens itself; its first lines say why. `Body<T, FORM>` in `api::body` and the
//! guards implement the framework's `ApiExtractor`, because its own bodies echo input and its own cookies are decoded.
//! `app::brake` is our own limiter, because those of crates grow with the number of their keys. `model::throttled` travels
//! inside error chains as `model::unavailable` does, so that no flow can forget to pass it on.
//! `api::spec::Described` implements the framework's `OpenApi` a second time, so that the document can be written without a
//! database. `model::session` uses `tower_sessions::session::Id`, because the session's secret is that library's id.

pub mod api;
pub mod app;
pub mod cli;
pub mod config;
pub mod flows;
pub mod model;
pub mod server;
pub mod store;
pub mod telemetry;
pub mod worker;
