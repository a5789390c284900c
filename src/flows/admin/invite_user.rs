//! An operator invites a guest: makes an account without a password, and mails a link that sets one.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::app::App;
use crate::app::codes::Codes;
use crate::flows::steps::find_taken::{Taken, look_up};
use crate::model::admin::Operator;
use crate::model::client::language::Languages;
use crate::model::event::EventKind;
use crate::model::id::UserId;
use crate::model::mail::code::{Code, INVITATION_LIFETIME, ISSUE_WINDOW, NewCode, Purpose, issue_limit_reached};
use crate::model::mail::{Mail, Message};
use crate::model::moved::NewImport;
use crate::model::user::Profile;
use crate::model::user::email::Email;
use crate::model::user::listed::ListedUser;
use crate::store::codes::invitations;
use crate::store::{Tx, codes, events, users};

/// Invitations of one account within [`ISSUE_WINDOW`], each of which is mailed.
const MAX_INVITATIONS: usize = 3;

/// The guest.
#[derive(Debug)]
pub struct Invite {
    pub email: Email,
    /// For a new account only.
    pub profile: Profile,
    /// For the mail.
    pub languages: Languages,
}

/// The account of the guest, and until when its key is valid. The key itself is in the mail only: it proves that its
/// owner reads the mail.
#[derive(Debug)]
pub struct Invited {
    pub user: ListedUser,
    pub expires_at: DateTime<Utc>,
}

#[derive(Debug, thiserror::Error)]
pub enum InviteUserError {
    #[error("the address belongs to an account with credentials, or the user name to another account")]
    Taken(Taken),
    #[error("the account is disabled")]
    Disabled,
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

internal_from_store!(InviteUserError);

/// Mails an invitation. The rule for sign-ups does not apply. A guest that was invited before gets a new key, and the
/// earlier one is void.
///
/// # Errors
/// [`crate::model::limit::throttled::Throttled`] for the fourth invitation of an account within an hour.
pub async fn invite_user(app: &App, operator: &Operator, guest: Invite) -> Result<Invited, InviteUserError> {
    let taken = look_up(app, Some(&guest.email), guest.profile.username.as_ref()).await?;
    if taken.username && !taken.email {
        return Err(InviteUserError::Taken(taken));
    }
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    let Invite {
        email,
        profile,
        languages,
    } = guest;
    let (id, is_new) = find_or_insert(&mut tx, email, profile, now).await?;
    users::lock(&mut tx, id).await?;
    let user = users::listed(tx.conn(), id)
        .await?
        .ok_or(InviteUserError::Taken(EMAIL))?;
    if user.disabled_at.is_some() {
        return Err(InviteUserError::Disabled);
    }
    if users::has_credentials(tx.conn(), id).await? {
        return Err(InviteUserError::Taken(EMAIL));
    }
    let key = replace_key(app, &mut tx, &user, is_new, now).await?;
    if is_new {
        events::record(tx.conn(), &operator.event(EventKind::SignUp, Some(id), now)).await?;
    }
    events::record(tx.conn(), &operator.action("invitation_mailed", Some(id), now)).await?;
    let message = Message::Invitation {
        key: key.reveal().to_owned(),
        link: None,
        days: INVITATION_LIFETIME.num_days(),
    };
    let to = user.email.clone();
    let mail = Mail { to, languages, message };
    app.outbox.put(&mut tx, Some(id), &mail, now).await?;
    tx.commit().await?;
    Ok(Invited {
        user,
        expires_at: now + INVITATION_LIFETIME,
    })
}

/// The answer when another request makes or deletes the account at this moment, too. "Taken" says to try once more.
const EMAIL: Taken = Taken {
    email: true,
    username: false,
};

/// The account of the address, and whether it was made just now.
async fn find_or_insert(
    tx: &mut Tx,
    email: Email,
    profile: Profile,
    now: DateTime<Utc>,
) -> Result<(UserId, bool), InviteUserError> {
    if let Some(known) = users::by_email(tx.conn(), &email).await? {
        return Ok((known.id, false));
    }
    let user = NewImport {
        id: UserId(Uuid::now_v7()),
        email,
        email_verified_at: None,
        disabled_at: None,
        password_hash: None,
        sealed_totp_secret: None,
        identities: Vec::new(),
        profile,
        avatar: None,
        created_at: now,
        last_log_in_at: now,
    };
    if users::insert_imported(tx.conn(), &user).await? {
        return Ok((user.id, true));
    }
    // Another request has invited the same guest, or given the user name away.
    let known = users::by_email(tx.conn(), &user.email).await?;
    known
        .map(|known| (known.id, false))
        .ok_or(InviteUserError::Taken(Taken {
            email: false,
            username: true,
        }))
}

/// Stores a key in place of the account's last one, and returns it. An account that was made for an invitation goes
/// with it, which the stored address tells the purge.
async fn replace_key(
    app: &App,
    tx: &mut Tx,
    user: &ListedUser,
    is_new: bool,
    now: DateTime<Utc>,
) -> anyhow::Result<Code> {
    allow_mail(tx, user.id, now).await?;
    let goes_with_it = is_new || invitations::is_invited(tx.conn(), user.id).await?;
    let key = Codes::generate_key()?;
    let subject = app.codes.key_subject(&key, Purpose::Invitation);
    let new = NewCode {
        code_hash: app.codes.hash_code(&subject, &key),
        subject,
        purpose: Purpose::Invitation,
        user_id: Some(user.id),
        email: goes_with_it.then(|| user.email.clone()),
        asked_by: None,
        issued_at: now,
        expires_at: now + INVITATION_LIFETIME,
    };
    codes::void_of_purpose(tx.conn(), user.id, new.purpose, now).await?;
    codes::insert_key(tx.conn(), &new, 1).await?;
    Ok(key)
}

/// Counts in the database: no stranger can use this limit up, as those of mails that anybody may ask for.
async fn allow_mail(tx: &mut Tx, user: UserId, now: DateTime<Utc>) -> anyhow::Result<()> {
    let most = i64::try_from(MAX_INVITATIONS)?;
    let recent = invitations::issued_since(tx.conn(), user, now - ISSUE_WINDOW, most).await?;
    match recent.last() {
        Some(earliest) if recent.len() == MAX_INVITATIONS => Err(issue_limit_reached(*earliest, now).into()),
        _ => Ok(()),
    }
}
