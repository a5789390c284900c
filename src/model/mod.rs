//! The nouns of the service and the rules that need nothing but their arguments: no async, no IO, `now` passed in.

pub mod admin;
pub mod brand;
pub mod client;
pub mod cookie;
pub mod device;
pub mod doctor;
pub mod event;
pub mod factor;
pub mod id;
pub mod identity;
pub mod import;
pub mod limit;
pub mod mail;
pub mod moved;
pub mod outbound;
pub mod passkey;
mod public_suffix;
pub mod secret_key;
pub mod session;
pub mod spelling;
pub mod statistics;
pub mod token;
pub mod unavailable;
pub mod user;
pub mod webhook;
