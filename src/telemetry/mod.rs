//! Logs, metrics and traces for operators. Every metric name is defined here.
//!
//! None of them contains an e-mail address, a password, a cookie, a token or a query string.

mod breach;
mod limits;
mod log;
mod resources;
pub mod stderr;
pub mod traces;

use std::time::Duration;

use clap::ValueEnum;
use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing::Span;
use tracing::field::display;
use uuid::Uuid;

pub use breach::{BreachCheck, breach_check};
pub use limits::{limit_of_all_nearly_used_up, limit_used_up};
pub use log::{LogFormat, last_error, start_logs};
pub use resources::{
    CacheUse, OpenConnection, PoolUse, database_errors, database_pool, hashed, outbox, process, purged, session_cache,
    signing_key,
};
pub use traces::{Collector, Sampling, Traces, TracesSetup};

const REQUESTS: &str = "neptun_auth_requests_total";
const REQUEST_SECONDS: &str = "neptun_auth_request_duration_seconds";
const HASH_QUEUE: &str = "neptun_auth_hash_queue";
const SESSIONS_CREATED: &str = "neptun_auth_sessions_created_total";
const SECURITY_EVENTS: &str = "neptun_auth_security_events_total";
const MAILS: &str = "neptun_auth_mails_total";
const SESSIONS_ENDED: &str = "neptun_auth_sessions_ended_total";
const TASK_WORKS: &str = "neptun_auth_background_task_up";
const TASK_RESTARTS: &str = "neptun_auth_background_task_restarts_total";
const DATABASE_WRITABLE: &str = "neptun_auth_database_writable";
const LOG_LINES_LOST: &str = "neptun_auth_log_lines_lost_total";
const RETRIES: &str = "neptun_auth_requests_tried_again_total";

/// The operation in metrics and logs of requests that reached none.
pub const NO_OPERATION: &str = "none";
/// Events that only an attacker or a defect causes. Each counter exists before its first event: an alarm on a rise
/// would miss the first one of a counter that begins with it.
const EVENTS: [&str; 3] = ["refresh_token_reused", CONNECTION_REFUSED, REQUEST_REFUSED];
const CONNECTION_REFUSED: &str = "connection_refused";
const REQUEST_REFUSED: &str = "request_refused";
const SESSION_KINDS: [&str; 2] = ["cookie", "token"];

/// From half a millisecond, for a session check, to the deadline of the hashing queue.
const LATENCY_BUCKETS: [f64; 12] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
];

/// Starts to collect metrics; the handle renders them for Prometheus.
///
/// # Errors
/// When metrics are collected already.
pub fn start_metrics() -> anyhow::Result<PrometheusHandle> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full(REQUEST_SECONDS.to_owned()), &LATENCY_BUCKETS)?
        .set_buckets_for_metric(
            Matcher::Full(resources::HASH_SECONDS.to_owned()),
            &resources::HASH_BUCKETS,
        )?
        .install_recorder()?;
    describe_counter!(REQUESTS, "Requests answered, by operation and status");
    describe_histogram!(
        REQUEST_SECONDS,
        "Seconds from a request's arrival to its answer, by operation"
    );
    describe_gauge!(HASH_QUEUE, "Passwords that wait for a hashing slot");
    describe_counter!(SESSIONS_CREATED, "Sessions started, by kind");
    describe_counter!(
        SECURITY_EVENTS,
        "Events that only an attacker or a defect causes, by event"
    );
    describe_counter!(MAILS, "Attempts to hand a mail over, by result");
    breach::describe();
    resources::describe();
    describe_counter!(SESSIONS_ENDED, "Sessions ended, by reason");
    describe_gauge!(TASK_WORKS, "Whether a background task works: 1, or 0 while it fails");
    describe_counter!(
        TASK_RESTARTS,
        "Background tasks that ended and were started again, by task"
    );
    describe_gauge!(
        DATABASE_WRITABLE,
        "Whether the database took a write and answered some seconds ago: 1, or 0 if it did not"
    );
    describe_counter!(
        RETRIES,
        "Requests that were tried again because their transaction met another one"
    );
    describe_counter!(LOG_LINES_LOST, "Log lines that their reader or its disk did not take");
    begin_at_zero();
    Ok(handle)
}

fn begin_at_zero() {
    gauge!(HASH_QUEUE).set(0);
    // The start has just written to it.
    database_writable(true);
    for status in ["200", "400", "404", "405", "500", "503"] {
        expect_request(NO_OPERATION, status);
    }
    counter!(LOG_LINES_LOST).increment(0);
    counter!(RETRIES).increment(0);
    for kind in SESSION_KINDS {
        counter!(SESSIONS_CREATED, "kind" => kind).increment(0);
    }
    for event in EVENTS {
        counter!(SECURITY_EVENTS, "event" => event).increment(0);
    }
    limits::begin_at_zero();
    for delivery in Delivery::value_variants() {
        counter!(MAILS, "result" => name_of(delivery)).increment(0);
    }
    breach::begin_at_zero();
    resources::begin_at_zero();
    for reason in Ended::value_variants() {
        sessions_ended(*reason, 0);
    }
    for task in BackgroundTask::value_variants() {
        background_task(*task, true);
        counter!(TASK_RESTARTS, "task" => name_of(task)).increment(0);
    }
}

