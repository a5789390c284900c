//! What comes of a log-in at which the gate was closed: the statement that stores a session has refused it.

use super::{Owner, Reason, StartingSession};
use crate::app::App;
use crate::model::factor::Factors;
use crate::model::session::NewSession;
use crate::model::session::half_log_in::HalfLogIn;
use crate::model::session::secret::SessionSecret;
use crate::model::session::started::{HalfLogInStarted, Outcome};
use crate::model::user::AccountDisabled;
use crate::store::{Tx, attempts, sessions, users};
use crate::telemetry::{self, Ended};

/// Why a log-in by password got no session. `None` when `reason` does not hold any more.
pub(super) async fn explain_refusal(
    app: &App,
    owner: Owner<'_>,
    starting: &StartingSession,
    reason: &Reason<'_>,
) -> anyhow::Result<Option<Outcome>> {
    let Reason::LogIn {
        verified,
        current,
        counted,
        ..
    } = *reason
    else {
        return Ok(None);
    };
    let mut tx = app.db.write().await?;
    users::lock(&mut tx, owner.id).await?;
    let known = users::factors(tx.conn(), owner.id).await?;
    let Some(known) = known.filter(|known| known.password_hash.as_ref() == Some(verified)) else {
        return Ok(None);
    };
    // The password was right, so the attempt must not stay counted as a failure.
    if let Some(bucket) = counted {
        attempts::record_success(tx.conn(), bucket, starting.session.created_at).await?;
    }
    if known.disabled_at.is_some() {
        tx.commit().await?;
        return Err(AccountDisabled.into());
    }
    if !known.asks_for_second_factor() {
        return Ok(None);
    }
    if current != verified {
        // The statement that would have stored the stronger hash has refused the session.
        users::strengthen_hash(tx.conn(), owner.id, verified, current).await?;
    }
    let half = start_half(tx, owner, starting, &known).await?;
    Ok(Some(Outcome::SecondFactorRequired(half)))
}

/// Stores half a log-in and commits. With tokens nothing is stored: their client sends both factors at once.
pub(super) async fn start_half(
    mut tx: Tx,
    owner: Owner<'_>,
    starting: &StartingSession,
    known: &Factors,
) -> anyhow::Result<HalfLogInStarted> {
    let proofs = known.proofs();
    if starting.secret.is_none() {
        tx.commit().await?;
        return Ok(HalfLogInStarted { secret: None, proofs });
    }
    let (secret, now) = (SessionSecret::generate(), starting.session.created_at);
    let half = HalfLogIn {
        user_id: owner.id,
        methods: starting.session.methods,
        identity: starting.session.identity.clone(),
        opened_by: starting.opened_by,
        device_generation: owner.device_generation,
        started_at: now,
    };
    let client = starting.session.client.clone();
    let visitor = NewSession::cookie(secret, None, half.methods, client, &HalfLogIn::LIFETIMES, now);
    sessions::insert(tx.conn(), &visitor, &half.to_data()?).await?;
    let replaced = sessions::end_by_secrets(&mut tx, &starting.presented, now).await?;
    tx.commit().await?;
    telemetry::sessions_ended(Ended::Replaced, replaced.len() as u64);
    Ok(HalfLogInStarted {
        secret: Some(secret),
        proofs,
    })
}
