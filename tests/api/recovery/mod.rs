//! Proving an address, replacing a forgotten password, taking an address change back.

mod email;
mod notices;
mod outbox;
mod required;
mod reset;
mod reset_attacks;
mod strangers;
