//! Logs and metrics for operators. Every metric name is defined here.
//!
//! Neither contains an e-mail address, a password, a cookie, a token or a query string.

use std::time::Duration;

use anyhow::Context;
use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;
use uuid::Uuid;

const REQUESTS: &str = "neptun_auth_requests_total";
const REQUEST_SECONDS: &str = "neptun_auth_request_duration_seconds";
const HASH_QUEUE: &str = "neptun_auth_hash_queue";
const SESSIONS_CREATED: &str = "neptun_auth_sessions_created_total";
const SECURITY_EVENTS: &str = "neptun_auth_security_events_total";
const MAILS: &str = "neptun_auth_mails_total";
const SESSIONS_ENDED: &str = "neptun_auth_sessions_ended_total";

/// The session library logs every stale cookie as an attack. A filter that names the library takes precedence.
const QUIET: &str = "tower_sessions_core=error";

/// From half a millisecond, for a session check, to the deadline of the hashing queue.
const LATENCY_BUCKETS: [f64; 12] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
];

/// The format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

/// Writes logs to standard error in the given format, filtered as `tracing_subscriber::EnvFilter` describes.
///
/// # Errors
/// When `filter` can't be read.
pub fn start_logs(filter: &str, format: LogFormat) -> anyhow::Result<()> {
    let logs = tracing_subscriber::fmt()
        .with_env_filter(
            EnvFilter::try_new(format!("{QUIET},{filter}"))
                .context("LOG is not a filter, as in `info` or `warn,neptun_auth=debug`")?,
        )
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => logs.with_ansi(false).init(),
        LogFormat::Json => logs
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .init(),
    }
    Ok(())
}

/// Starts to collect metrics; the handle renders them for Prometheus.
///
/// # Errors
/// When metrics are collected already.
pub fn start_metrics() -> anyhow::Result<PrometheusHandle> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full(REQUEST_SECONDS.to_owned()), &LATENCY_BUCKETS)?
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
    describe_counter!(SESSIONS_ENDED, "Sessions ended, by reason");
    Ok(handle)
}

/// Counts an answered request.
pub fn request(operation: &'static str, status: u16, duration: Duration) {
    counter!(REQUESTS, "operation" => operation, "status" => status.to_string()).increment(1);
    histogram!(REQUEST_SECONDS, "operation" => operation).record(duration);
}

/// Sets the number of passwords that wait for a hashing slot.
pub fn hash_queue(length: usize) {
    gauge!(HASH_QUEUE).set(u32::try_from(length).unwrap_or(u32::MAX));
}

/// Counts a session that started.
pub fn session_created(kind: &'static str) {
    counter!(SESSIONS_CREATED, "kind" => kind).increment(1);
}

/// Counts and logs an event that only an attacker or a defect causes, with the public id of the session concerned.
pub fn security_event(event: &'static str, session_id: Uuid) {
    counter!(SECURITY_EVENTS, "event" => event).increment(1);
    tracing::warn!(event, %session_id, "security event");
}

/// Counts an attempt to send a mail.
pub fn mail(is_sent: bool) {
    counter!(MAILS, "result" => if is_sent { "sent" } else { "failed" }).increment(1);
}

/// Counts and logs a request that a limit rejected, without saying which client sent it.
pub fn limit_used_up(limit: &'static str) {
    counter!(SECURITY_EVENTS, "event" => format!("limit_{}", limit.replace('-', "_"))).increment(1);
    tracing::warn!(event = "limit_used_up", limit, "security event");
}

/// Why sessions end.
#[derive(Debug, Clone, Copy)]
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
    /// A refresh token was used twice, so it may be stolen.
    TokenReused,
    Expired,
}

/// Counts sessions that ended.
pub fn sessions_ended(reason: Ended, number: u64) {
    let reason = match reason {
        Ended::LoggedOut => "logged_out",
        Ended::Replaced => "replaced",
        Ended::Revoked => "revoked",
        Ended::Surplus => "surplus",
        Ended::PasswordChanged => "password_changed",
        Ended::EmailChanged => "email_changed",
        Ended::EmailProven => "email_proven",
        Ended::EmailRestored => "email_restored",
        Ended::AccountDeleted => "account_deleted",
        Ended::TokenReused => "token_reused",
        Ended::Expired => "expired",
    };
    counter!(SESSIONS_ENDED, "reason" => reason).increment(number);
}
