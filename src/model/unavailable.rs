//! The temporary failure: the caller may try again later.

use std::error::Error;

/// A resource can't be used now: the database is unreachable or full, or the hashing queue is. The error travels inside
/// error chains and becomes `503` with `Retry-After`.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Unavailable {
    what: &'static str,
    #[source]
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl Unavailable {
    /// Seconds after which a client should try again.
    pub const RETRY_AFTER: u64 = 2;

    /// `what` names the resource for the log; no client sees it.
    #[must_use]
    pub fn new(what: &'static str) -> Self {
        Self { what, cause: None }
    }

    /// Like [`Unavailable::new`], with the error that caused it.
    pub fn because(what: &'static str, cause: impl Error + Send + Sync + 'static) -> Self {
        Self {
            what,
            cause: Some(Box::new(cause)),
        }
    }

    /// Whether any error in the chain is this one.
    #[must_use]
    pub fn is_in(error: &anyhow::Error) -> bool {
        error.chain().any(<dyn Error>::is::<Self>)
    }
}
