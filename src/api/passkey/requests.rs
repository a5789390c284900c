//! The requests of the two-step protocol.

use poem_openapi::Object;
use poem_openapi::types::Example;

use crate::api::body::fields::Fields;
use crate::api::error::{ApiError, IssueCode};
use crate::api::formats::EmailText;
use crate::app::mail::mailer::Mailer;
use crate::app::passkeys::check::{AuthenticationAnswer, RegistrationAnswer};
use crate::model::passkey::authenticator_data::MAX_CREDENTIAL_ID;
use crate::model::passkey::stored::PasskeyName;
use crate::model::session::SignedIn;
use crate::model::user::email::Email;

/// Whom the passkey is for.
#[derive(Debug, Object)]
pub struct PasskeyUser {
    /// Your account's address.
    #[oai(rename = "userName", validator(max_length = 254), skip_serializing_if_is_none)]
    user_name: Option<EmailText>,
    /// What authenticators show instead of the address.
    #[oai(rename = "displayName", validator(max_length = 64), skip_serializing_if_is_none)]
    display_name: Option<String>,
}

/// What the authenticator says about a new passkey; all in base64url.
#[derive(Debug, Object)]
pub struct AttestationResponse {
    #[oai(rename = "clientDataJSON")]
    client_data_json: String,
    #[oai(rename = "attestationObject")]
    attestation_object: String,
    /// How the browser can reach the authenticator.
    #[oai(skip_serializing_if_is_none)]
    transports: Option<Vec<String>>,
}

/// What `toJSON()` of the new credential gives. Further members are ignored.
#[derive(Debug, Object)]
pub struct RegistrationResponse {
    /// The credential's id, in base64url.
    id: String,
    response: AttestationResponse,
}

/// The first or the second step of adding a passkey.
#[derive(Debug, Object)]
#[oai(example)]
pub struct RegisterRequest {
    #[oai(skip_serializing_if_is_none)]
    user: Option<PasskeyUser>,
    /// `false` or left out in the first step, `true` in the second.
    #[oai(skip_serializing_if_is_none)]
    verify: Option<bool>,
    /// The answer to the first step; required in the second.
    #[oai(rename = "attemptId", skip_serializing_if_is_none)]
    attempt_id: Option<String>,
    #[oai(skip_serializing_if_is_none)]
    response: Option<RegistrationResponse>,
}

/// What the authenticator says about the use of a passkey; all in base64url.
#[derive(Debug, Object)]
pub struct AssertionResponse {
    #[oai(rename = "clientDataJSON")]
    client_data_json: String,
    #[oai(rename = "authenticatorData")]
    authenticator_data: String,
    signature: String,
    /// Your account's id, which every passkey of this service holds.
    #[oai(rename = "userHandle", skip_serializing_if_is_none)]
    user_handle: Option<String>,
}

/// What `toJSON()` of the used credential gives. Further members are ignored.
#[derive(Debug, Object)]
pub struct AuthenticationResponse {
    /// The credential's id, in base64url.
    id: String,
    response: AssertionResponse,
}

/// The first or the second step of a log-in with a passkey.
#[derive(Debug, Object)]
#[oai(example)]
pub struct AuthenticateRequest {
    /// Ignored: the passkey says which account it is for.
    #[oai(rename = "userName", validator(max_length = 254), skip_serializing_if_is_none)]
    user_name: Option<String>,
    /// `false` or left out in the first step, `true` in the second.
    #[oai(skip_serializing_if_is_none)]
    verify: Option<bool>,
    /// The answer to the first step; required in the second.
    #[oai(rename = "attemptId", skip_serializing_if_is_none)]
    attempt_id: Option<String>,
    #[oai(skip_serializing_if_is_none)]
    response: Option<AuthenticationResponse>,
}

/// A request to add a passkey, read.
pub enum RegisterStep {
    Begin { display_name: Option<String> },
    Finish(FinishedPasskey),
}

/// A request to make an account with a passkey, read.
pub enum SignUpStep {
    Begin { email: Email, display_name: Option<String> },
    Finish(FinishedPasskey),
}

/// A passkey that a browser has made.
pub struct FinishedPasskey {
    pub attempt: String,
    pub answer: RegistrationAnswer,
    pub transports: Vec<String>,
}

/// A request to log in with a passkey, read.
pub enum AuthenticateStep {
    Begin,
    Finish {
        attempt: String,
        answer: AuthenticationAnswer,
    },
}

const MAX_USER_NAME: usize = 254;

/// More than any part of an answer has, and less than a body.
const MAX_PART: usize = 16 * 1024;

/// More than browsers know.
const MAX_TRANSPORTS: usize = 16;

pub fn read_register(mut fields: Fields, signed_in: &SignedIn) -> Result<RegisterStep, ApiError> {
    let display_name = read_user(&mut fields, signed_in);
    let is_last_step = fields.flag("verify").unwrap_or_default();
    let finished = read_finished(&mut fields, is_last_step);
    if !is_last_step {
        return fields.finish(Some(RegisterStep::Begin { display_name }));
    }
    fields.finish(finished.map(RegisterStep::Finish))
}

