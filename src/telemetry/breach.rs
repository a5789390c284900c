//! The metric of breached passwords.

use clap::ValueEnum;
use metrics::{counter, describe_counter};

use super::name_of;

const CHECKS: &str = "neptun_auth_breached_password_checks_total";

/// What came of looking for a password in the lists of breached ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BreachCheck {
    Clear,
    Found,
    /// A list could not be read in time, and no other one has the password.
    Failed,
    /// Too many log-ins were looked up at the same time.
    Skipped,
}

pub(super) fn describe() {
    describe_counter!(CHECKS, "Passwords looked for in lists of breached ones, by result");
}

pub(super) fn begin_at_zero() {
    for outcome in BreachCheck::value_variants() {
        counter!(CHECKS, "result" => name_of(outcome)).increment(0);
    }
}

/// Counts a look into the lists of breached passwords.
pub fn breach_check(outcome: BreachCheck) {
    counter!(CHECKS, "result" => name_of(&outcome)).increment(1);
}
