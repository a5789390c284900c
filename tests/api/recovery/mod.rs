//! Proving an address, replacing a forgotten password, taking an address change back.

mod email;
mod international;
mod keys;
mod mails;
mod notices;
mod other_accounts;
mod outbox;
mod proof;
mod required;
mod reset;
mod reset_attacks;
mod sieges;
mod stolen;
