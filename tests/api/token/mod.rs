//! The token API.

mod hostile;
mod keys;
mod model;
mod refresh;
mod sign_up;
