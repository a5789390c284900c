//! Outages and what operators see of them.

mod outages;
mod secrecy;
