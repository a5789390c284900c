//! A small authentication service to run next to your web app: sign-up, log-in and sessions.
//!
//! # The house
//!
//! Five rooms in a row. A room may import only rooms to its left; tests prove it (`tests/api/house`).
//!
//! | room | what lives there | a file is named after |
//! |---|---|---|
//! | [`model`] | nouns and rules, pure: no async, no IO, `now` is an argument | a noun: `user/email`, `session` |
//! | [`store`] | all SQL, once for SQLite and PostgreSQL | a table: `users`, `sessions` |
//! | [`app`] | the tools that flows use, gathered in [`app::App`] | a tool: `hasher`, `clock` |
//! | [`flows`] | user stories and the steps they share, one function a file | a verb: `account/sign_up` |
//! | [`api`] | HTTP: operations, guards, layers, the one error body | a path: `account/users` |
//!
//! A subject has one word in every room, and is a file until it needs to be a folder. In `flows` and `api` the folders
//! are the chapters of the OpenAPI document: account, recovery, session, factor, passkey, identity, token, event, admin
//! and operator (and `worker` in `flows`). A story imports `flows::steps` and its own chapter, never another chapter; a
//! step never imports a story.
//!
//! Around the rooms stand [`cli`] and [`config`], which put the house together, [`server`], which accepts connections,
//! and [`worker`], which works in the background. [`telemetry`] is the floor under all rooms: it imports none of them,
//! and each may use it. Each library has one home: `sqlx` in `store` (derives on `model` types aside), `argon2`,
//! `ring`, `rustls` and `lettre` in `app`, `opentelemetry` in `telemetry`, `poem` in `api` and `server` (and in
//! `cli::serve` for the metrics page, in `config` for a header's name).
//!
//! # One request's walk
//!
//! `POST /api/auth/login`: [`server`] accepts the connection, with time-outs. The layers in [`api::routes`] give the
//! request a task of its own, an id, its client's address, a body of bounded size, the decision whether this page may
//! call, and a session that loads nothing yet. `api::account` reads the fields into an `Email` and a `Password` and
//! calls [`flows::account::log_in`]. That calls [`flows::steps::check_password`], which asks the limits in memory,
//! takes a place in the queue for hashing, reads the account, counts the attempt before the password is known to be
//! right or wrong, and verifies it in a hashing slot. Then one transaction records the log-in, inserts the new session,
//! stores the device and ends the presented session. On the way back the session layer writes the cookies, last. All
//! errors meet in [`api::error`].
//!
//! # Two databases
//!
//! A store function has one SQL text and runs it on the database of its [`store::Conn`]; the macro `on!` writes the two
//! arms. The whole HTTP test suite runs on both databases, which keeps this true. Several statements on SQLite can be
//! one statement, and so one round trip, on PostgreSQL; then the function has a text for each.
//!
//! `store::engine` carries the tables: connections, transactions, group commit, freshness. SQLite has one writer, so
//! `group_commit` lets concurrent callers share a commit. What `Tx::commit` has returned from is on the disk, on
//! either.
//!
//! # Mails
//!
//! A flow that has something to say puts a mail into [`app::mail::outbox`] inside its transaction. [`worker`] sends
//! what has committed through [`app::mail::mailer`], and tries again until the mail is of no more use. A request never
//! waits for a mail server.
//!
//! # Pages
//!
//! The folder `pages` has templates, texts, a style sheet and scripts. [`app::pages`] renders them, and `api::pages`
//! serves them beside the API, which their scripts call like every other front end.
//!
//! # Sessions in memory
//!
//! [`app::sessions::cache`] answers session checks from memory; [`store::Freshness`] knows whether an entry still
//! holds. A store function that changes a session, or what a session shows of its user, notes the user; `Tx::commit`
//! does the rest.
//!
//! # To add a feature
//!
//! A migration pair, a store file if there is a new table, a flow, an operation, one test file. `CONTRIBUTING.md` walks
//! through an example.
//!
//! # Known quirks
//!
//! Choices that look odd have a page in `docs/decisions`: our own token signatures and rate limiter, the memory
//! of Argon2, group commit, one SQL text, the connection pool, sessions in memory and their renewal, and answers that
//! hashing slots send together. Beyond those:
//!
//! - `store::sessions` and `store::users` have macros for SQL that several functions share, because sqlx takes literal
//!   SQL only.
//! - `Body<T, FORM>` in `api::body` and the guards implement the framework's `ApiExtractor`: its own bodies echo input,
//!   and its own cookies are decoded.
//! - `model::limit::throttled` and `model::unavailable` travel inside error chains, so that no flow can forget to pass
//!   them on.
//! - `api::spec::Described` implements the framework's `OpenApi` a second time, so that the document needs no database.
//! - `model::session::secret` uses `tower_sessions::session::Id`, because the session's secret is that library's id.
//! - `sqlx_macros` is named beside `sqlx`: as a feature of it, the macros would build both database drivers twice.

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
