//! Mails the code that proves an address: the pending one if there is one, otherwise the account's own.

use anyhow::Context;
use chrono::{DateTime, Utc};

use super::issue_code::{Request, issue_code};
use crate::app::App;
use crate::model::client::Client;
use crate::model::id::UserId;
use crate::model::mail::code::{CODE_LIFETIME, KeyedHash, Purpose};
use crate::model::mail::{Mail, Message};
use crate::model::user::OwnAccount;
use crate::model::user::email::Email;
use crate::store::Tx;

/// An address that is not proven yet.
#[derive(Debug)]
pub(in crate::flows) struct UnprovenAddress {
    pub user: UserId,
    pub purpose: Purpose,
    pub address: String,
}

impl UnprovenAddress {
    /// The address that `account` has to prove; `None` when there is none.
    pub fn of(account: &OwnAccount) -> Option<Self> {
        let (purpose, address) = match (&account.pending_email, account.email_verified_at) {
            (Some(pending), _) => (Purpose::ChangeEmail, pending),
            (None, None) => (Purpose::VerifyEmail, &account.email),
            (None, Some(_)) => return None,
        };
        Some(Self {
            user: account.id,
            purpose,
            address: address.clone(),
        })
    }

    /// Whether the address is to replace the account's present one.
    pub fn is_change(&self) -> bool {
        self.purpose == Purpose::ChangeEmail
    }

    pub fn subject(&self, app: &App) -> KeyedHash {
        app.codes.proof_subject(self.user, self.purpose)
    }
}

/// Mails a code to the unproven address.
pub(in crate::flows) async fn mail_proof_code(
    app: &App,
    tx: &mut Tx,
    unproven: &UnprovenAddress,
    client: &Client,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let address = Email::parse(&unproven.address).context("a stored address is not an e-mail address")?;
    app.limits
        .allow_proof_mail(unproven.user, &address, unproven.purpose, client)?;
    let request = Request {
        purpose: unproven.purpose,
        subject: unproven.subject(app),
        user: Some(unproven.user),
        email: Some(unproven.address.clone()),
    };
    let code = issue_code(app, tx, request, client, now).await?.reveal().to_owned();
    let minutes = CODE_LIFETIME.num_minutes();
    let message = if unproven.is_change() {
        Message::ChangeCode { code, minutes }
    } else {
        Message::VerifyCode { code, minutes }
    };
    let mail = Mail::to(unproven.address.clone(), client, message);
    app.outbox.put(tx, Some(unproven.user), &mail, now).await
}
