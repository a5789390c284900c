//! A client logs in with a mailed code.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::app::App;
use crate::flows::steps::allow_sign_up::allow_sign_up;
use crate::flows::steps::check_code::{Guess, check_code};
use crate::flows::steps::notify;
use crate::flows::steps::prove_address::{Proof, prove_address};
use crate::flows::steps::start_session::{Owner, SessionStart, StartingSession, start_proven_session};
use crate::model::client::Client;
use crate::model::event::{Event, EventKind};
use crate::model::id::UserId;
use crate::model::limit::Operation;
use crate::model::mail::browser::AskingBrowser;
use crate::model::mail::code::Purpose;
use crate::model::mail::{EarlierProfile, Message, format_time};
use crate::model::session::methods::{AuthenticationMethod, Methods};
use crate::model::session::started::Outcome;
use crate::model::user::email::Email;
use crate::model::user::{AccountLookup, Identifier};
use crate::store::{Tx, codes, devices, events, users};
use crate::telemetry::{self, Ended};

#[derive(Debug, thiserror::Error)]
pub enum LogInWithCodeError {
    #[error("log-in by code is switched off")]
    SwitchedOff,
    /// The code is wrong, used, expired or guessed at too often, or it is that of a link and another browser asked for
    /// it. The same whether or not the address has an account.
    #[error("the code is not valid")]
    InvalidCode,
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

internal_from_store!(LogInWithCodeError);

/// What a client sends to log in by code.
#[derive(Debug)]
pub struct CodeLogIn {
    pub email: Email,
    /// The digits of the mail, or what its link carries.
    pub code: String,
    /// The browsers that the client's cookies name.
    pub browsers: Vec<AskingBrowser>,
}

/// Starts a session for the account of the address, or half a log-in if it asks for a second factor. The code proves
/// the address: at the first proof, what another person may have set up ends. Where the operator allows it, a code for
/// an address without an account makes one.
///
/// # Errors
/// [`LogInWithCodeError::InvalidCode`]. A disabled account is told apart only after the right code.
pub async fn log_in_with_code(app: &App, sent: &CodeLogIn, start: SessionStart) -> Result<Outcome, LogInWithCodeError> {
    if !app.log_in_by_code {
        return Err(LogInWithCodeError::SwitchedOff);
    }
    let code = app.log_in_links.code(&sent.code, &sent.browsers);
    let code = code.ok_or(LogInWithCodeError::InvalidCode)?;
    let subjects = app.codes.address_subjects(Purpose::LogIn, &sent.email);
    let now = app.clock.now();
    let Guess::Right(guessed) = check_code(app, &subjects, &code, &start.client, now).await? else {
        return Err(LogInWithCodeError::InvalidCode);
    };
    if guessed.user_id.is_none() {
        // No mail ever showed this code unless it may make an account.
        if !app.may_sign_up_by_code(&sent.email) {
            return Err(LogInWithCodeError::InvalidCode);
        }
        allow_sign_up(app, Operation::SignUp, &start.client).await?;
    }

    let mut tx = app.db.write().await?;
    let holder = match guessed.user_id {
        Some(user) => Some(user),
        // An account may have been made for the address since the code was mailed.
        None => users::by_email(tx.conn(), &sent.email).await?.map(|known| known.id),
    };
    users::lock(&mut tx, holder.unwrap_or(UserId(Uuid::nil()))).await?;
    if !codes::consume(tx.conn(), &guessed.subject, &guessed.code_hash, now).await? {
        return Err(LogInWithCodeError::InvalidCode);
    }
    let entered = enter(app, &mut tx, &sent.email, holder, &start.client, now).await?;
    let owner = Owner {
        id: entered.id,
        email: &entered.email,
        email_verified: true,
        device_generation: entered.device_generation,
    };
    let methods = Methods::NONE.and(AuthenticationMethod::Mail);
    let starting = StartingSession::new(app, owner, start, methods, now)?;
    let outcome = start_proven_session(app, tx, owner, starting).await?;
    telemetry::sessions_ended(Ended::EmailProven, entered.ended);
    outcome.ok_or(LogInWithCodeError::InvalidCode)
}

/// The account that a code has opened.
struct Entered {
    id: UserId,
    email: String,
    device_generation: i64,
    /// Number of sessions that the first proof has ended.
    ended: u64,
}

/// The account of `email`, with its address confirmed; a new one if there is none. `holder` is the account that is
/// locked: it may have moved to another address before it was.
async fn enter(
    app: &App,
    tx: &mut Tx,
    email: &Email,
    holder: Option<UserId>,
    client: &Client,
    now: DateTime<Utc>,
) -> Result<Entered, LogInWithCodeError> {
    let login = Identifier::Email(email.clone());
    let lookup = AccountLookup::Identifier(&login);
    let Some(known) = users::credentials_and_familiarity(tx.conn(), lookup, client, now).await? else {
        return match holder {
            Some(_) => Err(LogInWithCodeError::InvalidCode),
            None => create(tx, email, client, now).await,
        };
    };
    if holder != Some(known.credentials.id) {
        return Err(LogInWithCodeError::InvalidCode);
    }
    let mut entered = Entered {
        id: known.credentials.id,
        email: known.credentials.email,
        device_generation: known.familiarity.device_generation,
        ended: 0,
    };
    if known.credentials.email_verified_at.is_none() {
        prove(app, tx, &mut entered, client, now).await?;
    }
    Ok(entered)
}

/// Confirms the address for the first time, and mails what was set up before.
async fn prove(
    app: &App,
    tx: &mut Tx,
    entered: &mut Entered,
    client: &Client,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let earlier = users::own_account(tx.conn(), entered.id).await?;
    let ended = prove_address(tx, entered.id, Proof::FirstByMail, client, now).await?;
    users::verify_email(tx, entered.id, now).await?;
    events::record(
        tx.conn(),
        &Event::by_owner(EventKind::EmailVerified, entered.id, client, now),
    )
    .await?;
    entered.ended = ended.sessions;
    entered.device_generation = ended.device_generation.unwrap_or(entered.device_generation);
    // One notice is enough: this one tells of the log-in too.
    devices::note(tx.conn(), entered.id, client, now).await?;
    let message = Message::ConfirmedByLogIn {
        at: format_time(now),
        profile: earlier.as_ref().and_then(EarlierProfile::of),
    };
    let recipient = notify::Owner {
        email: &entered.email,
        email_verified: true,
    };
    notify::notify(app, tx, recipient, client, message, now).await
}

/// Makes an account without a password.
async fn create(
    tx: &mut Tx,
    email: &Email,
    client: &Client,
    now: DateTime<Utc>,
) -> Result<Entered, LogInWithCodeError> {
    let id = UserId(Uuid::now_v7());
    if !users::insert_without_password(tx.conn(), id, email, Some(now), now).await? {
        // A concurrent sign-up took the address.
        return Err(LogInWithCodeError::InvalidCode);
    }
    // Nothing is new about the device that an account is made with.
    devices::note(tx.conn(), id, client, now).await?;
    events::record(tx.conn(), &Event::by_owner(EventKind::SignUp, id, client, now)).await?;
    Ok(Entered {
        id,
        email: email.typed().to_owned(),
        device_generation: 0,
        ended: 0,
    })
}
