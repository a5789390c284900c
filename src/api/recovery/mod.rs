//! Proving an address, replacing a forgotten password, taking an address change back.

pub mod email;
pub mod password;
