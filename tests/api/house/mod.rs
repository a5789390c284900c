//! Rules about the source and the files beside it.

pub mod noted_changes;
pub mod rules;
