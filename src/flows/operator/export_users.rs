//! An operator exports all accounts, to import them elsewhere.

use std::collections::HashMap;

use uuid::Uuid;

use crate::app::App;
use crate::model::moved::ExportedUser;
use crate::store::{identities, users};

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
        let mut page = users::page_for_export(read.conn(), after, PAGE).await?;
        let (Some(first), Some(last)) = (page.first(), page.last()) else {
            return Ok(());
        };
        after = last.id.0;
        let mut linked: HashMap<_, Vec<_>> = HashMap::new();
        for (user, issuer, subject) in identities::of_users(read.conn(), first.id, last.id).await? {
            linked.entry(user).or_default().push((issuer, subject));
        }
        drop(read);
        for user in &mut page {
            user.identities = linked.remove(&user.id).unwrap_or_default();
        }
        write(&page)?;
    }
}