/// The same without a session: the passkey is for a new account.
pub fn read_sign_up(mut fields: Fields, mailer: &Mailer) -> Result<SignUpStep, ApiError> {
    let is_last_step = fields.flag("verify").unwrap_or_default();
    let finished = read_finished(&mut fields, is_last_step);
    if is_last_step {
        // The attempt says for which address.
        return fields.finish(finished.map(SignUpStep::Finish));
    }
    let read = fields.object("user", |user| {
        let email = user.new_email("userName", mailer);
        let display_name = user.optional_text("displayName", PasskeyName::MAX_LENGTH);
        email.map(|email| SignUpStep::Begin { email, display_name })
    });
    fields.finish(read.flatten())
}

/// The passkey that a browser has made, which is required in the last step.
fn read_finished(fields: &mut Fields, is_last_step: bool) -> Option<FinishedPasskey> {
    let attempt = read_attempt(fields, is_last_step);
    let is_given = is_last_step || fields.is_given("response");
    let answer = is_given.then(|| read_attestation(fields)).flatten();
    let (attempt, (answer, transports)) = attempt.zip(answer)?;
    Some(FinishedPasskey {
        attempt,
        answer,
        transports,
    })
}

/// The attempt, which is required in the last step.
fn read_attempt(fields: &mut Fields, is_last_step: bool) -> Option<String> {
    if is_last_step || fields.is_given("attemptId") {
        fields.text("attemptId")
    } else {
        None
    }
}

fn read_attestation(fields: &mut Fields) -> Option<(RegistrationAnswer, Vec<String>)> {
    let read = fields.object("response", |credential| {
        let id = credential.bytes("id", MAX_CREDENTIAL_ID);
        let parts = credential.object("response", |response| {
            let transports = response.hints("transports", MAX_TRANSPORTS);
            let client_data = response.bytes("clientDataJSON", MAX_PART);
            let attestation = response.bytes("attestationObject", MAX_PART);
            client_data.zip(attestation).map(|parts| (parts, transports))
        });
        id.zip(parts.flatten())
    });
    let (credential_id, ((client_data, attestation_object), transports)) = read.flatten()?;
    let answer = RegistrationAnswer {
        credential_id,
        client_data,
        attestation_object,
    };
    Some((answer, transports))
}

/// Checks that the passkey is for the account of the session, and returns the name to show.
fn read_user(fields: &mut Fields, signed_in: &SignedIn) -> Option<String> {
    if !fields.is_given("user") {
        return None;
    }
    let display_name = fields.object("user", |user| {
        if user.is_given("userName") {
            let own = Email::parse(&signed_in.email).ok();
            let named = user.email("userName");
            let is_other = |(named, own): (Email, Email)| named.canonical() != own.canonical();
            if named.zip(own).is_some_and(is_other) {
                let message = "Add passkeys to the account that you are signed in to";
                user.add_issue("userName", IssueCode::Mismatch, message);
            }
        }
        user.optional_text("displayName", PasskeyName::MAX_LENGTH)
    });
    display_name.flatten()
}

pub fn read_authenticate(mut fields: Fields) -> Result<AuthenticateStep, ApiError> {
    fields.optional_text("userName", MAX_USER_NAME);
    let is_last_step = fields.flag("verify").unwrap_or_default();
    let attempt = read_attempt(&mut fields, is_last_step);
    let answer = if is_last_step || fields.is_given("response") {
        read_assertion(&mut fields)
    } else {
        None
    };
    if !is_last_step {
        return fields.finish(Some(AuthenticateStep::Begin));
    }
    let step = attempt.zip(answer);
    fields.finish(step.map(|(attempt, answer)| AuthenticateStep::Finish { attempt, answer }))
}

fn read_assertion(fields: &mut Fields) -> Option<AuthenticationAnswer> {
    let answer = fields.object("response", |credential| {
        let id = credential.bytes("id", MAX_CREDENTIAL_ID);
        let parts = credential.object("response", |response| {
            let (client_data, authenticator_data, signature) = (
                response.bytes("clientDataJSON", MAX_PART),
                response.bytes("authenticatorData", MAX_PART),
                response.bytes("signature", MAX_PART),
            );
            let user_handle = read_handle(response);
            Some(AuthenticationAnswer {
                credential_id: Vec::new(),
                client_data: client_data?,
                authenticator_data: authenticator_data?,
                signature: signature?,
                user_handle: user_handle?,
            })
        });
        id.zip(parts.flatten())
            .map(|(credential_id, answer)| AuthenticationAnswer {
                credential_id,
                ..answer
            })
    });
    answer.flatten()
}

/// A key that is no passkey sends none. The check then refuses it as it does a wrong one.
fn read_handle(response: &mut Fields) -> Option<Vec<u8>> {
    if response.is_given("userHandle") {
        response.bytes("userHandle", MAX_PART)
    } else {
        Some(Vec::new())
    }
}

impl Example for RegisterRequest {
    fn example() -> Self {
        Self {
            user: Some(PasskeyUser {
                user_name: Some("user@example.com".into()),
                display_name: None,
            }),
            verify: Some(false),
            attempt_id: None,
            response: None,
        }
    }
}

impl Example for AuthenticateRequest {
    fn example() -> Self {
        Self {
            user_name: None,
            verify: Some(false),
            attempt_id: None,
            response: None,
        }
    }
}
