//! A client asks whether a token is valid.

use super::authenticate_token::authenticate_token;
use crate::app::App;
use crate::model::token::Rotation;
use crate::store::sessions;

/// Whether an access or refresh token is valid now: ours, not expired, not replaced, and its session alive.
pub async fn verify_token(app: &App, token: &str) -> anyhow::Result<bool> {
    let now = app.clock.now();
    let Some((claims, generation)) = app.tokens.check_refresh(token, now) else {
        return Ok(authenticate_token(app, token).await?.is_some());
    };
    let mut read = app.db.read().await?;
    let is_alive = sessions::by_id(read.conn(), claims.sid, now).await?.is_some();
    let rotation = sessions::rotation(read.conn(), claims.sid).await?;
    let is_current =
        |rotation: Rotation| generation >= rotation.generation || rotation.accepts_previous(generation, now);
    Ok(is_alive && rotation.is_some_and(is_current))
}
