//! The layers around every operation. [`super::routes`] stacks them.

pub mod admission;
pub mod aliases;
pub mod body_limit;
pub mod ceremony;
pub mod client;
pub mod detach;
pub mod errors;
pub mod final_slash;
pub mod forward_auth;
pub mod headers;
pub mod observe;
pub mod origin;
mod proxied;
pub mod refusals;
pub mod retry;
pub mod session;
pub mod token_api;
