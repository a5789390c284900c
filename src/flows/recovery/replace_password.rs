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

/// How the key or code reached the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivery {
    ByMail,
    /// An operator handed it over, which says nothing about the address.
    ByOperator,
}

/// Sets the password of `owner` and mails a notice; returns how many sessions ended. What came by mail also verifies
/// the address. At the first proof of the address the notice lists the profile, which another person may have written.
pub(super) async fn replace_password(
    app: &App,
    tx: &mut Tx,
    owner: &OwnAccount,
    (new, delivery): (&PasswordHash, Delivery),
    client: &Client,
    now: DateTime<Utc>,
) -> anyhow::Result<u64> {
    let was_verified = owner.email_verified_at.is_some();
    let is_by_mail = delivery == Delivery::ByMail;
    let proof = Proof::by_mail(was_verified || !is_by_mail);
    clear_failures(app, tx, owner.id, client, now).await?;
    let ended = prove_address(tx, owner.id, proof, client, now).await?;
    users::change_password(tx.conn(), owner.id, Some(new)).await?;
    if is_by_mail && users::verify_email(tx, owner.id, now).await? {
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
        email_verified: was_verified || is_by_mail,
    };
    notify(app, tx, recipient, client, message, now).await?;
    Ok(ended.sessions)
}
