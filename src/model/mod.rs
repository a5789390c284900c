//! The nouns of the service and the rules that need nothing but their arguments: no async, no IO, `now` passed in.

pub mod attempt;
pub mod client;
pub mod code;
pub mod device;
pub mod device_cookie;
pub mod email;
pub mod language;
pub mod limit;
pub mod mail;
pub mod network;
pub mod origin;
pub mod password;
pub mod proxy;
pub mod rate;
pub mod secret_key;
pub mod session;
pub mod session_cookie;
pub mod session_secret;
pub mod signing_key;
pub mod text;
pub mod throttled;
pub mod token;
pub mod unavailable;
pub mod user;
pub mod username;
