//! The token API: `/api/sign-up/`, `/api/token/…`, `/api/me/`.

mod credentials;
pub mod jwks;
mod mint;
mod types;

use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, OpenApi};

use super::body::JsonOrForm;
use super::body::fields::{Fields, breached};
use super::error::django::{TokenError, taken_issues};
use super::guard::BearerUser;
use super::tag::Tag;
use crate::api::error::{ErrorCode, IssueCode};
use crate::app::App;
use crate::flows::account::log_in::{LogInError, log_in};
use crate::flows::account::sign_up::{NewAccount, SignUpError, sign_up};
use crate::flows::steps::find_taken::find_taken;
use crate::flows::steps::start_session::{SessionStart, Transport};
use crate::flows::token::blacklist_token::blacklist_token;
use crate::flows::token::issue_tokens::issue_tokens;
use crate::flows::token::read_account::read_account;
use crate::flows::token::refresh_tokens::{RefreshError, refresh_tokens};
use crate::flows::token::verify_token::verify_token;
use crate::model::client::Client;
use crate::model::id::UserId;
use crate::model::session::started::Outcome;
use crate::model::user::Profile;
use credentials::read_credentials;
use types::{
    EmptyResponse, RefreshRequest, TokenPairRequest, TokenPairResponse, TokenSignUpRequest, TokenSignUpResponse,
    UserResponse, VerifyTokenRequest,
};

/// The operations of this chapter.
pub type Apis = (TokensApi, mint::MintApi, jwks::JwksApi);

/// The operations of this chapter, ready to serve.
pub fn apis(app: &App) -> Apis {
    (
        TokensApi(app.clone()),
        mint::MintApi(app.clone()),
        jwks::JwksApi(app.clone()),
    )
}

/// The errors that operations return for reasons of their own. `spec` adds those that follow from their declaration.
pub const ERRORS: &[(&str, &[ErrorCode])] = &[
    ("mintAccessToken", &[ErrorCode::EmailNotVerified]),
    (
        "signUpWithTokens",
        &[
            ErrorCode::EmailNotVerified,
            ErrorCode::SignUpClosed,
            ErrorCode::TooManyRequests,
        ],
    ),
    (
        "obtainTokenPair",
        &[
            ErrorCode::InvalidCredentials,
            ErrorCode::InvalidOtp,
            ErrorCode::SecondFactorRequired,
            ErrorCode::EmailNotVerified,
            ErrorCode::TooManyRequests,
        ],
    ),
    (
        "refreshToken",
        &[
            ErrorCode::NotAuthenticated,
            ErrorCode::EmailNotVerified,
            ErrorCode::TooManyRequests,
        ],
    ),
    ("verifyToken", &[ErrorCode::NotAuthenticated]),
    ("blacklistToken", &[ErrorCode::NotAuthenticated]),
];

pub struct TokensApi(pub App);

#[derive(ApiResponse)]
enum SignedUp {
    /// The account was created.
    #[oai(status = 201)]
    Created(Json<TokenSignUpResponse>),
}

#[OpenApi(tag = "Tag::Tokens")]
impl TokensApi {
    /// Create an account and get a pair of tokens
    ///
    /// Returns the new account, an access token and a refresh token. They belong to a session that you find among the
    /// account's sessions.
    ///
    /// Answers 400 with every invalid field, a taken user name or address included. Answers 403 `email_not_verified` if
    /// the service gives tokens to confirmed addresses only, 403 `sign_up_closed` if the operator allows no new account
    /// for this address, and 429 `throttled` after too many sign-ups from your network.
    #[oai(path = "/api/sign-up", method = "post", operation_id = "signUpWithTokens")]
    async fn sign_up_with_tokens(
        &self,
        body: JsonOrForm<TokenSignUpRequest>,
        client: Client,
    ) -> Result<SignedUp, TokenError> {
        let account = self.read_sign_up(body.fields, &client).await?;
        let mut user = UserResponse::of_new(&account);
        let started = sign_up(&self.0, account, with_tokens(client)).await?;
        let tokens = issue_tokens(&self.0, &started.signed_in).await?;
        user.id = started.signed_in.user_number;
        Ok(SignedUp::Created(Json(TokenSignUpResponse {
            refresh: tokens.refresh,
            access: tokens.access,
            user,
        })))
    }

    /// Get a pair of tokens with user name or address and password
    ///
    /// Send `password` with either `username` or `email`; an address as `username` works too. Returns an access token
    /// and a refresh token of a new session.
    ///
    /// Answers 401 `no_active_account` for an unknown account, a wrong password, an account without a password, and one
    /// that an operator has disabled. Answers 401 `second_factor_required` if the account asks for a second factor:
    /// send it as `otp`; if that is wrong or was used, answers 400 `invalid_otp`. Answers 403 `email_not_verified` if
    /// the service gives tokens to confirmed addresses only, and 429 `throttled` after too many wrong passwords.
    #[oai(path = "/api/token", method = "post", operation_id = "obtainTokenPair")]
    async fn obtain_token_pair(
        &self,
        body: JsonOrForm<TokenPairRequest>,
        client: Client,
    ) -> Result<Json<TokenPairResponse>, TokenError> {
        let (login, password, factor) = read_credentials(body.fields)?;
        let Outcome::Started(started) = log_in(&self.0, &login, password, factor.as_ref(), with_tokens(client)).await?
        else {
            return Err(TokenError::SecondFactorRequired);
        };
        Ok(Json(issue_tokens(&self.0, &started.signed_in).await?.into()))
    }

