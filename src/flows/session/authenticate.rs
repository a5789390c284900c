//! A request is authenticated by its session cookie.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use tower_sessions::{Session, session};

use crate::app::App;
use crate::app::sessions::SIGNED_IN;
use crate::app::sessions::cache::Remembered;
use crate::model::session::SignedIn;
use crate::model::session::secret::SessionSecret;
use crate::model::unavailable::Unavailable;

/// The session of a request.
#[derive(Debug, Clone)]
pub struct Authenticated {
    pub signed_in: Arc<SignedIn>,
    /// This use renewed the session, so the client's cookie should live longer too.
    pub renewed: bool,
}

/// How long a request waits for its renewal to be stored.
const PATIENCE: Duration = Duration::from_millis(250);

/// Looks up the account that the session of `presented` is signed in to. Using a session renews its idle time-out, with
/// at most one write per [`RENEWAL_INTERVAL`](crate::model::session::Lifetimes::RENEWAL_INTERVAL). While the database
/// can't write, a check waits a moment and the session is not renewed; nothing else changes.
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
    let unrenewed = |found: Remembered| Authenticated {
        signed_in: found.signed_in,
        renewed: false,
    };
    if !found.signed_in.renewal_is_due(now) {
        return Ok(Some(unrenewed(found)));
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
        Renewal::Overtaken => Ok(load(app, presented).await?.map(unrenewed)),
        Renewal::Failed => Ok(Some(unrenewed(found))),
    }
}

/// Reads the session from the store and keeps it in memory.
async fn load(app: &App, presented: SessionSecret) -> anyhow::Result<Option<Remembered>> {
    let stamp = app.session_cache.stamp();
    let session = Session::new(Some(presented.id()), Arc::clone(&app.sessions), None);
    let signed_in = session.get::<SignedIn>(SIGNED_IN).await.map_err(unreadable)?;
    Ok(signed_in.map(|signed_in| {
        let signed_in = Arc::new(signed_in);
        let found = Remembered { signed_in, stamp };
        app.session_cache.remember(presented, &found);
        found
    }))
}

/// The outcome of a renewal.
enum Renewal {
    Written,
    /// Another request renewed the session first, or ended it.
    Overtaken,
    Failed,
}

async fn renew(app: &App, used: SignedIn) -> Renewal {
    let written = match timeout(PATIENCE, app.renewals.write(used)).await {
        Ok(written) => written.map_err(anyhow::Error::from),
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

fn unreadable(error: session::Error) -> anyhow::Error {
    match error {
        session::Error::Store(error) => Unavailable::because("the session store can't be read", error).into(),
        session::Error::SerdeJson(error) => anyhow::Error::from(error).context("a stored session has an unknown form"),
    }
}
