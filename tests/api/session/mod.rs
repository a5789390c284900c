//! Checking, listing, ending and caching sessions.

mod cache;
mod check;
mod cookie;
mod races;
mod sessions;
mod store;
