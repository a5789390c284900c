//! Passkeys as they are stored, and as their owner sees them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::relying_party::RpId;
use crate::model::id::UserId;

/// The public id of a passkey, by which its owner renames and removes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx_macros::Type)]
#[sqlx(transparent)]
pub struct PasskeyId(pub Uuid);

/// The name that tells an owner's passkeys apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyName(String);

/// Why a text is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    #[error("it is empty")]
    Empty,
    #[error("it is too long")]
    TooLong,
    #[error("it contains control characters")]
    Characters,
}

impl PasskeyName {
    /// Longest name, in characters.
    pub const MAX_LENGTH: usize = 64;

    /// Reads a name. White space around it is ignored.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        let name = text.trim();
        if name.is_empty() {
            Err(InvalidName::Empty)
        } else if name.chars().count() > Self::MAX_LENGTH {
            Err(InvalidName::TooLong)
        } else if name.chars().any(char::is_control) {
            Err(InvalidName::Characters)
        } else {
            Ok(Self(name.to_owned()))
        }
    }

    /// The name of a passkey that was made with this `family` of browser and system.
    #[must_use]
    pub fn of_family(family: &str) -> Self {
        let is_known = family != "unknown";
        let name = is_known.then(|| Self::parse(family).ok()).flatten();
        name.unwrap_or_else(|| Self("Passkey".to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How a browser may reach an authenticator, by WebAuthn's names. It only hints, so unknown names are left out.
const TRANSPORTS: [&str; 6] = ["ble", "hybrid", "internal", "nfc", "smart-card", "usb"];

/// The column `transports`: the known ones of `named`, each once, separated by commas.
#[must_use]
pub fn transports_column(named: &[String]) -> String {
    let known = TRANSPORTS
        .iter()
        .filter(|known| named.iter().any(|name| name == *known));
    known.copied().collect::<Vec<_>>().join(",")
}

/// The names in the column `transports`.
#[must_use]
pub fn transports(column: &str) -> Vec<String> {
    let names = column.split(',').filter(|name| !name.is_empty());
    names.map(str::to_owned).collect()
}

/// A passkey to be stored.
#[derive(Debug, Clone)]
pub struct NewPasskey {
    pub id: PasskeyId,
    pub user_id: UserId,
    pub credential_id: Vec<u8>,
    /// The COSE key in the authenticator's own bytes.
    pub public_key: Vec<u8>,
    pub sign_count: u32,
    pub aaguid: Uuid,
    pub transports: String,
    pub backup_eligible: bool,
    pub backed_up: bool,
    pub name: PasskeyName,
    pub created_at: DateTime<Utc>,
    /// The domain that it belongs to.
    pub rp_id: RpId,
}

/// A passkey as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, sqlx_macros::FromRow)]
pub struct ListedPasskey {
    pub id: PasskeyId,
    pub credential_id: Vec<u8>,
    pub name: String,
    pub aaguid: Uuid,
    pub transports: String,
    pub backed_up: bool,
    pub created_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
}

/// A passkey with the account that it opens.
#[derive(Debug, Clone, sqlx_macros::FromRow)]
pub struct PasskeyAtLogIn {
    pub id: PasskeyId,
    pub user_id: UserId,
    pub public_key: Vec<u8>,
    pub sign_count: i64,
    pub backup_eligible: bool,
    pub name: String,
    pub email: String,
    pub email_verified_at: Option<DateTime<Utc>>,
    /// The account's present generation of devices.
    pub device_generation: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_1_to_64_characters_and_no_control_characters() {
        assert_eq!(
            PasskeyName::parse("  Jane's <b>phone</b> ").unwrap().as_str(),
            "Jane's <b>phone</b>"
        );
        assert!(PasskeyName::parse(&"ü".repeat(64)).is_ok());
        assert_eq!(PasskeyName::parse(&"ü".repeat(65)), Err(InvalidName::TooLong));
        assert_eq!(PasskeyName::parse(" \n "), Err(InvalidName::Empty));
        assert_eq!(PasskeyName::parse("a\0b"), Err(InvalidName::Characters));
        assert_eq!(PasskeyName::of_family("unknown").as_str(), "Passkey");
        assert_eq!(PasskeyName::of_family("Firefox on Linux").as_str(), "Firefox on Linux");
    }

    #[test]
    fn only_known_transports_are_stored_each_once() {
        let named = ["usb", "internal", "usb", "carrier-pigeon", "a,b"].map(str::to_owned);
        assert_eq!(transports_column(&named), "internal,usb");
        assert_eq!(transports("internal,usb"), ["internal", "usb"]);
        assert_eq!(transports(""), [""; 0]);
    }
}
