//! What comes of a log-in.

use super::SignedIn;
use super::secret::SessionSecret;
use crate::model::device::Device;
use crate::model::factor::ProofMethod;

/// A session that has just started.
#[derive(Debug)]
pub struct StartedSession {
    pub signed_in: SignedIn,
    /// Sent to the client once and stored only as a hash; `None` for tokens.
    pub secret: Option<SessionSecret>,
    /// The account's present generation of devices.
    pub device_generation: i64,
}

impl StartedSession {
    /// The device by which the account recognises the client: the one that it `presented`, if the account knows that.
    #[must_use]
    pub fn device(&self, presented: Option<Device>) -> Device {
        let user = self.signed_in.user_id;
        presented
            .filter(|device| device.is_known_to(user, self.device_generation))
            .unwrap_or_else(|| Device::new(user, self.device_generation))
    }
}

/// What comes of a log-in.
#[derive(Debug)]
pub enum Outcome {
    Started(StartedSession),
    /// The first factor was right. The client gets in with the second one.
    SecondFactorRequired(HalfLogInStarted),
}

/// Half a log-in that has just been stored.
#[derive(Debug)]
pub struct HalfLogInStarted {
    /// The secret of the visitor's session that remembers the first factor; `None` for tokens.
    pub secret: Option<SessionSecret>,
    /// What the client may send for the second factor.
    pub proofs: Vec<ProofMethod>,
}
