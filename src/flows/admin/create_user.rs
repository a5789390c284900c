//! An operator creates an account.

use uuid::Uuid;

use crate::app::App;
use crate::flows::steps::find_taken::{Taken, look_up};
use crate::flows::steps::refuse_breached::refuse_breached;
use crate::model::admin::Operator;
use crate::model::client::Client;
use crate::model::event::EventKind;
use crate::model::id::UserId;
use crate::model::moved::NewImport;
use crate::model::user::Profile;
use crate::model::user::email::Email;
use crate::model::user::listed::ListedUser;
use crate::model::user::password::{BreachedPassword, Password};
use crate::store::{events, users};

/// The values for a new account; the password has passed the policy.
#[derive(Debug)]
pub struct CreateUser {
    pub email: Email,
    /// Without one the owner sets a password by mail, or logs in without.
    pub password: Option<Password>,
    pub is_verified: bool,
    pub profile: Profile,
}

#[derive(Debug, thiserror::Error)]
pub enum CreateUserError {
    #[error("the address or the user name belongs to an account")]
    Taken(Taken),
    #[error(transparent)]
    Breached(#[from] BreachedPassword),
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

internal_from_store!(CreateUserError);

/// Creates an account without a session. The policy for sign-ups does not apply, and no mail is sent.
pub async fn create_user(app: &App, operator: &Operator, new: CreateUser) -> Result<ListedUser, CreateUserError> {
    let taken = look_up(app, Some(&new.email), new.profile.username.as_ref()).await?;
    if taken.any() {
        return Err(CreateUserError::Taken(taken));
    }
    let password_hash = match new.password {
        Some(password) => {
            refuse_breached(app, &password).await?;
            let nobody = Client::new(None, None, None);
            let client = operator.client.as_ref().unwrap_or(&nobody);
            Some(app.hasher.admit_known(client)?.hash(password).await?)
        }
        None => None,
    };
    let (id, now) = (UserId(Uuid::now_v7()), app.clock.now());
    let user = NewImport {
        id,
        email_verified_at: new.is_verified.then_some(now),
        email: new.email,
        disabled_at: None,
        password_hash,
        sealed_totp_secret: None,
        identities: Vec::new(),
        profile: new.profile,
        avatar: None,
        created_at: now,
        last_log_in_at: now,
    };
    let mut tx = app.db.write().await?;
    if !users::insert_imported(tx.conn(), &user).await? {
        drop(tx);
        let taken = look_up(app, Some(&user.email), user.profile.username.as_ref()).await?;
        // The account that took the address may be deleted again by now. "Taken" still says to try once more.
        return Err(CreateUserError::Taken(if taken.any() {
            taken
        } else {
            Taken { email: true, ..taken }
        }));
    }
    let created = users::listed(tx.conn(), id).await?;
    let created = created.ok_or_else(|| anyhow::anyhow!("the account that was just stored is not there"))?;
    events::record(tx.conn(), &operator.event(EventKind::SignUp, Some(id), now)).await?;
    if new.is_verified {
        events::record(tx.conn(), &operator.event(EventKind::EmailVerified, Some(id), now)).await?;
    }
    tx.commit().await?;
    Ok(created)
}
