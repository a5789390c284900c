//! An account's life after its first minute: prove the address, recover, change, leave.

mod delete;
mod email;
mod export;
mod notices;
mod outbox;
mod required;
mod reset;
mod reset_attacks;
mod strangers;
mod update;