    /// Exchange a refresh token for a new pair
    ///
    /// Returns a new access token and a new refresh token; use the new refresh token for the next exchange. Sending the
    /// old one again within ten seconds returns the same successor, so concurrent requests all succeed. Sending it
    /// later ends the session, because the token may have been stolen.
    ///
    /// Answers 401 `token_not_valid` if the token is unknown, expired or used before, or its session has ended. Answers
    /// 403 `email_not_verified` if the service gives tokens to confirmed addresses only, and 429 `throttled` after too
    /// many exchanges.
    #[oai(path = "/api/token/refresh", method = "post", operation_id = "refreshToken")]
    async fn refresh_token(
        &self,
        body: JsonOrForm<RefreshRequest>,
        client: Client,
    ) -> Result<Json<TokenPairResponse>, TokenError> {
        let token = read_text(body.fields, "refresh")?;
        Ok(Json(refresh_tokens(&self.0, &token, &client).await?.into()))
    }

    /// Verify a token
    ///
    /// Returns an empty object if the access or refresh token is valid: signed by this service, not expired, not
    /// replaced, and its session alive. Answers 401 `token_not_valid` otherwise.
    #[oai(path = "/api/token/verify", method = "post", operation_id = "verifyToken")]
    async fn verify_token(&self, body: JsonOrForm<VerifyTokenRequest>) -> Result<Json<EmptyResponse>, TokenError> {
        let token = read_text(body.fields, "token")?;
        if verify_token(&self.0, &token).await? {
            Ok(Json(EmptyResponse {}))
        } else {
            Err(TokenError::TokenNotValid)
        }
    }

    /// Log out with a refresh token
    ///
    /// Ends the session of the refresh token, and with it all of the session's tokens. Services that verify access
    /// tokens offline accept them until they expire, at most five minutes later. Answers 401 `token_not_valid` if the
    /// token is not valid or its session has already ended.
    #[oai(path = "/api/token/blacklist", method = "post", operation_id = "blacklistToken")]
    async fn blacklist_token(
        &self,
        body: JsonOrForm<RefreshRequest>,
        client: Client,
    ) -> Result<Json<EmptyResponse>, TokenError> {
        let token = read_text(body.fields, "refresh")?;
        if blacklist_token(&self.0, &token, &client).await? {
            Ok(Json(EmptyResponse {}))
        } else {
            Err(TokenError::TokenNotValid)
        }
    }

    /// Get the account of an access token
    ///
    /// Returns your account. Checks the session as well as the token, so a token stops working here as soon as its
    /// session ends. Answers 401 `token_not_valid` or, without a token, `not_authenticated`.
    #[oai(path = "/api/me", method = "get", operation_id = "getMe")]
    async fn get_me(&self, user: BearerUser) -> Result<Json<UserResponse>, TokenError> {
        Ok(Json(self.user(user.0.user_id).await?))
    }
}

impl TokensApi {
    /// Reads the body. One error lists every issue, a taken address or user name included.
    async fn read_sign_up(&self, mut fields: Fields, client: &Client) -> Result<NewAccount, TokenError> {
        let username = fields.username("username");
        let email = fields.new_email("email", &self.0.mailer);
        let password = fields.new_password("password", &self.0.password_policy, email.as_ref());
        let first_name = fields
            .optional_text("first_name", Profile::NAME_LENGTH)
            .unwrap_or_default();
        let last_name = fields
            .optional_text("last_name", Profile::NAME_LENGTH)
            .unwrap_or_default();
        let number_phone = fields.optional_text("number_phone", Profile::PHONE_LENGTH);
        if let (Some(username), Some(email)) = (&username, &email)
            && !username.fits(email)
        {
            fields.add_issue(
                "username",
                IssueCode::InvalidCharacters,
                "Use @ only if the name is your own address",
            );
        }
        for issue in taken_issues(find_taken(&self.0, client, email.as_ref(), username.as_ref()).await?) {
            fields.add(issue);
        }
        let read = username
            .zip(email)
            .zip(password)
            .map(|((username, email), password)| NewAccount {
                email,
                password,
                profile: Profile {
                    username: Some(username),
                    first_name,
                    last_name,
                    number_phone,
                },
            });
        fields
            .finish(read)
            .map_err(|error| TokenError::of_body(error, &["username", "email", "password"]))
    }

    async fn user(&self, id: UserId) -> Result<UserResponse, TokenError> {
        let account = read_account(&self.0, id).await?;
        Ok(account.ok_or(TokenError::TokenNotValid)?.into())
    }
}

impl From<SignUpError> for TokenError {
    fn from(error: SignUpError) -> Self {
        match error {
            SignUpError::Taken(taken) => Self::Fields(taken_issues(taken)),
            SignUpError::Breached(_) => Self::Fields(vec![breached("password")]),
            SignUpError::Internal(error) => error.into(),
        }
    }
}

impl From<LogInError> for TokenError {
    fn from(error: LogInError) -> Self {
        match error {
            LogInError::InvalidCredentials => Self::NoActiveAccount,
            LogInError::InvalidCode => ErrorCode::InvalidOtp.into(),
            // Includes a disabled account, which the token API does not tell apart.
            LogInError::Internal(error) => error.into(),
        }
    }
}

impl From<RefreshError> for TokenError {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::NotValid => Self::TokenNotValid,
            RefreshError::Internal(error) => error.into(),
        }
    }
}

fn with_tokens(client: Client) -> SessionStart {
    SessionStart {
        client,
        transport: Transport::Tokens,
    }
}

fn read_text(mut fields: Fields, name: &str) -> Result<String, TokenError> {
    let text = fields.text(name);
    fields.finish(text).map_err(|error| TokenError::of_body(error, &[name]))
}
