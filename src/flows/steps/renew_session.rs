//! After a change of credentials the acting session goes on under a new id and secret.

use uuid::Uuid;

use super::prove_address::EndedAtProof;
use crate::model::device::Device;
use crate::model::id::SessionId;
use crate::model::session::SignedIn;
use crate::model::session::secret::SessionSecret;
use crate::store::{self, Tx, sessions};
use crate::telemetry::{self, Ended};

/// The acting session under its new id.
#[derive(Debug)]
pub struct RenewedSession {
    pub signed_in: SignedIn,
    /// Sent to the client once and stored only as a hash.
    pub secret: SessionSecret,
    /// What the change has ended.
    ended: EndedAtProof,
}

/// Gives the acting session a new id and secret, after the change has `ended` others. Stores the proof that `signed_in`
/// shows.
pub(in crate::flows) async fn renew_session(
    tx: &mut Tx,
    signed_in: SignedIn,
    ended: EndedAtProof,
) -> store::Result<RenewedSession> {
    let (session_id, secret) = (SessionId(Uuid::now_v7()), SessionSecret::generate());
    let old = signed_in.session_id;
    let signed_in = SignedIn {
        session_id,
        ..signed_in
    };
    sessions::replace_id_and_secret(tx, old, &signed_in, &secret.hash()).await?;
    Ok(RenewedSession {
        signed_in,
        secret,
        ended,
    })
}

impl RenewedSession {
    /// Records the sessions that have ended; call it once the transaction has committed.
    pub(in crate::flows) fn counted(self, reason: Ended) -> Self {
        telemetry::sessions_ended(reason, self.ended.sessions);
        self
    }

    /// The device by which the account recognises the acting client from now on, if it has forgotten earlier ones.
    #[must_use]
    pub fn new_device(&self) -> Option<Device> {
        let generation = self.ended.device_generation?;
        Some(Device::new(self.signed_in.user_id, generation))
    }
}
