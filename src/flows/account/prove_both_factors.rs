//! The second half of a log-in that sends both factors at once, as clients with tokens do: they keep no half log-in.

use crate::app::App;
use crate::flows::steps::check_second_factor::{check_second_factor, count_second_factor};
use crate::flows::steps::count_attempt::Attempt;
use crate::flows::steps::notify;
use crate::flows::steps::start_session::{Owner, SessionStart, StartingSession, start_proven_session};
use crate::model::factor::second_factor::SecondFactor;
use crate::model::session::methods::Methods;
use crate::model::session::started::Outcome;
use crate::model::user::password::PasswordHash;
use crate::store::users;

/// What came of the second factor.
pub(super) enum Proven {
    Outcome(Outcome),
    /// The password was changed since it was verified.
    PasswordChanged,
    /// The second factor is wrong, or was used.
    WrongFactor,
}

/// Starts the session of an account whose password was right: the hash that it was verified against, and the one to
/// store, which is the same or a stronger one.
pub(super) async fn prove_both_factors(
    app: &App,
    owner: Owner<'_>,
    [verified, current]: [&PasswordHash; 2],
    password_attempt: Attempt,
    factor: &SecondFactor,
    start: SessionStart,
) -> anyhow::Result<Proven> {
    let now = app.clock.now();
    let attempt = count_second_factor(app, owner.id, &start.client).await?;
    let usable = check_second_factor(app, owner.id, factor, now).await?;

    let mut tx = app.db.write().await?;
    users::lock(&mut tx, owner.id).await?;
    let known = users::factors(tx.conn(), owner.id).await?;
    if known.and_then(|known| known.password_hash).as_ref() != Some(verified) {
        return Ok(Proven::PasswordChanged);
    }
    password_attempt.record_success(&mut tx, now).await?;
    if current != verified {
        users::strengthen_hash(tx.conn(), owner.id, verified, current).await?;
    }
    let used = match usable {
        Some(usable) => usable.consume(&mut tx, owner.id, now).await?.then_some(usable),
        None => None,
    };
    let Some(used) = used else {
        // The password was right, so its attempt must not stay counted as a failure.
        tx.commit().await?;
        return Ok(Proven::WrongFactor);
    };
    attempt.record_success(&mut tx, now).await?;
    let contact = notify::Owner {
        email: owner.email,
        email_verified: owner.email_verified,
    };
    used.notify(app, &mut tx, owner.id, contact, &start.client, now).await?;
    let starting = StartingSession::new(app, owner, start, used.methods(Methods::PASSWORD), now)?;
    let outcome = start_proven_session(app, tx, owner, starting).await?;
    Ok(outcome.map_or(Proven::PasswordChanged, Proven::Outcome))
}
