//! Passkeys: registration, log-in, and what an owner does with them.

mod log_in;
mod manage;
mod register;
mod sign_up;
