//! An operator makes a link that replaces a forgotten password, to hand it over when mail is no way.

use chrono::{DateTime, Utc};
use url::Url;

use super::claim_user::{ClaimError, claim_user};
use crate::app::App;
use crate::model::admin::Operator;
use crate::model::id::UserId;
use crate::model::mail::code::{Code, HANDED_LIFETIME, NewCode, Purpose};
use crate::store::{codes, events};

/// A key for the operator to hand over; it is shown this once.
#[derive(Debug)]
pub struct RecoveryLinkMade {
    pub key: Code,
    /// `None` where the service has no page for it.
    pub url: Option<Url>,
    pub expires_at: DateTime<Utc>,
}

/// Makes a key that sets a new password. It says nothing about the address: using it neither verifies the address nor
/// ends the account's factors. A link that was made before is void. Accounts with the admin right get none, as they
/// would refuse it.
pub async fn make_recovery_link(app: &App, operator: &Operator, id: UserId) -> Result<RecoveryLinkMade, ClaimError> {
    let now = app.clock.now();
    let (key, url) = app.codes.generate_recovery_key()?;
    let subject = app.codes.key_subject(&key, Purpose::HandedRecoveryKey);
    let new = NewCode {
        code_hash: app.codes.hash_code(&subject, &key),
        subject,
        purpose: Purpose::HandedRecoveryKey,
        user_id: Some(id),
        email: None,
        asked_by: None,
        issued_at: now,
        expires_at: now + HANDED_LIFETIME,
    };
    let mut tx = app.db.write().await?;
    if claim_user(&mut tx, operator, id).await?.admin_at.is_some() {
        return Err(ClaimError::NotPermitted);
    }
    codes::void_of_purpose(tx.conn(), id, new.purpose, now).await?;
    codes::insert_key(tx.conn(), &new, 1).await?;
    events::record(tx.conn(), &operator.action("recovery_link_made", Some(id), now)).await?;
    tx.commit().await?;
    Ok(RecoveryLinkMade {
        key,
        url,
        expires_at: new.expires_at,
    })
}
