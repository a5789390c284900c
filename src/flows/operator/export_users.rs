//! An operator exports all accounts, to import them elsewhere.

use uuid::Uuid;

use crate::app::App;
use crate::model::moved::ExportedUser;
use crate::store::users;

/// Number of accounts that are read at once.
const PAGE: i64 = 500;

/// Gives every account to `write`, a page at a time. An account that is made while this runs may be left out.
///
/// # Errors
/// Those of the database and of `write`.
pub async fn export_users(
    app: &App,
    write: &mut dyn FnMut(&[ExportedUser]) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut after = Uuid::nil();
    loop {
        let mut read = app.db.read().await?;
        let page = users::page_for_export(read.conn(), after, PAGE).await?;
        drop(read);
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = last.id.0;
        write(&page)?;
    }
}
