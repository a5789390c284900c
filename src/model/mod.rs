//! The nouns of the service and the rules that need nothing but their arguments: no async, no IO, `now` passed in.

pub mod client;
pub mod email;
pub mod origin;
pub mod password;
pub mod proxy;
pub mod session;
pub mod session_cookie;
pub mod unavailable;
pub mod user;
