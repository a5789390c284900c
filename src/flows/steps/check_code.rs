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

/// Compares `code` with the valid codes of `subjects`. Each guess is counted durably before it is compared, so that of
/// any number of concurrent guesses at most five are compared for the client that asked for the code, and five for all
/// others.
pub(in crate::flows) async fn check_code(
    app: &App,
    subjects: &[KeyedHash],
    code: &Code,
    client: &Client,
    now: DateTime<Utc>,
) -> anyhow::Result<Guess> {
    // No limit of all networks together: each code has its own budgets of guesses, and others could use that limit up.
    app.limits.allow_network(Operation::Check, client)?;
    let mut outcome = Guess::NoCode;
    for subject in subjects {
        let askers = app.codes.possible_askers(subject, client);
        // One transaction for each: one that held the lock of a code and waited for the next could meet another one
        // that holds them in the other order.
        let mut tx = app.db.write().await?;
        let guessed = codes::count_guess(tx.conn(), subject, &askers, now).await?;
        tx.commit().await?;
        match guessed {
            Some(guessed) if app.codes.matches(subject, code, &guessed.code_hash) => return Ok(Guess::Right(guessed)),
            Some(_) => outcome = Guess::Wrong,
            None => {}
        }
    }
    Ok(outcome)
}
