//! The temporary failure: the caller may try again later.

use std::error::Error;

/// A resource can't be used now: the database is unreachable or full, or the hashing queue is. The error travels inside
/// error chains and becomes `503` with `Retry-After`.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Unavailable {
    what: &'static str,
    is_conflict: bool,
    #[source]
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl Unavailable {
    /// Seconds after which a client should try again.
    pub const RETRY_AFTER: u64 = 2;

    /// `what` names the resource for the log; no client sees it.
    #[must_use]
    pub fn new(what: &'static str) -> Self {
        Self {
            what,
            is_conflict: false,
            cause: None,
        }
    }

    /// Like [`Unavailable::new`], with the error that caused it.
    pub fn because(what: &'static str, cause: impl Error + Send + Sync + 'static) -> Self {
        Self {
            what,
            is_conflict: false,
            cause: Some(Box::new(cause)),
        }
    }

    /// Like [`Unavailable::because`], for a transaction that the database gave up in favour of another one. Nothing of
    /// it was kept, and the same may succeed at once.
    pub fn conflict(what: &'static str, cause: impl Error + Send + Sync + 'static) -> Self {
        Self {
            is_conflict: true,
            ..Self::because(what, cause)
        }
    }

    /// Whether any error in the chain is this one.
    #[must_use]
    pub fn is_in(error: &anyhow::Error) -> bool {
        error.chain().any(<dyn Error>::is::<Self>)
    }

    /// Whether any error in the chain is a conflict of transactions.
    #[must_use]
    pub fn is_conflict_in(error: &anyhow::Error) -> bool {
        let mut found = error.chain().filter_map(<dyn Error>::downcast_ref::<Self>);
        found.any(|unavailable| unavailable.is_conflict)
    }
}
