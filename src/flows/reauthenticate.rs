//! Before something that can't be taken back, a person shows that it is them and not somebody at their open browser.

use chrono::TimeDelta;

use crate::app::App;
use crate::app::hasher::Verdict;
use crate::model::client::Client;
use crate::model::password::Password;
use crate::model::session::SignedIn;
use crate::store::users;

/// A log-in counts for this long (OWASP ASVS v5.0.0-7.5.1).
const RECENT: TimeDelta = TimeDelta::minutes(10);

#[derive(Debug, thiserror::Error)]
pub enum ReauthenticationError {
    /// The password is wrong or, without one, the log-in too long ago.
    #[error("the current password is needed")]
    Required,
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

/// Makes sure of whoever acts by their `current` password or, when none is given, by a log-in within ten minutes.
pub(super) async fn reauthenticate(
    app: &App,
    signed_in: &SignedIn,
    current: Option<Password>,
    _client: &Client,
) -> Result<(), ReauthenticationError> {
    let Some(current) = current else {
        let is_recent = app.clock.now() - signed_in.created_at < RECENT;
        return is_recent.then_some(()).ok_or(ReauthenticationError::Required);
    };
    let mut read = app.db.read().await.map_err(anyhow::Error::from)?;
    let credentials = users::by_id(read.conn(), signed_in.user_id)
        .await
        .map_err(anyhow::Error::from)?;
    drop(read);
    let stored = credentials.and_then(|known| known.password_hash);
    match app.hasher.verify(current, stored).await? {
        Verdict::Wrong => Err(ReauthenticationError::Required),
        Verdict::Right | Verdict::RightButWeak => Ok(()),
    }
}
