//! Times on the command line.

use anyhow::Context;
use chrono::{DateTime, Utc};

use crate::model::admin;

/// Reads a time for clap.
pub fn moment(text: &str) -> anyhow::Result<DateTime<Utc>> {
    admin::moment::moment(text).context("write a time from 1970 on, as in 2026-01-31T12:00:00Z")
}
