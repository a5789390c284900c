//! A program presents an admin key.

use crate::app::App;
use crate::model::admin::key::AdminKeySecret;
use crate::model::admin::{Access, Credential, NotPermitted, Operator};
use crate::model::client::Client;
use crate::model::factor::ProofMethod;
use crate::model::limit::Operation;
use crate::store::admin_keys;

#[derive(Debug, thiserror::Error)]
pub enum AdmitError {
    #[error("no such key is valid")]
    NotAuthenticated,
    #[error(transparent)]
    NotPermitted(#[from] NotPermitted),
    /// The session has no proof of a second factor, or no fresh one. Any of these would do.
    #[error("a proof by a second factor is needed")]
    ProofNeeded(Vec<ProofMethod>),
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

internal_from_store!(AdmitError);

/// The operator that `text` is the key of, if its scopes permit `access`.
///
/// # Errors
/// [`AdmitError::NotAuthenticated`] for any other text, and for a key that has expired or was revoked.
pub async fn admit_key(app: &App, text: &str, access: Access, client: &Client) -> Result<Operator, AdmitError> {
    let now = app.clock.now();
    let Some(secret) = AdminKeySecret::parse(text) else {
        // What can't be a key takes no connection.
        app.limits.allow_network(Operation::GuessKey, client)?;
        return Err(AdmitError::NotAuthenticated);
    };
    let mut read = app.db.read().await?;
    let key = admin_keys::by_hash(read.conn(), &secret.hash(), now).await?;
    let Some(key) = key else {
        drop(read);
        app.limits.allow_network(Operation::GuessKey, client)?;
        return Err(AdmitError::NotAuthenticated);
    };
    let credential = Credential::Key(key.id);
    app.limits.allow_admin(&credential)?;
    if !key.permits(access) {
        return Err(NotPermitted.into());
    }
    if key.use_is_due(now) {
        let once = app.db.once_after(read);
        let noted = once.run_statement(async |statement| admin_keys::note_use(statement, key.id, now).await);
        if let Err(error) = noted.await {
            // Two requests may note it at the same moment, and a database that takes no writes can still be read.
            tracing::warn!(%error, "the use of an admin key could not be noted");
        }
    }
    Ok(Operator {
        credential,
        client: Some(client.clone()),
    })
}
