//! A request is authenticated by its session cookie.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::look_up_session::{load, look_up_session};
use crate::app::App;
use crate::app::sessions::cache::Remembered;
use crate::model::session::SignedIn;
use crate::model::session::secret::SessionSecret;

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
/// [`Unavailable`](crate::model::unavailable::Unavailable) when neither memory nor the store can tell: a session is
/// never assumed.
pub async fn authenticate(app: &App, presented: SessionSecret) -> anyhow::Result<Option<Authenticated>> {
    let now = app.clock.now();
    let Some(found) = look_up_session(app, presented).await? else {
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
