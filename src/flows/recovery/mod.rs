//! Proving an address, replacing a forgotten password, taking an address change back.

mod replace_password;
pub mod request_reset;
pub mod reset_password;
pub mod reset_password_with_key;
pub mod restore_email;
pub mod send_email_code;
pub mod verify_email;
