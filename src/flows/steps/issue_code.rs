//! Makes a one-time code.

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::model::client::Client;
use crate::model::id::UserId;
use crate::model::mail::code::{CODE_LIFETIME, Code, KeyedHash, NewCode, Purpose, issue_limit_reached};
use crate::store::{Tx, codes};

/// What a code is issued for.
pub(in crate::flows) struct Request {
    pub purpose: Purpose,
    pub subject: KeyedHash,
    /// `None` for an address without an account: the code exists, but no mail shows it.
    pub user: Option<UserId>,
    /// The address that the code proves, where that may differ from the account's own.
    pub email: Option<String>,
}

/// Stores a new code for `client` in place of the subject's last one. The caller mails it in the same transaction.
///
/// # Errors
/// [`crate::model::limit::throttled::Throttled`] for the fourth code within an hour.
pub(in crate::flows) async fn issue_code(
    app: &App,
    tx: &mut Tx,
    request: Request,
    client: &Client,
    now: DateTime<Utc>,
) -> anyhow::Result<Code> {
    let code = app.codes.generate()?;
    let asked_by = app.codes.asker(&request.subject, request.user, client);
    let new = NewCode {
        code_hash: app.codes.hash_code(&request.subject, &code),
        subject: request.subject,
        purpose: request.purpose,
        user_id: request.user,
        email: request.email,
        asked_by: Some(asked_by),
        issued_at: now,
        expires_at: now + CODE_LIFETIME,
    };
    if codes::replace(tx.conn(), &new).await? {
        return Ok(code);
    }
    let earlier = codes::issued_earlier_at(tx.conn(), &new.subject).await?;
    Err(issue_limit_reached(earlier.unwrap_or(now), now).into())
}
