//! Which identity opened a session, for front ends that show it.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::model::identity::ExternalAccount;
use crate::model::identity::provider::ProviderKind;
use crate::model::user::email::Email;

/// The identity at GitHub or Google that a session began with. It stands in the session's data and is shown, never
/// trusted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionIdentity {
    pub provider: SessionProvider,
    pub subject: String,
    pub email: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionProvider {
    #[serde(rename = "github")]
    GitHub,
    Google,
}

/// The data of a session.
#[derive(Deserialize)]
struct Data {
    identity: SessionIdentity,
}

impl SessionIdentity {
    /// What a session shows of `external`; `None` for other kinds of provider.
    #[must_use]
    pub fn of(kind: ProviderKind, external: &ExternalAccount) -> Option<Self> {
        let provider = match kind {
            ProviderKind::GitHub => SessionProvider::GitHub,
            ProviderKind::Google => SessionProvider::Google,
            ProviderKind::Oidc => return None,
        };
        Some(Self {
            provider,
            subject: external.subject.clone(),
            email: external.email.as_ref().map(Email::typed).map(str::to_owned),
        })
    }

    /// The data of a session that began with `identity`.
    #[must_use]
    pub fn to_data(identity: Option<&Self>) -> String {
        identity.map_or_else(
            || "{}".to_owned(),
            |identity| json!({ "identity": identity }).to_string(),
        )
    }

    /// The identity in the data of a session. Most have none, and none of those is parsed.
    #[must_use]
    pub fn from_data(data: &str) -> Option<Box<Self>> {
        if data == "{}" {
            return None;
        }
        let Data { identity } = serde_json::from_str(data).ok()?;
        Some(Box::new(identity))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_shows_what_its_data_holds_and_other_data_show_nothing() {
        let external = ExternalAccount {
            provider: "github".parse().unwrap(),
            issuer: "https://github.com".to_owned(),
            subject: "7".to_owned(),
            email: Email::parse("jane@example.com").ok(),
            is_proven: true,
        };
        let identity = SessionIdentity::of(ProviderKind::GitHub, &external).unwrap();
        let data = SessionIdentity::to_data(Some(&identity));
        assert_eq!(SessionIdentity::from_data(&data).as_deref(), Some(&identity));
        assert_eq!(SessionIdentity::of(ProviderKind::Oidc, &external), None);
        assert_eq!(SessionIdentity::to_data(None), "{}");
        for other in [
            "",
            "{}",
            "[]",
            r#"{"half_log_in":{}}"#,
            r#"{"identity":{"provider":"x"}}"#,
        ] {
            assert_eq!(SessionIdentity::from_data(other), None);
        }
    }
}
