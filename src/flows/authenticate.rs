//! A request shows whose it is by its session.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::timeout;
use tower_sessions::{Session, session};

use crate::app::App;
use crate::app::session_store::SIGNED_IN;
use crate::model::session::{Lifetimes, SignedIn, StoredSession};
use crate::model::unavailable::Unavailable;
use crate::store::{self, sessions};

/// Whose request it is.
#[derive(Debug, Clone)]
pub struct Authenticated {
    pub signed_in: SignedIn,
    /// This use moved the session's idle deadline, so the client's cookie should live longer too.
    pub renewed: bool,
}

/// How long a request waits for its renewal to be written down.
const PATIENCE: Duration = Duration::from_millis(250);

/// The account that `session` is signed in to, if it is. Using a session renews its idle time, with at most one write a
/// minute. A database that can't write at the moment costs a little patience and the renewal, nothing more.
///
/// # Errors
/// [`Unavailable`] when the store can't tell: a session is never assumed.
pub async fn authenticate(app: &App, session: &Session) -> anyhow::Result<Option<Authenticated>> {
    let Some(signed_in) = session.get::<SignedIn>(SIGNED_IN).await.map_err(unreadable)? else {
        return Ok(None);
    };
    let now = app.clock.now();
    let unrenewed = |signed_in| Authenticated {
        signed_in,
        renewed: false,
    };
    if !signed_in.renewal_is_due(now) {
        return Ok(Some(unrenewed(signed_in)));
    }
    let used = signed_in.clone().renewed(&app.lifetimes, now);
    match renew(app, &used, now).await {
        Renewal::WrittenDown => Ok(Some(Authenticated {
            signed_in: used,
            renewed: true,
        })),
        Renewal::Overtaken => {
            let stored = sessions::by_id(app.db.read().await?.conn(), signed_in.session_id, now).await?;
            Ok(stored.as_ref().and_then(StoredSession::signed_in).map(unrenewed))
        }
        Renewal::Failed => Ok(Some(unrenewed(signed_in))),
    }
}

/// What became of a renewal.
enum Renewal {
    WrittenDown,
    /// Another request was first to renew the session, or to end it.
    Overtaken,
    Failed,
}

async fn renew(app: &App, used: &SignedIn, now: DateTime<Utc>) -> Renewal {
    // In a task of its own, so that giving up on it does not cut a transaction in two.
    let writing = tokio::spawn(write_down(app.clone(), used.clone(), now));
    let written = match timeout(PATIENCE, writing).await {
        Ok(Ok(written)) => written.map_err(anyhow::Error::from),
        Ok(Err(panicked)) => Err(panicked.into()),
        Err(elapsed) => Err(elapsed.into()),
    };
    match written {
        Ok(true) => Renewal::WrittenDown,
        Ok(false) => Renewal::Overtaken,
        Err(error) => {
            tracing::warn!(error = format!("{error:#}"), "a session could not be renewed");
            Renewal::Failed
        }
    }
}

async fn write_down(app: App, used: SignedIn, now: DateTime<Utc>) -> store::Result<bool> {
    let mut tx = app.db.write().await?;
    let renewed = sessions::renew(tx.conn(), &used, now - Lifetimes::RENEWAL_INTERVAL).await?;
    tx.commit().await?;
    Ok(renewed)
}

fn unreadable(error: session::Error) -> anyhow::Error {
    match error {
        session::Error::Store(error) => Unavailable::because("the session store can't be read", error).into(),
        session::Error::SerdeJson(error) => anyhow::Error::from(error).context("a stored session has an unknown form"),
    }
}
