//! One of each mail, for documentation and tests.

use chrono::DateTime;

use super::code::{CODE_LIFETIME, INVITATION_LIFETIME, RECOVERY_LIFETIME};
use super::{EarlierProfile, Message, RecoveryLink, format_time};

impl Message {
    /// At least one message of every kind, for documentation and tests.
    #[must_use]
    pub fn examples() -> Vec<Self> {
        let (code, minutes, at) = (
            "12345678".to_owned(),
            CODE_LIFETIME.num_minutes(),
            format_time(DateTime::UNIX_EPOCH),
        );
        let key = "A".repeat(43);
        vec![
            Self::ResetCode {
                code: code.clone(),
                minutes,
                link: None,
            },
            Self::ResetCode {
                code: code.clone(),
                minutes,
                link: Some(RecoveryLink {
                    url: format!("https://app.example.com/reset#key={key}"),
                    minutes: RECOVERY_LIFETIME.num_minutes(),
                }),
            },
            Self::LogInCode {
                code: code.clone(),
                minutes,
                link: Some("https://app.example.com/log-in#email=jane%40example.com&code=AAAAAAAA".to_owned()),
            },
            Self::VerifyCode {
                code: code.clone(),
                minutes,
            },
            Self::ChangeCode {
                code: code.clone(),
                minutes,
            },
            Self::ReauthenticationCode { code, minutes },
            Self::Invitation {
                key: key.clone(),
                link: None,
                days: INVITATION_LIFETIME.num_days(),
            },
            Self::Invitation {
                link: Some(format!("https://app.example.com/reset#key={key}&for=invitation")),
                key,
                days: INVITATION_LIFETIME.num_days(),
            },
            Self::AuthenticatorAdded { at: at.clone() },
            Self::AuthenticatorRemoved { at: at.clone() },
            Self::RecoveryCodesRenewed { at: at.clone() },
            Self::RecoveryCodeUsed {
                at: at.clone(),
                remaining: 9,
            },
            Self::PasswordChanged {
                at: at.clone(),
                profile: Some(EarlierProfile::example()),
            },
            Self::ConfirmedByLogIn {
                at: at.clone(),
                profile: Some(EarlierProfile::example()),
            },
            Self::PasswordBreached { at: at.clone() },
            Self::UnconfirmedEmailChanged { at: at.clone() },
            Self::EmailChanged {
                at: at.clone(),
                token: "AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
                days: 3,
            },
            Self::AccountDeleted { at: at.clone() },
            Self::PasskeyAdded {
                at: at.clone(),
                name: "Chrome on Android".to_owned(),
            },
            Self::PasskeyRemoved {
                at: at.clone(),
                name: "Chrome on Android".to_owned(),
            },
            Self::PasskeyCopied {
                at: at.clone(),
                name: "Chrome on Android".to_owned(),
            },
            Self::ConfirmedByProvider {
                at: at.clone(),
                provider: "github".to_owned(),
                profile: Some(EarlierProfile::example()),
            },
            Self::IdentityLinked {
                at: at.clone(),
                provider: "github".to_owned(),
            },
            Self::IdentityRemoved {
                at: at.clone(),
                provider: "github".to_owned(),
            },
            Self::NewLogIn {
                at,
                device: "Firefox on Linux".to_owned(),
                network: "192.0.2.0/24".to_owned(),
            },
        ]
    }
}
