//! The error of a request that is over a limit.

use super::rate::Rate;

/// A limit is used up. Like [`Unavailable`](crate::model::unavailable::Unavailable) it is temporary and travels
/// inside error chains, so that no flow needs a variant for it. It becomes `429` with `Retry-After`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the limit `{limit}` is used up")]
pub struct Throttled {
    /// The name of the limit in headers, metrics and documentation.
    pub limit: &'static str,
    pub rate: Rate,
    /// Seconds after which one more request is allowed, at least one.
    pub retry_after: u64,
}

impl Throttled {
    /// The first of its kind in the chain.
    #[must_use]
    pub fn in_chain(error: &anyhow::Error) -> Option<Self> {
        error.chain().find_map(|cause| cause.downcast_ref()).copied()
    }
}
