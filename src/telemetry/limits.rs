//! Limits that reject clients, as events of their own.

use metrics::counter;

use super::SECURITY_EVENTS;

const LIMITS: [&str; 7] = ["sign-up", "log-in", "refresh", "mail", "mail-to", "failures", "admin"];
/// Limits that all networks together have too.
const LIMITS_OF_ALL: [&str; 3] = ["sign-up", "log-in", "mail"];

/// Lets the counter of each limit begin at zero.
pub(super) fn begin_at_zero() {
    for limit in LIMITS {
        counter!(SECURITY_EVENTS, "event" => limit_event(limit)).increment(0);
    }
    for limit in LIMITS_OF_ALL {
        counter!(SECURITY_EVENTS, "event" => limit_of_all_event(limit)).increment(0);
    }
}

/// Counts and logs a request that a limit rejected, without saying which client sent it.
pub fn limit_used_up(limit: &'static str) {
    debug_assert!(
        LIMITS.contains(&limit),
        "add `{limit}` to LIMITS, so that its counter begins at zero"
    );
    counter!(SECURITY_EVENTS, "event" => limit_event(limit)).increment(1);
    tracing::warn!(event = "limit_used_up", limit, "security event");
}

fn limit_event(limit: &str) -> String {
    format!("limit_{}", limit.replace('-', "_"))
}

/// Counts and logs that the limit of all networks together is nearly used up, before it rejects a client.
pub fn limit_of_all_nearly_used_up(limit: &'static str) {
    debug_assert!(
        LIMITS_OF_ALL.contains(&limit),
        "add `{limit}` to LIMITS_OF_ALL, so that its counter begins at zero"
    );
    counter!(SECURITY_EVENTS, "event" => limit_of_all_event(limit)).increment(1);
    tracing::warn!(
        event = "limit_of_all_nearly_used_up",
        limit,
        "security event: all networks together have nearly used up this limit; beyond it the service rejects \
         strangers, but no device or network that an account knows"
    );
}

fn limit_of_all_event(limit: &str) -> String {
    format!("limit_of_all_{}", limit.replace('-', "_"))
}
