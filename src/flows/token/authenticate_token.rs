//! A request is authenticated by its access token.

use crate::app::App;
use crate::model::session::{SignedIn, StoredSession};
use crate::store::sessions;
use crate::telemetry;

/// The account of an access token, if the token is valid and its session is still alive.
pub async fn authenticate_token(app: &App, token: &str) -> anyhow::Result<Option<SignedIn>> {
    let now = app.clock.now();
    let Some(claims) = app.tokens.check_access(token, now) else {
        return Ok(None);
    };
    let stored = sessions::by_id(app.db.read().await?.conn(), claims.sid, now).await?;
    let signed_in = stored.as_ref().and_then(StoredSession::signed_in);
    let owned = signed_in.filter(|signed_in| signed_in.user_id == claims.sub);
    Ok(owned.inspect(|signed_in| telemetry::acts_for(signed_in.user_id.0, signed_in.session_id.0)))
}
