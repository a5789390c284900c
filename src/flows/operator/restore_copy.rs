//! An operator puts a copy in the place of a SQLite database that is lost.

use std::path::Path;

use chrono::{DateTime, Utc};

use super::take_over::{RestoreOptions, Restored, take_over};
use crate::app::restoring::Restoring;
use crate::model::secret_key::SecretKey;
use crate::store::DatabaseSetup;

/// Puts `copy` in the place of the SQLite database that is lost.
///
/// # Errors
/// A sentence for the operator. There is nothing in that place then.
pub async fn restore_copy(
    copy: &Path,
    database: &DatabaseSetup,
    secret_key: Option<SecretKey>,
    options: &RestoreOptions,
    now: DateTime<Utc>,
) -> anyhow::Result<Restored> {
    let restoring = Restoring::prepare(copy, database, secret_key).await?;
    let restored = take_over(&restoring.database, &restoring.key, options, now).await;
    match restored {
        Ok(restored) => {
            restoring.finish()?;
            Ok(restored)
        }
        Err(error) => {
            restoring.discard()?;
            Err(error)
        }
    }
}
