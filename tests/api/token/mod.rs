//! The token API.

mod audience;
mod forms;
mod hostile;
mod keys;
mod model;
mod refresh;
mod sign_up;
