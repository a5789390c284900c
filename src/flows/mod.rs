//! What the service does for people: one story a file, one public function each, in the chapters of the OpenAPI
//! document.
//!
//! A flow has one shape: parse, limit, read, hash with no transaction open, one write transaction, commit, return a
//! value. It knows nothing of HTTP; its error names what a caller can act on, and everything else is `Internal`.

/// Lets `?` turn an error of the store into the `Internal` of a flow's error.
macro_rules! internal_from_store {
    ($error:ty) => {
        impl From<crate::store::Error> for $error {
            fn from(error: crate::store::Error) -> Self {
                Self::Internal(error.into())
            }
        }
    };
}

pub mod account;
pub mod admin;
pub mod event;
pub mod factor;
pub mod identity;
pub mod operator;
pub mod passkey;
pub mod recovery;
pub mod session;
pub mod steps;
pub mod token;
pub mod worker;
