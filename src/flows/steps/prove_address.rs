//! Proof of an address: ends what another person may have set up before it.
//!
//! Every path by which an owner proves an address, or sets a password in place of one that may be known, goes through
//! this step. A new way into an account, such as a passkey, has to end here too.

use chrono::{DateTime, Utc};

use crate::model::client::Client;
use crate::model::id::{SessionId, UserId};
use crate::store::{self, Tx, codes, devices, sessions, users};

/// How the account owner proved that the account is theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::flows) enum Proof {
    /// For the first time, by mail and without a session of the account. Another person may have made the account, so
    /// everything that lets anybody in ends. User name, names and phone stay; the caller mails them to the owner.
    FirstByMail,
    /// By mail, without a session, for an address that was proven before.
    ByMail,
    /// Inside this session, which stays: with a code that was mailed to the address, or with the current password.
    InSession(SessionId),
}

impl Proof {
    /// The proof of a client that reads the owner's mail and presents no session.
    pub fn by_mail(is_proven_already: bool) -> Self {
        if is_proven_already {
            Self::ByMail
        } else {
            Self::FirstByMail
        }
    }
}

/// What a proof has ended.
#[derive(Debug, Clone, Copy)]
pub(in crate::flows) struct EndedAtProof {
    /// Number of sessions that were alive.
    pub sessions: u64,
    /// The generation of devices that begins, if the account has forgotten those before it.
    pub device_generation: Option<i64>,
}

impl EndedAtProof {
    /// Nothing was proven that would end anything.
    pub const NOTHING: Self = Self {
        sessions: 0,
        device_generation: None,
    };
}

/// Ends the sessions, tokens, codes, devices and the pending address that date from before the proof. After the first
/// proof by mail the account has neither password nor factor. Lock the account first.
///
/// The purge locks rows table by table. To wait for it only in its own order, call this after what writes `attempts`.
pub(in crate::flows) async fn prove_address(
    tx: &mut Tx,
    user: UserId,
    proof: Proof,
    client: &Client,
    now: DateTime<Utc>,
) -> store::Result<EndedAtProof> {
    let sessions = match proof {
        Proof::FirstByMail | Proof::ByMail => sessions::end_all_of_user(tx, user, now).await?,
        Proof::InSession(acting) => sessions::end_others_of_user(tx, user, acting, now).await?,
    };
    codes::void_all_but_restore_email(tx.conn(), user, now).await?;
    users::set_pending_email(tx.conn(), user, None).await?;
    if proof == Proof::FirstByMail {
        users::change_password(tx.conn(), user, None).await?;
        users::remove_factors(tx, user).await?;
    }
    devices::delete_others(tx.conn(), user, client).await?;
    let device_generation = users::begin_device_generation(tx.conn(), user).await?;
    Ok(EndedAtProof {
        sessions,
        device_generation,
    })
}
