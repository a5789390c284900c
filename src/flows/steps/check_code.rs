//! Checks a one-time code from a mail.

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::model::client::Client;
use crate::model::limit::Operation;
use crate::model::mail::code::{Code, GuessedCode, KeyedHash};
use crate::store::codes;

/// The outcome of a guess.
#[derive(Debug)]
pub(in crate::flows) enum Guess {
    /// No code is valid: none was requested, or it is used, replaced, expired or guessed at too often.
    NoCode,
    Wrong,
    Right(GuessedCode),
}

/// Compares `code` with the valid code of `subject`. The guess is counted durably before it is compared, so that of any
/// number of concurrent guesses at most five are compared.
pub(in crate::flows) async fn check_code(
    app: &App,
    subject: &KeyedHash,
    code: &Code,
    client: &Client,
    now: DateTime<Utc>,
) -> anyhow::Result<Guess> {
    app.limits.allow(Operation::Check, client)?;
    let mut tx = app.db.write().await?;
    let guessed = codes::count_guess(tx.conn(), subject, now).await?;
    tx.commit().await?;
    Ok(match guessed {
        None => Guess::NoCode,
        Some(guessed) if app.codes.matches(subject, code, &guessed.code_hash) => Guess::Right(guessed),
        Some(_) => Guess::Wrong,
    })
}
