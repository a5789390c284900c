//! An account owner with the admin right uses the admin API from a session.

use super::admit_key::AdmitError;
use crate::app::App;
use crate::flows::steps::reauthenticate::is_fresh;
use crate::model::admin::{Access, Credential, NotPermitted, Operator};
use crate::model::client::Client;
use crate::model::session::SignedIn;
use crate::store::users;

/// The operator that is signed in, if the account has the admin right. Reading takes a session with a second factor,
/// writing one whose second factor was proven within ten minutes.
pub async fn admit_session(
    app: &App,
    signed_in: &SignedIn,
    access: Access,
    client: &Client,
) -> Result<Operator, AdmitError> {
    let credential = Credential::Account(signed_in.user_id);
    app.limits.allow_admin(&credential)?;
    let mut read = app.db.read().await?;
    let user = users::listed(read.conn(), signed_in.user_id).await?;
    if !user.is_some_and(|user| user.is_operator()) {
        return Err(NotPermitted.into());
    }
    let is_proven = match access {
        Access::Read => signed_in.methods.has_second_factor(),
        Access::Write => is_fresh(signed_in, true, app.clock.now()),
    };
    if !is_proven {
        let known = users::factors(read.conn(), signed_in.user_id).await?;
        return Err(AdmitError::ProofNeeded(
            known.map(|known| known.proofs()).unwrap_or_default(),
        ));
    }
    Ok(Operator {
        credential,
        client: Some(client.clone()),
    })
}
