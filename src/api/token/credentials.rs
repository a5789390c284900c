//! Reads the credentials in a request for a pair of tokens.

use crate::api::body::fields::Fields;
use crate::api::error::ErrorCode;
use crate::api::error::django::TokenError;
use crate::model::factor::second_factor::{MalformedFactor, SecondFactor};
use crate::model::user::Identifier;
use crate::model::user::email::Email;
use crate::model::user::password::Password;
use crate::model::user::username::Username;

/// The account, its password and, if one was sent, its second factor.
pub(super) fn read_credentials(mut fields: Fields) -> Result<(Identifier, Password, Option<SecondFactor>), TokenError> {
    let name = if fields.has("email") { "email" } else { "username" };
    let text = fields.text(name);
    let password = fields.password("password");
    let otp = fields.has("otp").then(|| fields.code("otp")).flatten();
    let (text, password) = fields
        .finish(text.zip(password))
        .map_err(|error| TokenError::of_body(error, &["username", "password"]))?;
    let login = match name {
        "email" => Email::parse(&text).map(Identifier::Email).ok(),
        // Clients that know of user names only send addresses there too.
        _ if text.contains('@') => Email::parse(&text).map(Identifier::Email).ok(),
        _ => Username::parse(&text).map(Identifier::Username).ok(),
    };
    // No account has an invalid address or user name.
    let login = login.ok_or(TokenError::NoActiveAccount)?;
    let factor = otp.map(|otp| SecondFactor::either(&otp)).transpose();
    let factor = factor.map_err(|MalformedFactor| TokenError::from(ErrorCode::InvalidOtp))?;
    Ok((login, password, factor))
}
