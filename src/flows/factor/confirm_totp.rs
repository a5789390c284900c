//! An account owner confirms an authenticator app with its first code.

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::app::second_factors::accepted_step;
use crate::flows::steps::check_second_factor::count_second_factor;
use crate::flows::steps::claim_session::claim_session;
use crate::flows::steps::notify::{Owner, notify};
use crate::flows::steps::prove_address::EndedAtProof;
use crate::flows::steps::renew_session::{RenewedSession, renew_session};
use crate::flows::steps::replace_recovery_codes::replace_recovery_codes;
use crate::model::client::Client;
use crate::model::event::{Event, EventKind};
use crate::model::factor::recovery_code::RecoveryCode;
use crate::model::factor::totp::{PendingTotp, TotpCode};
use crate::model::mail::{Message, format_time};
use crate::model::session::SignedIn;
use crate::model::session::methods::AuthenticationMethod::{MultipleFactors, OneTimeCode};
use crate::store::{Tx, events, sessions, totp};
use crate::telemetry::Ended;

#[derive(Debug, thiserror::Error)]
pub enum ConfirmTotpError {
    #[error("the acting session has ended")]
    NotAuthenticated,
    /// No app waits for its first code, it has waited for too long, or another session has begun to set it up.
    #[error("no app waits for its first code")]
    NothingPending,
    #[error("the code is wrong")]
    InvalidCode,
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

internal_from_store!(ConfirmTotpError);

/// Makes the app the account's second factor. Every other session ends, because it was started without that factor. The
/// acting one goes on under a new id and secret, with the code as a fresh proof.
pub async fn confirm_totp(
    app: &App,
    signed_in: &SignedIn,
    code: TotpCode,
    client: &Client,
) -> Result<(RenewedSession, Vec<RecoveryCode>), ConfirmTotpError> {
    let (user, now) = (signed_in.user_id, app.clock.now());
    let pending = totp::pending(app.db.read().await?.conn(), user).await?;
    let pending = pending.filter(|pending| pending.is_alive(now));
    let pending = pending.ok_or(ConfirmTotpError::NothingPending)?;
    let secret = app
        .second_factors
        .open_pending(user, signed_in.session_id, &pending.pending_secret);
    let secret = secret.ok_or(ConfirmTotpError::NothingPending)?;
    let attempt = count_second_factor(app, user, client).await?;
    let step = accepted_step(&secret, code, now).ok_or(ConfirmTotpError::InvalidCode)?;
    let sealed = app.second_factors.seal_totp(user, &secret)?;

    let mut tx = app.db.write().await?;
    if !claim_session(&mut tx, signed_in, now).await? {
        return Err(ConfirmTotpError::NotAuthenticated);
    }
    attempt.record_success(&mut tx, now).await?;
    let (renewed, codes) = require_from_now_on(app, &mut tx, signed_in, (&pending, &sealed), step, now).await?;
    let owner = Owner {
        email: &signed_in.email,
        email_verified: signed_in.email_verified,
    };
    let message = Message::AuthenticatorAdded { at: format_time(now) };
    notify(app, &mut tx, owner, client, message, now).await?;
    let event = Event::by_owner(EventKind::FactorAdded, user, client, now).in_session(renewed.signed_in.session_id);
    events::record(tx.conn(), &event.with("kind", &"totp")).await?;
    tx.commit().await?;
    Ok((renewed.counted(Ended::FactorAdded), codes))
}

/// Stores the second factor and its recovery codes, and ends the sessions that started without it.
async fn require_from_now_on(
    app: &App,
    tx: &mut Tx,
    signed_in: &SignedIn,
    (pending, sealed): (&PendingTotp, &[u8]),
    step: i64,
    now: DateTime<Utc>,
) -> Result<(RenewedSession, Vec<RecoveryCode>), ConfirmTotpError> {
    let user = signed_in.user_id;
    if !totp::confirm(tx, user, (pending, sealed), step, now).await? {
        return Err(ConfirmTotpError::NothingPending);
    }
    let codes = replace_recovery_codes(app, tx, user, now).await?;
    let ended = EndedAtProof {
        sessions: sessions::end_others_of_user(tx, user, signed_in.session_id, now).await?,
        device_generation: None,
    };
    let proven = SignedIn {
        authenticated_at: now,
        methods: signed_in.methods.and(OneTimeCode).and(MultipleFactors),
        ..signed_in.clone()
    };
    Ok((renew_session(tx, proven, ended).await?, codes))
}
