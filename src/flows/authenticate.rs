//! A request shows whose it is by its session.

use tower_sessions::{Session, session};

use crate::app::App;
use crate::app::session_store::SIGNED_IN;
use crate::model::session::SignedIn;
use crate::model::unavailable::Unavailable;
use crate::store::{self, sessions};

/// Whose request it is.
#[derive(Debug, Clone)]
pub struct Authenticated {
    pub signed_in: SignedIn,
    /// This use moved the session's idle deadline, so the client's cookie should live longer too.
    pub renewed: bool,
}

/// The account that `session` is signed in to, if it is. Using a session renews its idle time, with at most one write a
/// minute; a renewal that fails costs nothing but that.
///
/// # Errors
/// [`Unavailable`] when the store can't tell: a session is never assumed.
pub async fn authenticate(app: &App, session: &Session) -> anyhow::Result<Option<Authenticated>> {
    let Some(signed_in) = session.get::<SignedIn>(SIGNED_IN).await.map_err(unreadable)? else {
        return Ok(None);
    };
    let now = app.clock.now();
    if !signed_in.renewal_is_due(now) {
        return Ok(Some(Authenticated {
            signed_in,
            renewed: false,
        }));
    }
    let renewed = signed_in.clone().renewed(&app.lifetimes, now);
    match write_down(app, &renewed).await {
        Ok(()) => Ok(Some(Authenticated {
            signed_in: renewed,
            renewed: true,
        })),
        // A full or locked database must not keep people from being recognised; the next use tries again.
        Err(error) => {
            tracing::warn!(error = %anyhow::Error::from(error), "a session could not be renewed");
            Ok(Some(Authenticated {
                signed_in,
                renewed: false,
            }))
        }
    }
}

async fn write_down(app: &App, used: &SignedIn) -> store::Result<()> {
    let mut tx = app.db.write().await?;
    sessions::renew(tx.conn(), used.session_id, used.last_seen_at, used.idle_expires_at).await?;
    tx.commit().await
}

fn unreadable(error: session::Error) -> anyhow::Error {
    match error {
        session::Error::Store(error) => Unavailable::because("the session store can't be read", error).into(),
        session::Error::SerdeJson(error) => anyhow::Error::from(error).context("a stored session has an unknown form"),
    }
}
