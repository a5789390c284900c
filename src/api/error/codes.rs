//! The codes of errors and of issues. This list is closed on purpose: clients switch over it.

use poem::http::StatusCode;
use poem_openapi::Enum;
use poem_openapi::types::ToJSON;
use serde_json::Value;

use crate::model::factor::ProofMethod;

/// Why the request failed, for your program to act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum ErrorCode {
    ValidationError,
    NotAuthenticated,
    InvalidCredentials,
    InvalidOtp,
    OriginNotAllowed,
    ReauthenticationRequired,
    EmailNotVerified,
    SignUpClosed,
    AccountDisabled,
    NotPermitted,
    SecondFactorRequired,
    ChallengeExpired,
    PasskeyNotAccepted,
    NotFound,
    OtpNotFound,
    MethodNotAllowed,
    RequestTimeout,
    EmailTaken,
    UsernameTaken,
    AlreadySetUp,
    LastCredential,
    IdentityTaken,
    BodyTooLarge,
    UnsupportedMediaType,
    TooManyRequests,
    InternalError,
    Unavailable,
}

impl ErrorCode {
    /// The status and the message of each code.
    pub(super) fn row(self) -> (StatusCode, &'static str) {
        match self {
            Self::ValidationError => (StatusCode::BAD_REQUEST, "The request body is not acceptable"),
            Self::NotAuthenticated => (StatusCode::UNAUTHORIZED, "You are not signed in"),
            Self::InvalidCredentials => (StatusCode::UNAUTHORIZED, "E-mail or password is wrong"),
            Self::OriginNotAllowed => (
                StatusCode::FORBIDDEN,
                "This page's origin may not call this service; add it to NEPTUN_AUTH_ALLOWED_ORIGINS to allow it",
            ),
            Self::ReauthenticationRequired => (
                StatusCode::FORBIDDEN,
                "Prove first that it is you, for example with your current password",
            ),
            Self::EmailNotVerified => (StatusCode::FORBIDDEN, "Confirm your e-mail address first"),
            Self::SignUpClosed => (StatusCode::FORBIDDEN, "This address can't have a new account here"),
            Self::AccountDisabled => (StatusCode::FORBIDDEN, "This account is disabled"),
            Self::NotPermitted => (StatusCode::FORBIDDEN, "Your credential does not permit this"),
            Self::SecondFactorRequired => (StatusCode::UNAUTHORIZED, "Send your second factor to go on"),
            Self::ChallengeExpired => (StatusCode::BAD_REQUEST, "This took too long; start again"),
            Self::PasskeyNotAccepted => (StatusCode::BAD_REQUEST, "This passkey was not accepted"),
            Self::AlreadySetUp => (StatusCode::CONFLICT, "This is set up already"),
            Self::LastCredential => (
                StatusCode::CONFLICT,
                "This is the last way into your account; set up another one first",
            ),
            Self::IdentityTaken => (StatusCode::CONFLICT, "This identity belongs to another account"),
            Self::InvalidOtp => (StatusCode::BAD_REQUEST, "Invalid or expired OTP."),
            Self::OtpNotFound => (StatusCode::NOT_FOUND, "No OTP found. Please request a new OTP."),
            Self::TooManyRequests => (
                StatusCode::TOO_MANY_REQUESTS,
                "Too many requests; wait before trying again",
            ),
            Self::NotFound => (StatusCode::NOT_FOUND, "There is nothing here"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "This path does not take that method"),
            Self::RequestTimeout => (StatusCode::REQUEST_TIMEOUT, "The request body took too long to arrive"),
            Self::EmailTaken => (StatusCode::CONFLICT, "A user with this email already exists"),
            Self::UsernameTaken => (StatusCode::CONFLICT, "A user with this username already exists"),
            Self::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "The request body is larger than 16 KiB"),
            Self::UnsupportedMediaType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "The request body has a media type that this operation does not take",
            ),
            Self::InternalError => (StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong on our side"),
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "The service is busy; try again in a moment",
            ),
        }
    }

    #[must_use]
    pub fn status(self) -> StatusCode {
        self.row().0
    }

    /// The code as clients read it.
    #[must_use]
    pub fn name(self) -> Value {
        self.to_json().unwrap_or_default()
    }
}

/// What is wrong with one field, for your program to act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum IssueCode {
    /// The body is neither a JSON object nor, where forms are accepted, a form.
    Malformed,
    Required,
    InvalidType,
    InvalidEmail,
    TooShort,
    TooLong,
    TooCommon,
    /// A password that is in a list of breached ones.
    Breached,
    SameAsEmail,
    Mismatch,
    InvalidCharacters,
    InvalidChoice,
    Taken,
    /// A password that is not the account's.
    Incorrect,
}

/// A way to prove that it is you.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case", rename = "ProofMethod")]
pub enum ProofMethodName {
    Password,
    Totp,
    RecoveryCode,
    Passkey,
    MailCode,
}

impl From<ProofMethod> for ProofMethodName {
    fn from(method: ProofMethod) -> Self {
        match method {
            ProofMethod::Password => Self::Password,
            ProofMethod::Totp => Self::Totp,
            ProofMethod::RecoveryCode => Self::RecoveryCode,
            ProofMethod::Passkey => Self::Passkey,
            ProofMethod::MailCode => Self::MailCode,
        }
    }
}
