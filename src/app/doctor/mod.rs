//! Looks at what is around the service, as `neptun-auth doctor` reports it. Nothing here changes anything.

pub mod around;
pub mod arrival;
mod certificate;
mod database;
mod disk;
pub mod live;
mod passkeys;
