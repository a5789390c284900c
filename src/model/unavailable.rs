//! The one failure that a caller can cure by waiting.

use std::error::Error;

/// Something the service stands on can't do its work right now: the database is unreachable or full, or every hashing
/// slot is taken. It travels inside error chains and becomes `503` with `Retry-After`.
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

    /// `what` says for the log what is missing; no client ever sees it.
    #[must_use]
    pub fn new(what: &'static str) -> Self {
        Self { what, cause: None }
    }

    /// Like [`Unavailable::new`], keeping the error that made it so.
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
