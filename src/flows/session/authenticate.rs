//! A request is authenticated by its session cookie.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use crate::app::App;
use crate::app::sessions::cache::Remembered;
use crate::model::session::secret::SessionSecret;
use crate::model::session::{SignedIn, StoredSession};
use crate::model::unavailable::Unavailable;
use crate::store::{self, sessions};

/// The session of a request.
#[derive(Debug, Clone)]
pub struct Authenticated {
    pub signed_in: Arc<SignedIn>,
    /// This use renewed the session, so the client's cookie should live longer too.
    pub renewed: bool,
}

/// How long a request waits for its renewal to be stored.
const RENEWAL_TIMEOUT: Duration = Duration::from_millis(250);

/// Looks up the account that the session of `presented` is signed in to. Using a session renews its idle time-out, with
/// at most one write per [`Lifetimes::renewal_interval`](crate::model::session::Lifetimes::renewal_interval). While the
/// database can't write, a check waits a moment and the session is not renewed; nothing else changes.
///
/// # Errors
/// [`Unavailable`] when neither memory nor the store can tell: a session is never assumed.
pub async fn authenticate(app: &App, presented: SessionSecret) -> anyhow::Result<Option<Authenticated>> {
    let now = app.clock.now();
    let found = match app.session_cache.recall(presented, now) {
        Some(found) => Some(found),
        None => load(app, presented).await?,
    };
    let Some(found) = found else {
        return Ok(None);
    };
    let without_renewal = |found: Remembered| Authenticated {
        signed_in: found.signed_in,
        renewed: false,
    };
    if !found.signed_in.renewal_is_due(&app.lifetimes, now) {
        return Ok(Some(without_renewal(found)));
    }
    let used = SignedIn::clone(&found.signed_in).renewed(&app.lifetimes, now);
    match renew(app, used.clone()).await {
        Renewal::Written => {
            let signed_in = Arc::new(used);
            let stamp = found.stamp;
            app.session_cache.remember(
                presented,
                &Remembered {
                    signed_in: Arc::clone(&signed_in),
                    stamp,
                },
            );
            Ok(Some(Authenticated {
                signed_in,
                renewed: true,
            }))
        }
        Renewal::Overtaken => Ok(load(app, presented).await?.map(without_renewal)),
        Renewal::Failed => Ok(Some(without_renewal(found))),
    }
}

/// Reads the session's row and keeps it in memory. Why: docs/decisions/0007-read-a-sessions-row-once.md
async fn load(app: &App, presented: SessionSecret) -> anyhow::Result<Option<Remembered>> {
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

/// The outcome of a renewal.
enum Renewal {
    Written,
    /// Another request renewed the session first, or ended it.
    Overtaken,
    Failed,
}

async fn renew(app: &App, used: SignedIn) -> Renewal {
    let unseen_since = used.last_seen_at - app.lifetimes.renewal_interval();
    let written = match timeout(RENEWAL_TIMEOUT, app.renewals.write(used, unseen_since)).await {
        Ok(written) => written,
        Err(elapsed) => Err(elapsed.into()),
    };
    match written {
        Ok(true) => Renewal::Written,
        Ok(false) => Renewal::Overtaken,
        Err(error) => {
            tracing::debug!(error = format!("{error:#}"), "a session could not be renewed");
            Renewal::Failed
        }
    }
}
