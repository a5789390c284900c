//! Authenticator apps, recovery codes, the second step of a log-in, and fresh proofs.

mod attempts;
mod gate;
mod half_log_in;
mod recovery_codes;
mod second_factor;
mod secrets;
mod step_up;
mod totp;
