//! The refusal of those who try too often.

use super::rate::Rate;

/// A limit is used up. Like [`crate::model::unavailable::Unavailable`] it is cured by waiting, travels inside error chains, and so
/// needs no variant in every flow's error; it becomes `429` with `Retry-After`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the limit `{limit}` is used up")]
pub struct Throttled {
    /// The name of the limit, as headers, metrics and the documentation have it.
    pub limit: &'static str,
    pub rate: Rate,
    /// Seconds after which one more try is allowed, at least one.
    pub retry_after: u64,
}

impl Throttled {
    /// The first of its kind in the chain.
    #[must_use]
    pub fn in_chain(error: &anyhow::Error) -> Option<Self> {
        error.chain().find_map(|cause| cause.downcast_ref()).copied()
    }
}
