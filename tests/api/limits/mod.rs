//! Limits: what they hold back, and whom they must not.

mod failures;
mod rate_limiter;
mod records;
mod victims;

use neptun_auth::model::limit::Rates;

use crate::helpers::limits;

const WRONG: &str = "not the password";

/// So many failures, and nothing else limited.
fn failures(rate: &str) -> Rates {
    Rates {
        failures: rate.parse().unwrap(),
        ..limits("1000000/h")
    }
}
