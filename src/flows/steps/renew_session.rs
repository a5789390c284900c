//! After a change of credentials: ends every other session of the account and gives the acting one a new id and secret.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::model::id::SessionId;
use crate::model::session::SignedIn;
use crate::model::session::secret::SessionSecret;
use crate::store::{self, Tx, codes, sessions};
use crate::telemetry::{self, Ended};

/// The acting session under its new id.
#[derive(Debug)]
pub struct RenewedSession {
    pub signed_in: SignedIn,
    /// Sent to the client once and stored only as a hash.
    pub secret: SessionSecret,
    ended: u64,
}

/// Ends every other session of the account, voids its open codes and gives the acting session a new id and secret.
pub(in crate::flows) async fn renew_session(
    tx: &mut Tx,
    signed_in: SignedIn,
    now: DateTime<Utc>,
) -> store::Result<RenewedSession> {
    let ended = sessions::end_others_of_user(tx, signed_in.user_id, signed_in.session_id, now).await?;
    codes::void_all_but_restore_email(tx.conn(), signed_in.user_id, now).await?;
    let (session_id, secret) = (SessionId(Uuid::now_v7()), SessionSecret::generate());
    sessions::replace_id_and_secret(tx, &signed_in, session_id, &secret.hash()).await?;
    Ok(RenewedSession {
        signed_in: SignedIn {
            session_id,
            ..signed_in
        },
        secret,
        ended,
    })
}

impl RenewedSession {
    /// Records the sessions that have ended; call it once the transaction has committed.
    pub(in crate::flows) fn counted(self, reason: Ended) -> Self {
        telemetry::sessions_ended(reason, self.ended);
        self
    }
}
