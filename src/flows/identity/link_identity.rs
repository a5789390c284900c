//! An identity is linked to the account whose session asked for it.

use chrono::{DateTime, Utc};

use super::FinishError;
use crate::app::App;
use crate::app::providers::ceremonies::spent_hash;
use crate::flows::steps::notify::{Owner, notify};
use crate::flows::steps::reauthenticate::is_fresh;
use crate::model::client::Client;
use crate::model::event::{Event, EventKind};
use crate::model::id::UserId;
use crate::model::identity::ceremony::{Ceremony, Link};
use crate::model::identity::{ExternalAccount, Identity};
use crate::model::mail::{Message, format_time};
use crate::store::passkeys::spent_challenges;
use crate::store::{Tx, events, identities, sessions, users};

/// Links `external` to the account of `link`, if its session is still alive and was fresh when the ceremony began.
pub(super) async fn link_identity(
    app: &App,
    external: &ExternalAccount,
    ceremony: &Ceremony,
    link: Link,
    client: &Client,
) -> Result<(), FinishError> {
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    users::lock(&mut tx, link.user).await?;
    let session = sessions::by_id(tx.conn(), link.session, now).await?;
    let owner = session
        .and_then(|session| session.signed_in())
        .filter(|owner| owner.user_id == link.user);
    let owner = owner.ok_or(FinishError::StateMismatch)?;
    let known = users::factors(tx.conn(), owner.user_id).await?;
    let known = known.ok_or(FinishError::StateMismatch)?;
    // The account may have got a second factor while the person was at the provider.
    if !is_fresh(&owner, known.asks_for_second_factor(), ceremony.began_at()) {
        return Err(FinishError::StateMismatch);
    }
    if !spent_challenges::spend(tx.conn(), &spent_hash(ceremony), ceremony.expires_at).await? {
        return Err(FinishError::StateMismatch);
    }
    if store(&mut tx, external, owner.user_id, now).await? {
        let message = Message::IdentityLinked {
            at: format_time(now),
            provider: external.provider.to_string(),
        };
        let event = Event::by_owner(EventKind::IdentityLinked, owner.user_id, client, now)
            .in_session(owner.session_id)
            .with("provider", &external.provider);
        events::record(tx.conn(), &event).await?;
        let owner = Owner {
            email: &owner.email,
            email_verified: owner.email_verified,
        };
        notify(app, &mut tx, owner, client, message, now).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Stores the identity; `false` when it is linked to this account already.
async fn store(tx: &mut Tx, external: &ExternalAccount, user: UserId, now: DateTime<Utc>) -> Result<bool, FinishError> {
    let identity = Identity::new(external, user, now);
    if identities::insert(tx.conn(), &identity).await? {
        return Ok(true);
    }
    let known = identities::by_subject(tx.conn(), &external.issuer, &external.subject).await?;
    let known = known
        .filter(|known| known.user_id == user)
        .ok_or(FinishError::IdentityTaken)?;
    identities::note_use(tx.conn(), known.id, identity.email.as_deref(), now).await?;
    Ok(false)
}
