//! A browser has made a passkey for an account.

use super::{NoPasskeys, new_passkey, relying_party};
use crate::app::App;
use crate::app::passkeys::attempts::Subject;
use crate::app::passkeys::check::{self, RegistrationAnswer};
use crate::flows::steps::claim_session::claim_session;
use crate::flows::steps::notify::{Owner, notify};
use crate::flows::steps::prove_address::EndedAtProof;
use crate::flows::steps::renew_session::{RenewedSession, renew_session};
use crate::model::client::Client;
use crate::model::event::{Event, EventKind};
use crate::model::mail::{Message, format_time};
use crate::model::passkey::client_data::Ceremony;
use crate::model::passkey::stored::NewPasskey;
use crate::model::passkey::{MAX_PASSKEYS, NotAccepted};
use crate::model::session::SignedIn;
use crate::store::passkeys::{self, spent_challenges};
use crate::store::{events, users};

#[derive(Debug, thiserror::Error)]
pub enum FinishRegistrationError {
    #[error(transparent)]
    NoPasskeys(#[from] NoPasskeys),
    /// Also for an attempt of another session or account, of the other ceremony, and for one that succeeded before.
    #[error("the attempt has expired")]
    Expired,
    #[error(transparent)]
    NotAccepted(#[from] NotAccepted),
    #[error("the acting session has ended, or does not pass the gate any more")]
    NotAuthenticated,
    #[error("the passkey is registered already, or the account has as many as it may have")]
    Conflict,
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

internal_from_store!(FinishRegistrationError);

/// Stores the passkey that `answer` tells of, mails the owner, and gives the acting session a new id and secret.
pub async fn finish_registration(
    app: &App,
    signed_in: &SignedIn,
    attempt: &str,
    answer: &RegistrationAnswer,
    transports: &[String],
    client: &Client,
) -> Result<(RenewedSession, NewPasskey), FinishRegistrationError> {
    let relying_party = relying_party(app)?;
    app.limits.allow_account(signed_in.user_id, client)?;
    let now = app.clock.now();
    let attempt = app.passkeys.attempts.open(Ceremony::Register, attempt, now);
    let own = Subject::Session {
        user: signed_in.user_id,
        session: signed_in.session_id,
    };
    let attempt = attempt
        .filter(|attempt| attempt.subject == own)
        .ok_or(FinishRegistrationError::Expired)?;
    let registered = check::registration(relying_party, &attempt.challenge, answer)?;
    let passkey = new_passkey(relying_party, signed_in.user_id, registered, transports, client, now);

    let mut tx = app.db.write().await?;
    if !claim_session(&mut tx, signed_in, now).await? {
        return Err(FinishRegistrationError::NotAuthenticated);
    }
    // The account may have got a second factor since the attempt began.
    let factors = users::factors(tx.conn(), signed_in.user_id).await?;
    let lacks_factor = |asks: bool| asks && !signed_in.methods.has_second_factor();
    if factors.is_none_or(|factors| lacks_factor(factors.asks_for_second_factor())) {
        return Err(FinishRegistrationError::NotAuthenticated);
    }
    if !spent_challenges::spend(tx.conn(), &attempt.challenge_hash(), attempt.expires_at()).await? {
        return Err(FinishRegistrationError::Expired);
    }
    if !passkeys::insert(tx.conn(), &passkey, MAX_PASSKEYS).await? {
        return Err(FinishRegistrationError::Conflict);
    }
    let owner = Owner {
        email: &signed_in.email,
        email_verified: signed_in.email_verified,
    };
    let message = Message::PasskeyAdded {
        at: format_time(now),
        name: passkey.name.as_str().to_owned(),
    };
    notify(app, &mut tx, owner, client, message, now).await?;
    let renewed = renew_session(&mut tx, signed_in.clone(), EndedAtProof::NOTHING).await?;
    let event = Event::by_owner(EventKind::PasskeyAdded, signed_in.user_id, client, now);
    events::record(tx.conn(), &event.in_session(renewed.signed_in.session_id)).await?;
    tx.commit().await?;
    Ok((renewed, passkey))
}
