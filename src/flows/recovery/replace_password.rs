//! Replaces a forgotten password, once a code or a key has proven that its owner reads the mail.

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::flows::steps::clear_failures::clear_failures;
use crate::flows::steps::notify::{Owner, notify};
use crate::flows::steps::prove_address::{Proof, prove_address};
use crate::model::client::Client;
use crate::model::event::{Event, EventKind};
use crate::model::mail::{EarlierProfile, Message, format_time};
use crate::model::user::OwnAccount;
use crate::model::user::password::PasswordHash;
use crate::store::{Tx, events, users};

/// Sets the password of `owner`, marks the address as verified and mails a notice; returns how many sessions ended. At
/// the first proof of the address the notice lists the profile, which another person may have filled in.
pub(super) async fn replace_password(
    app: &App,
    tx: &mut Tx,
    owner: &OwnAccount,
    new: &PasswordHash,
    client: &Client,
    now: DateTime<Utc>,
) -> anyhow::Result<u64> {
    let proof = Proof::by_mail(owner.email_verified_at.is_some());
    clear_failures(app, tx, owner.id, client, now).await?;
    let ended = prove_address(tx, owner.id, proof, client, now).await?;
    users::change_password(tx.conn(), owner.id, Some(new)).await?;
    if users::verify_email(tx, owner.id, now).await? {
        events::record(
            tx.conn(),
            &Event::by_owner(EventKind::EmailVerified, owner.id, client, now),
        )
        .await?;
    }
    events::record(
        tx.conn(),
        &Event::by_owner(EventKind::PasswordReset, owner.id, client, now),
    )
    .await?;
    let message = Message::PasswordChanged {
        at: format_time(now),
        profile: EarlierProfile::of(owner).filter(|_| proof == Proof::FirstByMail),
    };
    let recipient = Owner {
        email: &owner.email,
        email_verified: true,
    };
    notify(app, tx, recipient, client, message, now).await?;
    Ok(ended.sessions)
}
