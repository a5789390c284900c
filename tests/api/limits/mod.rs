//! Limits: what they reject, and what they must not.

mod admission;
mod all_networks;
mod failures;
mod former_devices;
mod rate_limiter;
mod records;
mod refusals;
mod victims;

use neptun_auth::model::limit::Rates;

use crate::helpers::limits;

const WRONG: &str = "not the password";

/// A limit on failed attempts, and practically none on anything else.
pub fn failures(rate: &str) -> Rates {
    Rates {
        failures: rate.parse().unwrap(),
        ..limits("1000000/h")
    }
}
