//! An operator imports the accounts of another system.

use anyhow::Context;
use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use uuid::Uuid;

use crate::app::App;
use crate::app::hasher::foreign::{self, Digest, FirebaseParameters};
use crate::app::hasher::is_own;
use crate::app::import_file::ImportFile;
use crate::model::client::Client;
use crate::model::id::UserId;
use crate::model::identity::Identity;
use crate::model::import::{ImportedFactor, ImportedHash, ImportedUser, Refusal, System, read};
use crate::model::moved::{NewIdentity, NewImport};
use crate::model::user::password::{Password, PasswordHash};
use crate::store::{self, identities, totp, users};

/// Number of rows in one transaction: few, so that other writers wait for milliseconds.
const BATCH: usize = 250;
/// Number of weak digests that are hashed at the same time.
const WRAPPED_AT_ONCE: usize = 32;

/// How rows are read and what is done with them.
#[derive(Debug)]
pub struct ImportOptions {
    pub system: System,
    /// Check every row and store none.
    pub dry_run: bool,
    /// Store our own hash of digests that are too weak by themselves.
    pub wrap: bool,
    /// The hashes were made of the password and the pepper of the service.
    pub peppered: bool,
    pub unknown_factors: UnknownFactors,
    /// Rows that begin before this line are not looked at.
    pub from_line: u64,
    pub firebase: FirebaseParameters,
}

/// What is done with an account whose second factor can't be taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownFactors {
    Refuse,
    /// The password alone opens the account from now on.
    LeaveOut,
}

/// What became of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowReport {
    pub line: u64,
    pub outcome: Outcome,
    /// Fields that the service can't keep.
    pub dropped: Vec<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Created(UserId),
    /// An account with this address was there before. It was left as it is.
    Exists(UserId),
    Refused(Refusal),
}

/// A row that was read, and the account that it would make.
struct Prepared {
    line: u64,
    dropped: Vec<&'static str>,
    user: Result<NewImport, Refusal>,
}

/// Imports the rows of `file`, and tells `report` what became of each once that is on the disk, with the thousandths of
/// the file that were read. It never changes an account that is there, so running it again is safe.
///
/// # Errors
/// When the file or the database can't be used. The rows reported so far are kept.
pub async fn import_users(
    app: &App,
    file: &mut ImportFile,
    options: &ImportOptions,
    report: &mut dyn FnMut(&[RowReport], u64) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let size = if options.wrap { WRAPPED_AT_ONCE } else { BATCH };
    loop {
        let mut rows = Vec::with_capacity(size);
        while rows.len() < size {
            let Some(row) = file.next_row()? else { break };
            if row.line >= options.from_line {
                let user = row.row.and_then(|row| read(options.system, &row));
                rows.push((row.line, user));
            }
        }
        if rows.is_empty() {
            return Ok(());
        }
        let prepared = join_all(rows.into_iter().map(|(line, user)| prepare(app, options, line, user))).await;
        let prepared = prepared.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
        let reports = store_batch(app, prepared, options.dry_run)
            .await
            .context("storing accounts; run the same command again to go on")?;
        report(&reports, file.thousandths())?;
    }
}

async fn prepare(
    app: &App,
    options: &ImportOptions,
    line: u64,
    user: Result<ImportedUser, Refusal>,
) -> anyhow::Result<Prepared> {
    let mut user = match user {
        Ok(user) => user,
        Err(refusal) => {
            return Ok(Prepared {
                line,
                dropped: Vec::new(),
                user: Err(refusal),
            });
        }
    };
    let hash = stored_hash(app, options, &user.hash).await?;
    let id = user.id.unwrap_or_else(|| UserId(Uuid::now_v7()));
    let factor = stored_factor(app, options, id, &mut user)?;
    let identities = usable_identities(app, &mut user);
    let now = app.clock.now();
    let created_at = user.created_at.unwrap_or(now);
    let verified = || user.email_verified_at.unwrap_or(now);
    Ok(Prepared {
        line,
        dropped: user.dropped,
        user: hash
            .and_then(|hash| factor.map(|factor| (hash, factor)))
            .map(|(password_hash, factor)| NewImport {
                id,
                sealed_totp_secret: factor,
                identities,
                email_verified_at: user.is_verified.then(verified),
                disabled_at: user.is_disabled.then(|| user.disabled_at.unwrap_or(now)),
                email: user.email,
                password_hash,
                profile: user.profile,
                avatar: user.avatar,
                created_at,
                last_log_in_at: user.last_log_in_at.unwrap_or(created_at),
            }),
    })
}

/// The secret to store of an authenticator app, if the service can ask for its codes.
fn stored_factor(
    app: &App,
    options: &ImportOptions,
    id: UserId,
    user: &mut ImportedUser,
) -> anyhow::Result<Result<Option<Vec<u8>>, Refusal>> {
    let factors = &app.second_factors;
    let sealed = match &user.second_factor {
        ImportedFactor::None => return Ok(Ok(None)),
        ImportedFactor::App(secret) => Some(factors.seal_totp(id, secret)?),
        ImportedFactor::Sealed(sealed) => factors.is_sealed_for(id, sealed).then(|| sealed.clone()),
        ImportedFactor::Unknown => None,
    };
    Ok(match (sealed, options.unknown_factors) {
        (Some(sealed), _) => Ok(Some(sealed)),
        (None, UnknownFactors::Refuse) => Err(Refusal::FactorUnknown),
        (None, UnknownFactors::LeaveOut) => {
            user.dropped.push("second_factor");
            Ok(None)
        }
    })
}

