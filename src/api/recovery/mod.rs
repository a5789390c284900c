//! Confirming an address, replacing a forgotten password, taking back a change of address.

pub mod email;
pub mod password;

use crate::api::error::ErrorCode;
use crate::app::App;

/// The operations of this chapter.
pub type Apis = (password::PasswordResetApi, email::EmailApi);

/// The operations of this chapter, ready to serve.
pub fn apis(app: &App) -> Apis {
    (password::PasswordResetApi(app.clone()), email::EmailApi(app.clone()))
}

/// The errors that operations return for reasons of their own. `spec` adds those that follow from their declaration.
pub const ERRORS: &[(&str, &[ErrorCode])] = &[
    ("passwordOtp", &[ErrorCode::InvalidOtp, ErrorCode::TooManyRequests]),
    (
        "resetPassword",
        &[
            ErrorCode::InvalidOtp,
            ErrorCode::OtpNotFound,
            ErrorCode::TooManyRequests,
        ],
    ),
    (
        "resetPasswordWithKey",
        &[ErrorCode::InvalidOtp, ErrorCode::TooManyRequests],
    ),
    ("sendEmailCode", &[ErrorCode::TooManyRequests]),
    (
        "verifyEmail",
        &[ErrorCode::InvalidOtp, ErrorCode::EmailTaken, ErrorCode::TooManyRequests],
    ),
    (
        "restoreEmail",
        &[ErrorCode::InvalidOtp, ErrorCode::EmailTaken, ErrorCode::TooManyRequests],
    ),
];
