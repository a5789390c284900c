//! Finds the session of a secret, in memory or in the database.

use std::sync::Arc;

use crate::app::App;
use crate::app::sessions::cache::Remembered;
use crate::model::session::StoredSession;
use crate::model::session::secret::SessionSecret;
use crate::model::unavailable::Unavailable;
use crate::store::{self, sessions};

/// The live session of `presented` with its account. This is no use of the session: it renews nothing.
///
/// # Errors
/// [`Unavailable`] when neither memory nor the store can tell: a session is never assumed.
pub async fn look_up_session(app: &App, presented: SessionSecret) -> anyhow::Result<Option<Remembered>> {
    match app.session_cache.recall(presented, app.clock.now()) {
        Some(found) => Ok(Some(found)),
        None => load(app, presented).await,
    }
}

/// Reads the session's row and keeps it in memory. Why: docs/decisions/0007-read-a-sessions-row-once.md
pub(super) async fn load(app: &App, presented: SessionSecret) -> anyhow::Result<Option<Remembered>> {
    let stamp = app.session_cache.stamp();
    let stored = read(app, presented).await;
    let stored = stored.map_err(|error| Unavailable::because("sessions can't be read", error))?;
    Ok(stored.as_ref().and_then(StoredSession::signed_in).map(|signed_in| {
        let signed_in = Arc::new(signed_in);
        let found = Remembered { signed_in, stamp };
        app.session_cache.remember(presented, &found);
        found
    }))
}

async fn read(app: &App, presented: SessionSecret) -> store::Result<Option<StoredSession>> {
    let mut read = app.db.read().await?;
    sessions::by_secret(read.conn(), &presented.hash(), app.clock.now()).await
}
