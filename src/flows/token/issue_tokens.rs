//! A client of the token API gets the first tokens of a session.

use crate::app::App;
use crate::model::session::SignedIn;
use crate::model::token::{Rotation, TokenPair};

/// The tokens of a session that has just started.
pub async fn issue_tokens(app: &App, signed_in: &SignedIn) -> anyhow::Result<TokenPair> {
    let first = Rotation {
        generation: 0,
        rotated_at: signed_in.created_at,
    };
    app.tokens.pair(signed_in, first, app.clock.now())
}
