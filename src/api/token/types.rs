//! Requests and responses of the token API.

use poem_openapi::Object;
use poem_openapi::types::Example;

use crate::api::example;
use crate::api::formats::{EmailText, NewPasswordText, Nullable, PasswordText};
use crate::api::time::Time;
use crate::flows::account::sign_up::NewAccount;
use crate::model::token::TokenPair;
use crate::model::user::Account;

/// The user name, address, password and names of your new account.
#[derive(Debug, Object)]
#[oai(example)]
pub struct TokenSignUpRequest {
    /// Letters, digits and `@ . + - _`. Use `@` only if the name is your own address.
    #[oai(validator(min_length = 1, max_length = 150, pattern = "^[A-Za-z0-9@.+_-]+$"))]
    pub username: String,
    #[oai(validator(max_length = 254))]
    pub email: EmailText,
    /// Any characters, counted as Unicode code points. Common passwords and the address itself are rejected.
    #[oai(validator(min_length = 8, max_length = 256))]
    pub password: NewPasswordText,
    #[oai(validator(max_length = 150), skip_serializing_if_is_none)]
    pub first_name: Option<String>,
    #[oai(validator(max_length = 150), skip_serializing_if_is_none)]
    pub last_name: Option<String>,
    #[oai(validator(max_length = 10), skip_serializing_if_is_none)]
    pub number_phone: Option<String>,
}

/// The user name or the address of your account, and its password.
#[derive(Debug, Object)]
#[oai(example)]
pub struct TokenPairRequest {
    #[oai(skip_serializing_if_is_none)]
    pub username: Option<String>,
    #[oai(skip_serializing_if_is_none)]
    pub email: Option<String>,
    #[oai(validator(min_length = 1, max_length = 256))]
    pub password: PasswordText,
    /// A code of your authenticator app or a recovery code, if your account asks for one.
    #[oai(validator(min_length = 6, max_length = 64), skip_serializing_if_is_none)]
    pub otp: Option<String>,
}

/// A refresh token.
#[derive(Debug, Object)]
#[oai(example)]
pub struct RefreshRequest {
    pub refresh: String,
}

/// The token to verify.
#[derive(Debug, Object)]
#[oai(example)]
pub struct VerifyTokenRequest {
    /// An access token or a refresh token.
    pub token: String,
}

/// An account as the token API shows it.
#[derive(Debug, Object)]
#[oai(example, rename = "User")]
pub struct UserResponse {
    /// The account's number.
    pub id: i64,
    /// Empty if the account was created without one.
    pub username: String,
    pub email: EmailText,
    pub first_name: String,
    pub last_name: String,
    pub number_phone: Nullable<String>,
    pub avatar: Nullable<String>,
}

/// A new account and its tokens.
#[derive(Debug, Object)]
#[oai(example)]
pub struct TokenSignUpResponse {
    pub refresh: String,
    pub access: String,
    pub user: UserResponse,
}

/// A pair of tokens. Use the refresh token for one exchange.
#[derive(Debug, Object)]
#[oai(example)]
pub struct TokenPairResponse {
    pub refresh: String,
    pub access: String,
}

/// An empty object: the operation succeeded.
#[derive(Debug, Object)]
#[oai(example)]
pub struct EmptyResponse {}

/// The service that you need the token for.
#[derive(Debug, Object)]
#[oai(example)]
pub struct MintTokenRequest {
    /// One of the audiences that the service is set up for. Leave it out for a token that every service accepts.
    #[oai(validator(max_length = 255), skip_serializing_if_is_none)]
    pub audience: Option<String>,
}

/// An access token for other services, and when it expires.
#[derive(Debug, Object)]
#[oai(example)]
pub struct AccessTokenResponse {
    pub access: String,
    pub expires_at: Time,
}

impl UserResponse {
    /// A new account, which gets its number when it is stored.
    pub fn of_new(account: &NewAccount) -> Self {
        let profile = &account.profile;
        Self {
            id: 0,
            username: profile
                .username
                .as_ref()
                .map(|name| name.typed().to_owned())
                .unwrap_or_default(),
            email: account.email.typed().into(),
            first_name: profile.first_name.clone(),
            last_name: profile.last_name.clone(),
            number_phone: profile.number_phone.clone().into(),
            avatar: Nullable(None),
        }
    }
}

impl From<Account> for UserResponse {
    fn from(account: Account) -> Self {
        Self {
            id: account.number,
            username: account.username.unwrap_or_default(),
            email: account.email.into(),
            first_name: account.first_name,
            last_name: account.last_name,
            number_phone: account.number_phone.into(),
            avatar: account.avatar.into(),
        }
    }
}

impl From<TokenPair> for TokenPairResponse {
    fn from(pair: TokenPair) -> Self {
        Self {
            refresh: pair.refresh,
            access: pair.access,
        }
    }
}

const USERNAME: &str = "johndoe";
const TOKEN: &str = "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9…";

impl Example for TokenSignUpRequest {
    fn example() -> Self {
        Self {
            username: USERNAME.to_owned(),
            email: "john@example.com".into(),
            password: "SecurePass123!".into(),
            first_name: Some("John".to_owned()),
            last_name: Some("Doe".to_owned()),
            number_phone: Some("5551234567".to_owned()),
        }
    }
}

impl Example for TokenPairRequest {
    fn example() -> Self {
        Self {
            username: Some(USERNAME.to_owned()),
            email: None,
            password: "SecurePass123!".into(),
            otp: None,
        }
    }
}

impl Example for MintTokenRequest {
    fn example() -> Self {
        Self { audience: None }
    }
}

impl Example for RefreshRequest {
    fn example() -> Self {
        Self {
            refresh: TOKEN.to_owned(),
        }
    }
}

impl Example for VerifyTokenRequest {
    fn example() -> Self {
        Self {
            token: TOKEN.to_owned(),
        }
    }
}

impl Example for UserResponse {
    fn example() -> Self {
        Self {
            id: 1,
            username: USERNAME.to_owned(),
            email: "john@example.com".into(),
            first_name: "John".to_owned(),
            last_name: "Doe".to_owned(),
            number_phone: Some("5551234567".to_owned()).into(),
            avatar: Nullable(None),
        }
    }
}

impl Example for TokenSignUpResponse {
    fn example() -> Self {
        Self {
            refresh: TOKEN.to_owned(),
            access: TOKEN.to_owned(),
            user: UserResponse::example(),
        }
    }
}

impl Example for TokenPairResponse {
    fn example() -> Self {
        Self {
            refresh: TOKEN.to_owned(),
            access: TOKEN.to_owned(),
        }
    }
}

impl Example for EmptyResponse {
    fn example() -> Self {
        Self {}
    }
}

impl Example for AccessTokenResponse {
    fn example() -> Self {
        Self {
            access: TOKEN.to_owned(),
            expires_at: Time(example::signed_in().expires_at()),
        }
    }
}
