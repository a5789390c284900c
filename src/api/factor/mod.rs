//! `/api/auth/factors`, `/api/auth/totp`, `/api/auth/recovery-codes`, `/api/auth/reauthenticate` and the second step of
//! a log-in.

mod listed;
mod proofs;
mod totp;

use crate::api::error::ErrorCode;
use crate::app::App;
pub use listed::FactorResponse;

/// The operations of this chapter.
pub type Apis = (listed::FactorsApi, totp::TotpApi, proofs::ProofsApi);

/// The operations of this chapter, ready to serve.
pub fn apis(app: &App) -> Apis {
    (
        listed::FactorsApi(app.clone()),
        totp::TotpApi(app.clone()),
        proofs::ProofsApi(app.clone()),
    )
}

/// The errors that operations return for reasons of their own. `spec` adds those that follow from their declaration.
pub const ERRORS: &[(&str, &[ErrorCode])] = &[
    (
        "startTotp",
        &[
            ErrorCode::ReauthenticationRequired,
            ErrorCode::AlreadySetUp,
            ErrorCode::TooManyRequests,
        ],
    ),
    (
        "confirmTotp",
        &[ErrorCode::InvalidOtp, ErrorCode::NotFound, ErrorCode::TooManyRequests],
    ),
    (
        "removeTotp",
        &[
            ErrorCode::ReauthenticationRequired,
            ErrorCode::NotFound,
            ErrorCode::TooManyRequests,
        ],
    ),
    (
        "renewRecoveryCodes",
        &[
            ErrorCode::ReauthenticationRequired,
            ErrorCode::NotFound,
            ErrorCode::TooManyRequests,
        ],
    ),
    (
        "finishLogIn",
        &[
            ErrorCode::InvalidOtp,
            ErrorCode::NotAuthenticated,
            ErrorCode::AccountDisabled,
            ErrorCode::TooManyRequests,
        ],
    ),
    (
        "reauthenticate",
        &[
            ErrorCode::InvalidOtp,
            ErrorCode::ReauthenticationRequired,
            ErrorCode::TooManyRequests,
        ],
    ),
    (
        "sendReauthenticationCode",
        &[ErrorCode::ReauthenticationRequired, ErrorCode::TooManyRequests],
    ),
];

/// Operations that set or remove the session cookie without requiring one.
pub const WRITE_COOKIE: &[&str] = &["finishLogIn"];
