//! What operators and load balancers ask for.

pub mod check_readiness;
pub mod rotate_keys;
