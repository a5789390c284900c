//! An account owner gives a fresh proof inside a session.

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::flows::steps::check_code::{Guess, check_code};
use crate::flows::steps::check_password::check_password;
use crate::flows::steps::check_second_factor::{UsableFactor, check_second_factor, count_second_factor};
use crate::flows::steps::claim_session::claim_session;
use crate::flows::steps::count_attempt::Attempt;
use crate::flows::steps::notify::Owner;
use crate::flows::steps::prove_address::EndedAtProof;
use crate::flows::steps::reauthenticate::ReauthenticationError;
use crate::flows::steps::renew_session::{RenewedSession, renew_session};
use crate::model::client::Client;
use crate::model::factor::second_factor::SecondFactor;
use crate::model::factor::{Factors, ProofMethod};
use crate::model::mail::code::{Code, GuessedCode, Purpose};
use crate::model::session::SignedIn;
use crate::model::session::methods::AuthenticationMethod::{Mail, MultipleFactors, Password as ByPassword};
use crate::model::user::AccountLookup;
use crate::model::user::password::Password;
use crate::store::{Tx, codes, users};

/// What the owner proves it with.
#[derive(Debug)]
pub enum FreshProof {
    Password(Password),
    SecondFactor(SecondFactor),
    /// The code that `send_proof_code` has mailed.
    MailCode(Code),
}

#[derive(Debug, thiserror::Error)]
pub enum StepUpError {
    #[error("the acting session has ended")]
    NotAuthenticated,
    #[error("the code is wrong, expired or was used")]
    InvalidCode,
    #[error(transparent)]
    Reauthentication(#[from] ReauthenticationError),
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

internal_from_store!(StepUpError);

/// A proof that was right when it was checked.
enum Checked {
    Password(Attempt),
    SecondFactor(Attempt, UsableFactor),
    MailCode(GuessedCode),
}

/// Checks `proof` and notes it in the session, which goes on under a new id and secret.
pub async fn step_up(
    app: &App,
    signed_in: &SignedIn,
    proof: FreshProof,
    client: &Client,
) -> Result<RenewedSession, StepUpError> {
    let now = app.clock.now();
    let known = users::factors(app.db.read().await?.conn(), signed_in.user_id).await?;
    let known = known.ok_or(StepUpError::NotAuthenticated)?;
    let checked = match proof {
        FreshProof::Password(password) => check_current_password(app, signed_in, &known, &password, client).await?,
        FreshProof::SecondFactor(factor) => {
            let attempt = count_second_factor(app, signed_in.user_id, client).await?;
            let usable = check_second_factor(app, signed_in.user_id, &factor, now).await?;
            Checked::SecondFactor(attempt, usable.ok_or(StepUpError::InvalidCode)?)
        }
        FreshProof::MailCode(code) => check_mail_code(app, signed_in, &known, &code, client, now).await?,
    };

    let mut tx = app.db.write().await?;
    if !claim_session(&mut tx, signed_in, now).await? {
        return Err(StepUpError::NotAuthenticated);
    }
    let proven = act_on(app, &mut tx, signed_in, checked, client, now).await?;
    let nothing_ended = EndedAtProof {
        sessions: 0,
        device_generation: None,
    };
    let renewed = renew_session(&mut tx, proven, nothing_ended).await?;
    tx.commit().await?;
    Ok(renewed)
}

/// A password alone is no fresh proof where a second factor is asked for, so it is not even looked at there.
async fn check_current_password(
    app: &App,
    signed_in: &SignedIn,
    known: &Factors,
    password: &Password,
    client: &Client,
) -> Result<Checked, StepUpError> {
    if known.asks_for_second_factor() {
        app.limits.allow_account(signed_in.user_id, client)?;
        return Err(ReauthenticationError::Required(known.proofs()).into());
    }
    let verified = check_password(app, AccountLookup::Account(signed_in.user_id), password, client).await?;
    let verified = verified.ok_or(ReauthenticationError::WrongPassword)?;
    Ok(Checked::Password(verified.attempt))
}

async fn check_mail_code(
    app: &App,
    signed_in: &SignedIn,
    known: &Factors,
    code: &Code,
    client: &Client,
    now: DateTime<Utc>,
) -> Result<Checked, StepUpError> {
    let proofs = known.proofs();
    if !proofs.contains(&ProofMethod::MailCode) {
        app.limits.allow_account(signed_in.user_id, client)?;
        return Err(ReauthenticationError::Required(proofs).into());
    }
    let subject = app.codes.proof_subject(signed_in.user_id, Purpose::Reauthenticate);
    match check_code(app, &[subject], code, client, now).await? {
        Guess::Right(guessed) => Ok(Checked::MailCode(guessed)),
        Guess::Wrong | Guess::NoCode => Err(StepUpError::InvalidCode),
    }
}

/// Uses up the proof, and returns the session as it is after that.
async fn act_on(
    app: &App,
    tx: &mut Tx,
    signed_in: &SignedIn,
    checked: Checked,
    client: &Client,
    now: DateTime<Utc>,
) -> Result<SignedIn, StepUpError> {
    let user = signed_in.user_id;
    // A second factor of long ago does not become fresh by a password.
    let one_factor = signed_in.methods.without(MultipleFactors);
    let methods = match checked {
        Checked::Password(attempt) => {
            attempt.record_success(tx, now).await?;
            one_factor.and(ByPassword)
        }
        Checked::SecondFactor(attempt, usable) => {
            if !usable.consume(tx, user, now).await? {
                return Err(StepUpError::InvalidCode);
            }
            attempt.record_success(tx, now).await?;
            let owner = Owner {
                email: &signed_in.email,
                email_verified: signed_in.email_verified,
            };
            usable.notify(app, tx, user, owner, client, now).await?;
            usable.methods(signed_in.methods)
        }
        Checked::MailCode(guessed) => {
            if !codes::consume(tx.conn(), &guessed.subject, &guessed.code_hash, now).await? {
                return Err(StepUpError::InvalidCode);
            }
            one_factor.and(Mail)
        }
    };
    Ok(SignedIn {
        authenticated_at: now,
        methods,
        ..signed_in.clone()
    })
}
