//! Passkeys: registration and log-in, each in two steps, and what an owner does with them.

pub mod begin_authentication;
pub mod begin_registration;
pub mod begin_sign_up;
pub mod finish_authentication;
pub mod finish_registration;
pub mod finish_sign_up;
pub mod list_passkeys;
pub mod remove_passkey;
pub mod rename_passkey;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::app::App;
use crate::app::passkeys::check::Registered;
use crate::model::client::Client;
use crate::model::id::UserId;
use crate::model::passkey::relying_party::RelyingParty;
use crate::model::passkey::stored::{NewPasskey, PasskeyId, PasskeyName, transports_column};
use crate::model::session::methods::{AuthenticationMethod, Methods};

/// The service has no domain that passkeys could belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this service has no passkeys")]
pub struct NoPasskeys;

fn relying_party(app: &App) -> Result<&RelyingParty, NoPasskeys> {
    app.passkeys.relying_party.as_ref().ok_or(NoPasskeys)
}

/// The passkey to store for `user`.
fn new_passkey(
    relying_party: &RelyingParty,
    user: UserId,
    registered: Registered,
    transports: &[String],
    client: &Client,
    now: DateTime<Utc>,
) -> NewPasskey {
    NewPasskey {
        id: PasskeyId(Uuid::now_v7()),
        user_id: user,
        credential_id: registered.credential.id,
        public_key: registered.credential.cose,
        sign_count: registered.sign_count,
        aaguid: registered.credential.aaguid,
        transports: transports_column(transports),
        backup_eligible: registered.backup_eligible,
        backed_up: registered.backed_up,
        name: PasskeyName::of_family(&client.family()),
        created_at: now,
        rp_id: relying_party.id.clone(),
    }
}

/// A passkey is something that the owner has, and its authenticator has verified the owner: that makes two factors.
fn methods(backup_eligible: bool) -> Methods {
    let key = if backup_eligible {
        AuthenticationMethod::SoftwareKey
    } else {
        AuthenticationMethod::HardwareKey
    };
    Methods::NONE.and(key).and(AuthenticationMethod::MultipleFactors)
}
