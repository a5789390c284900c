//! The table that decides which account an identity opens.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::FinishError;
use crate::app::App;
use crate::app::providers::Provider;
use crate::app::providers::ceremonies::spent_hash;
use crate::flows::steps::allow_sign_up::allow_sign_up;
use crate::flows::steps::mail_proof_code::{UnprovenAddress, mail_proof_code};
use crate::flows::steps::notify;
use crate::flows::steps::prove_address::{Proof, prove_address};
use crate::flows::steps::start_session::{Owner, SessionStart, StartingSession, start_proven_session};
use crate::model::client::Client;
use crate::model::event::{Event, EventKind};
use crate::model::id::UserId;
use crate::model::identity::ceremony::Ceremony;
use crate::model::identity::{ExternalAccount, Identity};
use crate::model::limit::Operation;
use crate::model::limit::throttled::Throttled;
use crate::model::mail::{EarlierProfile, Message, format_time};
use crate::model::session::identity::SessionIdentity;
use crate::model::session::methods::{AuthenticationMethod, Methods};
use crate::model::session::started::Outcome;
use crate::model::user::email::Email;
use crate::model::user::{AccountLookup, Credentials, Identifier, OwnAccount};
use crate::store::passkeys::spent_challenges;
use crate::store::{Tx, devices, events, identities, users};
use crate::telemetry::{self, Ended};

/// The account that an identity opens.
struct Entered {
    id: UserId,
    /// The stored identity.
    identity: Uuid,
    email: String,
    email_verified: bool,
    device_generation: i64,
    /// Number of sessions that a first proof of the address has ended.
    ended: u64,
}

/// One attempt: what it is about and when.
struct Entry<'a> {
    app: &'a App,
    external: &'a ExternalAccount,
    client: &'a Client,
    /// Whether this attempt may make an account.
    may_sign_up: bool,
    now: DateTime<Utc>,
}

/// Starts a session for the account that `external` opens, or half a log-in if it asks for a second factor.
pub(super) async fn enter_account(
    app: &App,
    provider: &Provider,
    external: &ExternalAccount,
    ceremony: &Ceremony,
    start: SessionStart,
) -> Result<Outcome, FinishError> {
    // A concurrent callback or sign-up may have stored the same identity or address. Then the second attempt finds it.
    for _ in 0..2 {
        let entry = Entry {
            app,
            external,
            client: &start.client,
            may_sign_up: allow_new_account(app, external, &start.client).await?,
            now: app.clock.now(),
        };
        let mut tx = app.db.write().await?;
        if !spent_challenges::spend(tx.conn(), &spent_hash(ceremony), ceremony.expires_at).await? {
            return Err(FinishError::StateMismatch);
        }
        let Some(entered) = entry.find_or_make(&mut tx).await? else {
            continue;
        };
        let owner = Owner {
            id: entered.id,
            email: &entered.email,
            email_verified: entered.email_verified,
            device_generation: entered.device_generation,
        };
        let methods = Methods::NONE.and(AuthenticationMethod::Federated);
        let mut starting = StartingSession::new(app, owner, start.clone(), methods, entry.now)?;
        starting.session.identity = SessionIdentity::of(provider.kind(), external);
        starting.opened_by = Some(entered.identity);
        if let Some(outcome) = start_proven_session(app, tx, owner, starting).await? {
            telemetry::sessions_ended(Ended::EmailProven, entered.ended);
            return Ok(outcome);
        }
    }
    Err(FinishError::StateMismatch)
}

/// Whether the identity would make an account, which counts as a sign-up. Looked up before any lock is held.
async fn allow_new_account(app: &App, external: &ExternalAccount, client: &Client) -> Result<bool, FinishError> {
    let mut read = app.db.read().await?;
    let known = identities::by_subject(read.conn(), &external.issuer, &external.subject).await?;
    let taken = match &external.email {
        Some(email) => users::by_email(read.conn(), email).await?.is_some(),
        None => true,
    };
    drop(read);
    let Some(email) = external.email.as_ref().filter(|_| known.is_none() && !taken) else {
        return Ok(false);
    };
    if !app.mailer.accepts(email) {
        return Err(FinishError::EmailMissing);
    }
    app.allow_new_account(email)?;
    allow_sign_up(app, Operation::SignUp, client).await?;
    Ok(true)
}