/// The identities of providers that are set up. Those of others could not be used.
fn usable_identities(app: &App, user: &mut ImportedUser) -> Vec<NewIdentity> {
    let all = user.identities.len();
    let usable: Vec<_> = std::mem::take(&mut user.identities)
        .into_iter()
        .filter_map(|identity| {
            let provider = app.providers.by_issuer(&identity.issuer)?;
            Some(NewIdentity {
                provider: provider.id().to_string(),
                issuer: identity.issuer,
                subject: identity.subject,
            })
        })
        .collect();
    if usable.len() < all {
        drop_field(&mut user.dropped, "identities");
    }
    usable
}

fn drop_field(dropped: &mut Vec<&'static str>, name: &'static str) {
    if !dropped.contains(&name) {
        dropped.push(name);
    }
}

/// The text to store, if the service can verify it.
async fn stored_hash(
    app: &App,
    options: &ImportOptions,
    hash: &ImportedHash,
) -> anyhow::Result<Result<Option<PasswordHash>, Refusal>> {
    let stored = match hash {
        ImportedHash::None => return Ok(Ok(None)),
        ImportedHash::Own(own) => is_own(own).then(|| own.clone()),
        ImportedHash::Keycloak {
            secret_data,
            credential_data,
        } => foreign::read_keycloak_credential(secret_data, credential_data),
        ImportedHash::Firebase { salt, hash } => options.firebase.to_store(salt, hash),
        ImportedHash::Text(text) if options.peppered => foreign::to_store_with_pepper(text),
        ImportedHash::Text(text) => match (foreign::to_store(text), Digest::read(text)) {
            (Some(stored), _) => Some(stored),
            (None, Some(_)) if !options.wrap => return Ok(Err(Refusal::HashWeak)),
            (None, Some(_)) if options.dry_run => return Ok(Ok(None)),
            (None, Some((digest, output))) => {
                let admission = app.hasher.admit_known(&Client::new(None, None, None))?;
                let own = admission.hash(Password::new(&output)).await?;
                Some(PasswordHash(digest.wrap(&own.0)))
            }
            (None, None) => None,
        },
    };
    Ok(stored.map(Some).ok_or(Refusal::HashUnknown))
}

/// Stores what can be stored, in one transaction. A dry run rolls it back, and so learns of conflicts inside the batch.
async fn store_batch(app: &App, batch: Vec<Prepared>, dry_run: bool) -> store::Result<Vec<RowReport>> {
    let mut tx = app.db.write().await?;
    let mut reports = Vec::with_capacity(batch.len());
    for Prepared {
        line,
        mut dropped,
        user,
    } in batch
    {
        let outcome = match user {
            Err(refusal) => Outcome::Refused(refusal),
            Ok(user) => store_one(&mut tx, &user, app.clock.now(), &mut dropped).await?,
        };
        reports.push(RowReport { line, outcome, dropped });
    }
    if dry_run {
        drop(tx);
    } else {
        tx.commit().await?;
    }
    Ok(reports)
}

async fn store_one(
    tx: &mut store::Tx,
    user: &NewImport,
    now: DateTime<Utc>,
    dropped: &mut Vec<&'static str>,
) -> store::Result<Outcome> {
    if let Some(known) = users::by_email(tx.conn(), &user.email).await? {
        return Ok(Outcome::Exists(known.id));
    }
    if users::insert_imported(tx.conn(), user).await? {
        if let Some(sealed) = &user.sealed_totp_secret {
            totp::insert_confirmed(tx, user.id, sealed, now).await?;
        }
        for identity in &user.identities {
            // It belongs to another account, and goes on logging in there.
            if !identities::insert(tx.conn(), &linked(identity, user.id, now)).await? {
                drop_field(dropped, "identities");
            }
        }
        return Ok(Outcome::Created(user.id));
    }
    if let Some(known) = users::by_email(tx.conn(), &user.email).await? {
        return Ok(Outcome::Exists(known.id));
    }
    let has_name = match &user.profile.username {
        Some(name) => users::by_username(tx.conn(), name).await?.is_some(),
        None => false,
    };
    Ok(Outcome::Refused(if has_name {
        Refusal::UsernameTaken
    } else {
        Refusal::IdTaken
    }))
}

fn linked(identity: &NewIdentity, user: UserId, now: DateTime<Utc>) -> Identity {
    Identity {
        id: Uuid::now_v7(),
        user_id: user,
        provider: identity.provider.clone(),
        issuer: identity.issuer.clone(),
        subject: identity.subject.clone(),
        email: None,
        created_at: now,
        last_used_at: now,
    }
}