/// Lets the counters of an operation begin at zero, for an answer that it may give.
pub fn expect_request(operation: &str, status: &str) {
    counter!(REQUESTS, "operation" => operation.to_owned(), "status" => status.to_owned()).increment(0);
    // Made without a value, it is on the page with a count of zero.
    drop(histogram!(REQUEST_SECONDS, "operation" => operation.to_owned()));
}

/// The name of a variant in metrics and answers.
fn name_of(variant: &impl ValueEnum) -> String {
    let value = variant.to_possible_value();
    value.map(|value| value.get_name().to_owned()).unwrap_or_default()
}

/// Counts an answered request.
pub fn request(operation: &'static str, status: u16, duration: Duration) {
    counter!(REQUESTS, "operation" => operation, "status" => status.to_string()).increment(1);
    histogram!(REQUEST_SECONDS, "operation" => operation).record(duration);
}

/// Counts a request that is tried again, because the database gave its transaction up in favour of another one.
pub fn request_tried_again() {
    counter!(RETRIES).increment(1);
}

/// Sets the number of passwords that wait for a hashing slot.
pub fn hash_queue(length: usize) {
    gauge!(HASH_QUEUE).set(u32::try_from(length).unwrap_or(u32::MAX));
}

/// Counts a session that started, for which the request acts from then on.
pub fn session_created(kind: &'static str, account: Uuid, session: Uuid) {
    debug_assert!(SESSION_KINDS.contains(&kind), "add `{kind}` to SESSION_KINDS");
    counter!(SESSIONS_CREATED, "kind" => kind).increment(1);
    acts_for(account, session);
}

/// Lets the log lines of the present request name its account and session, by ids that tell nothing else.
pub fn acts_for(account: Uuid, session: Uuid) {
    let request = Span::current();
    request.record("account", display(account));
    request.record("session", display(session));
}

/// Counts and logs an event that only an attacker or a defect causes, with the public id of the session concerned.
pub fn security_event(event: &'static str, session_id: Uuid) {
    debug_assert!(
        EVENTS.contains(&event),
        "add `{event}` to EVENTS, so that its counter begins at zero"
    );
    counter!(SECURITY_EVENTS, "event" => event).increment(1);
    tracing::warn!(event, %session_id, "security event");
}

/// What came of an attempt to hand a mail over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Delivery {
    Sent,
    /// It is tried again later.
    Failed,
    /// The mail server will never take it.
    Rejected,
}

/// Counts an attempt to send a mail.
pub fn mail(delivery: Delivery) {
    counter!(MAILS, "result" => name_of(&delivery)).increment(1);
}

/// A task that runs as long as the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum BackgroundTask {
    /// Sends the mails in the outbox.
    Mail,
    /// Deletes what has expired and reads new signing keys.
    Cleaning,
    /// Notices what other processes change in the database.
    Watch,
    /// Writes to the database and reads from it.
    Probe,
    /// Tells webhooks of events.
    Webhooks,
}

impl BackgroundTask {
    /// Its name in metrics, logs and answers.
    #[must_use]
    pub fn name(self) -> String {
        name_of(&self)
    }
}

/// Says whether a background task works.
pub fn background_task(task: BackgroundTask, works: bool) {
    gauge!(TASK_WORKS, "task" => task.name()).set(u8::from(works));
}

/// Counts and logs a background task that ended and starts again after `pause`.
pub fn background_task_restarts(task: BackgroundTask, why: &'static str, pause: Duration) {
    counter!(TASK_RESTARTS, "task" => task.name()).increment(1);
    let (task, seconds) = (task.name(), pause.as_secs());
    tracing::error!(
        task,
        why,
        seconds,
        "a background task ended; it starts again after a pause"
    );
}

/// Says whether the database took a write and answered.
pub fn database_writable(is_writable: bool) {
    gauge!(DATABASE_WRITABLE).set(u8::from(is_writable));
}

/// Counts a log line that could not be written.
fn log_line_lost() {
    counter!(LOG_LINES_LOST).increment(1);
}

/// Counts a connection that was refused because its network has enough of them. Nothing is logged: a client can open
/// thousands a second.
pub fn connection_refused() {
    counter!(SECURITY_EVENTS, "event" => CONNECTION_REFUSED).increment(1);
}

/// Counts a request that was refused because enough are in flight, of its network or of all.
pub fn request_refused() {
    counter!(SECURITY_EVENTS, "event" => REQUEST_REFUSED).increment(1);
}

/// Why sessions end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Ended {
    LoggedOut,
    /// A new log-in replaced the presented session.
    Replaced,
    Revoked,
    /// The account had as many sessions as it may have, and started another one.
    Surplus,
    /// The account's password was changed.
    PasswordChanged,
    /// The owner asked to move the account to another address.
    EmailChanged,
    /// The owner confirmed the address; earlier sessions may belong to another person.
    EmailProven,
    /// The account was restored to its former address.
    EmailRestored,
    AccountDeleted,
    /// An authenticator app was added; earlier sessions began without it.
    FactorAdded,
    /// An operator ended it, disabled the account or changed its password.
    ByOperator,
    /// A refresh token was used twice, so it may be stolen.
    TokenReused,
    Expired,
}

/// Counts sessions that ended.
pub fn sessions_ended(reason: Ended, number: u64) {
    counter!(SESSIONS_ENDED, "reason" => name_of(&reason)).increment(number);
}