impl Entry<'_> {
    /// The account that the identity opens; `None` when another request was in between.
    async fn find_or_make(&self, tx: &mut Tx) -> Result<Option<Entered>, FinishError> {
        let external = self.external;
        if let Some(identity) = identities::by_subject(tx.conn(), &external.issuer, &external.subject).await? {
            return self.known(tx, &identity).await;
        }
        let email = external.email.as_ref().ok_or(FinishError::EmailMissing)?;
        let login = Identifier::Email(email.clone());
        let lookup = AccountLookup::Identifier(&login);
        match users::credentials_and_familiarity(tx.conn(), lookup, self.client, self.now).await? {
            None if self.may_sign_up => self.make(tx, email).await,
            None => Ok(None),
            Some(account) if external.is_proven && account.credentials.email_verified_at.is_none() => {
                self.take_over(tx, account.credentials.id, &login).await
            }
            Some(_) => {
                let linked = identities::by_subject(tx.conn(), &external.issuer, &external.subject).await?;
                match linked {
                    // Another request has made the account for it since the first look.
                    Some(_) => Ok(None),
                    // A proven account is its owner's: they log in and link. An unproven address says nothing.
                    None => Err(FinishError::EmailTaken),
                }
            }
        }
    }

    /// The identity is linked: it opens its account, whatever the address is by now.
    async fn known(&self, tx: &mut Tx, identity: &Identity) -> Result<Option<Entered>, FinishError> {
        // The account is locked before its identity, in the order of a removal.
        users::lock(tx, identity.user_id).await?;
        let still = identities::by_subject(tx.conn(), &identity.issuer, &identity.subject).await?;
        if still.is_none_or(|still| still.user_id != identity.user_id) {
            return Ok(None);
        }
        let email = self.external.email.as_ref().map(Email::typed);
        identities::note_use(tx.conn(), identity.id, email, self.now).await?;
        let lookup = AccountLookup::Account(identity.user_id);
        let account = users::credentials_and_familiarity(tx.conn(), lookup, self.client, self.now).await?;
        Ok(account.map(|account| Entered {
            id: identity.user_id,
            identity: identity.id,
            email: account.credentials.email,
            email_verified: account.credentials.email_verified_at.is_some(),
            device_generation: account.familiarity.device_generation,
            ended: 0,
        }))
    }

    /// Nothing is known: a new account without a password. An address that the provider does not prove gets a code.
    async fn make(&self, tx: &mut Tx, email: &Email) -> Result<Option<Entered>, FinishError> {
        let id = UserId(Uuid::now_v7());
        let verified_at = self.external.is_proven.then_some(self.now);
        if !users::insert_without_password(tx.conn(), id, email, verified_at, self.now).await? {
            return Ok(None);
        }
        self.record(tx, EventKind::SignUp, id).await?;
        let Some(identity) = self.link(tx, id).await? else {
            return Ok(None);
        };
        // Nothing is new about the device that an account is made with.
        devices::note(tx.conn(), id, self.client, self.now).await?;
        if let Some(account) = users::own_account(tx.conn(), id).await?
            && let Some(unproven) = UnprovenAddress::of(&account)
        {
            let mailed = mail_proof_code(self.app, tx, &unproven, self.client, self.now).await;
            // The address has had its mails for now. Its owner asks for a code later.
            mailed.or_else(|error| if error.is::<Throttled>() { Ok(()) } else { Err(error) })?;
        }
        Ok(Some(Entered {
            id,
            identity,
            email: email.typed().to_owned(),
            email_verified: verified_at.is_some(),
            device_generation: 0,
            ended: 0,
        }))
    }

    /// The provider proves the address of an account whose address was never proven: another person may have made the
    /// account and set it up, so all of that ends before the identity is linked.
    async fn take_over(&self, tx: &mut Tx, id: UserId, login: &Identifier) -> Result<Option<Entered>, FinishError> {
        users::lock(tx, id).await?;
        // Only now is it certain that the account still has this address, and has not proven it.
        let lookup = AccountLookup::Identifier(login);
        let account = users::credentials_and_familiarity(tx.conn(), lookup, self.client, self.now).await?;
        let is_same = |credentials: &Credentials| credentials.id == id && credentials.email_verified_at.is_none();
        let Some(account) = account.filter(|account| is_same(&account.credentials)) else {
            return Ok(None);
        };
        let earlier = users::own_account(tx.conn(), id).await?;
        let ended = prove_address(tx, id, Proof::FirstByMail, self.client, self.now).await?;
        users::verify_email(tx, id, self.now).await?;
        self.record(tx, EventKind::EmailVerified, id).await?;
        let Some(identity) = self.link(tx, id).await? else {
            return Ok(None);
        };
        // One notice is enough: this one tells of the log-in too.
        devices::note(tx.conn(), id, self.client, self.now).await?;
        self.tell(tx, &account.credentials.email, earlier.as_ref()).await?;
        Ok(Some(Entered {
            id,
            identity,
            email: account.credentials.email,
            email_verified: true,
            device_generation: ended.device_generation.unwrap_or_default(),
            ended: ended.sessions,
        }))
    }

    /// Returns the stored identity; `None` when another request has stored it.
    async fn link(&self, tx: &mut Tx, user: UserId) -> Result<Option<Uuid>, FinishError> {
        let identity = Identity::new(self.external, user, self.now);
        if !identities::insert(tx.conn(), &identity).await? {
            return Ok(None);
        }
        self.record(tx, EventKind::IdentityLinked, user).await?;
        Ok(Some(identity.id))
    }

    async fn record(&self, tx: &mut Tx, kind: EventKind, user: UserId) -> Result<(), FinishError> {
        let event = Event::by_owner(kind, user, self.client, self.now).with("provider", &self.external.provider);
        Ok(events::record(tx.conn(), &event).await?)
    }

    async fn tell(&self, tx: &mut Tx, email: &str, earlier: Option<&OwnAccount>) -> anyhow::Result<()> {
        let message = Message::ConfirmedByProvider {
            at: format_time(self.now),
            provider: self.external.provider.to_string(),
            profile: earlier.and_then(EarlierProfile::of),
        };
        let recipient = notify::Owner {
            email,
            email_verified: true,
        };
        notify::notify(self.app, tx, recipient, self.client, message, self.now).await
    }
}
