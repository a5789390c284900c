//! The profile that a mail lists for a new owner of an account.

use serde::{Deserialize, Serialize};

use crate::model::user::OwnAccount;

/// The profile of an account as it was before its owner proved the address: another person may have filled it in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlierProfile {
    pub username: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub number_phone: Option<String>,
}

impl EarlierProfile {
    /// Longest value that a mail shows, in characters.
    const VALUE_LENGTH: usize = 60;

    /// The profile of `account`; `None` when it is empty.
    #[must_use]
    pub fn of(account: &OwnAccount) -> Option<Self> {
        let profile = Self {
            username: account.username.as_deref().and_then(Self::shown),
            first_name: Self::shown(&account.first_name),
            last_name: Self::shown(&account.last_name),
            number_phone: account.number_phone.as_deref().and_then(Self::shown),
        };
        let values = [
            &profile.username,
            &profile.first_name,
            &profile.last_name,
            &profile.number_phone,
        ];
        values.iter().any(|value| value.is_some()).then_some(profile)
    }

    /// A profile for documentation and tests.
    #[must_use]
    pub fn example() -> Self {
        Self {
            username: Some("jane".to_owned()),
            first_name: Some("Jane".to_owned()),
            last_name: Some("Doe".to_owned()),
            number_phone: Some("0123456789".to_owned()),
        }
    }

    /// One line of at most [`Self::VALUE_LENGTH`] characters, so that no value can pass for a part of the mail; `None`
    /// for an empty one.
    fn shown(value: &str) -> Option<String> {
        let printable = value.chars().filter(|character| !character.is_control());
        let shown: String = printable.take(Self::VALUE_LENGTH).collect();
        (!shown.trim().is_empty()).then_some(shown)
    }
}
