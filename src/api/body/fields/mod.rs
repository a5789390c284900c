//! The fields of a request body, read one by one so that one error lists every issue.

mod lists;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use serde_json::{Map, Value};

use crate::api::error::{ApiError, Issue, IssueCode};
use crate::app::mail::mailer::Mailer;
use crate::model::user::email::{Email, InvalidEmail};
use crate::model::user::password::{Password, PasswordPolicy, WeakPassword};
use crate::model::user::username::{InvalidUsername, Username};

/// Longest code or key to accept, in characters.
const CODE_LENGTH: usize = 64;

/// A body's fields, and the issues found in them so far.
#[derive(Debug)]
pub struct Fields {
    values: Map<String, Value>,
    issues: Vec<Issue>,
}

impl Fields {
    #[must_use]
    pub fn new(values: Map<String, Value>) -> Self {
        Self {
            values,
            issues: Vec::new(),
        }
    }

    /// Whether the body has a field of this name that is neither null nor empty.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.values
            .get(name)
            .is_some_and(|value| !value.is_null() && *value != "")
    }

    /// Whether the body has a field of this name that is not null.
    #[must_use]
    pub fn is_given(&self, name: &str) -> bool {
        self.values.get(name).is_some_and(|value| !value.is_null())
    }

    /// Whether a field read so far has an issue.
    #[must_use]
    pub fn has_issues(&self) -> bool {
        !self.issues.is_empty()
    }

    /// A required e-mail address that an account may have.
    pub fn email(&mut self, name: &str) -> Option<Email> {
        self.parsed_email(name, Email::parse)
    }

    /// A required e-mail address that is to be stored, and that `mailer` can send to.
    pub fn new_email(&mut self, name: &str, mailer: &Mailer) -> Option<Email> {
        let email = self.parsed_email(name, Email::parse_new)?;
        if mailer.accepts(&email) {
            return Some(email);
        }
        self.add_issue(
            name,
            IssueCode::InvalidEmail,
            "This service can't send mail to letters outside ASCII before the @; enter another address",
        );
        None
    }

    fn parsed_email(&mut self, name: &str, parse: fn(&str) -> Result<Email, InvalidEmail>) -> Option<Email> {
        let message = match parse(&self.text(name)?) {
            Ok(email) => return Some(email),
            Err(InvalidEmail::TooLong) => "The address is too long; enter one e-mail address, as in name@example.com",
            Err(InvalidEmail::Form) => "Enter one e-mail address, as in name@example.com",
            Err(InvalidEmail::Characters) => {
                "The address contains characters that are invisible or imitate others; type it instead of pasting it"
            }
        };
        self.add_issue(name, IssueCode::InvalidEmail, message);
        None
    }

    /// A required new password, which must satisfy `policy`.
    pub fn new_password(&mut self, name: &str, policy: &PasswordPolicy, email: Option<&Email>) -> Option<Password> {
        let password = Password::new(&self.text(name)?);
        let Err(weakness) = policy.check(&password, email) else {
            return Some(password);
        };
        let (code, message) = match weakness {
            WeakPassword::TooShort { minimum } => (IssueCode::TooShort, too_short(minimum)),
            WeakPassword::TooLong => (IssueCode::TooLong, too_long()),
            WeakPassword::SameAsEmail => {
                self.add(same_as_email(name));
                return None;
            }
            WeakPassword::TooCommon => (
                IssueCode::TooCommon,
                "Password is among the first that attackers try; choose another".to_owned(),
            ),
        };
        self.add_issue(name, code, message);
        None
    }

    /// A required password to verify against an account. The policy for new passwords does not apply to it.
    pub fn password(&mut self, name: &str) -> Option<Password> {
        let password = Password::new(&self.text(name)?);
        let (code, message) = match password.length() {
            0 => (IssueCode::TooShort, too_short(1)),
            1..=Password::MAX_LENGTH => return Some(password),
            _ => (IssueCode::TooLong, too_long()),
        };
        self.add_issue(name, code, message);
        None
    }

    /// An optional password to verify against an account.
    pub fn optional_password(&mut self, name: &str) -> Option<Password> {
        self.is_given(name).then(|| self.password(name)).flatten()
    }

    /// A required code or key from a mail.
    pub fn code(&mut self, name: &str) -> Option<String> {
        let code = self.text(name)?;
        let (issue, message) = match code.trim().chars().count() {
            0 => (IssueCode::TooShort, "Enter the code from the mail".to_owned()),
            1..=CODE_LENGTH => return Some(code),
            _ => (IssueCode::TooLong, at_most(CODE_LENGTH)),
        };
        self.add_issue(name, issue, message);
        None
    }

    /// A required choice among `known` words.
    pub fn choice<T: Copy>(&mut self, name: &str, known: &[(&str, T)]) -> Option<T> {
        let text = self.text(name)?;
        let chosen = known.iter().find(|(word, _)| *word == text).map(|(_, choice)| *choice);
        if chosen.is_none() {
            self.add_issue(name, IssueCode::InvalidChoice, format!("Invalid {name}."));
        }
        chosen
    }

    /// An optional repetition of the password in the field `first`.
    pub fn repeated_password(&mut self, name: &str, first: &str) {
        if !self.has(name) {
            return;
        }
        let first = self.values.get(first).and_then(Value::as_str).map(Password::new);
        let repeated = self.text(name).as_deref().map(Password::new);
        let differs = repeated
            .zip(first)
            .is_some_and(|(repeated, first)| repeated.as_bytes() != first.as_bytes());
        if differs {
            self.add_issue(name, IssueCode::Mismatch, "The passwords are not the same");
        }
    }

    /// A required user name.
    pub fn username(&mut self, name: &str) -> Option<Username> {
        let (code, message) = match Username::parse(&self.text(name)?) {
            Ok(username) => return Some(username),
            Err(InvalidUsername::TooLong) => (IssueCode::TooLong, at_most(Username::MAX_LENGTH)),
            Err(InvalidUsername::Characters) => (
                IssueCode::InvalidCharacters,
                "Use letters, digits and @ . + - _ only".to_owned(),
            ),
        };
        self.add_issue(name, code, message);
        None
    }

    /// An optional text of at most `most` characters.
    pub fn optional_text(&mut self, name: &str, most: usize) -> Option<String> {
        if !self.has(name) {
            return None;
        }
        let text = self.text(name)?;
        if text.chars().count() > most {
            self.add_issue(name, IssueCode::TooLong, at_most(most));
        } else if text.contains('\0') {
            // PostgreSQL can't store it.
            self.add_issue(name, IssueCode::InvalidCharacters, "Must not contain null characters");
        }
        Some(text)
    }

    /// An optional boolean.
    pub fn flag(&mut self, name: &str) -> Option<bool> {
        match self.values.get(name) {
            Some(Value::Bool(value)) => return Some(*value),
            None | Some(Value::Null) => {}
            Some(_) => self.add_issue(name, IssueCode::InvalidType, "Must be true or false"),
        }
        None
    }

    /// Required bytes, written in base64url without padding.
    pub fn bytes(&mut self, name: &str, most: usize) -> Option<Vec<u8>> {
        let decoded = BASE64.decode(self.text(name)?);
        match decoded {
            Ok(bytes) if bytes.len() <= most => return Some(bytes),
            Ok(_) => self.add_issue(name, IssueCode::TooLong, format!("Must have at most {most} bytes")),
            Err(_) => self.add_issue(name, IssueCode::InvalidCharacters, "Must be base64url without padding"),
        }
        None
    }

    /// A required object, whose fields `read` reads.
    pub fn object<T>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let (code, message) = match self.values.get(name) {
            Some(Value::Object(values)) => {
                let mut inner = Self::new(values.clone());
                let value = read(&mut inner);
                self.issues.extend(inner.issues.into_iter().map(|mut issue| {
                    issue.path.insert(0, name.to_owned());
                    issue
                }));
                return Some(value);
            }
            None | Some(Value::Null) => (IssueCode::Required, "Required"),
            Some(_) => (IssueCode::InvalidType, "Must be an object"),
        };
        self.add_issue(name, code, message);
        None
    }

    /// Adds an issue that was found elsewhere, such as in the database.
    pub fn add(&mut self, issue: Issue) {
        self.issues.push(issue);
    }

    /// Returns `read` if no field has an issue.
    pub fn finish<T>(self, read: Option<T>) -> Result<T, ApiError> {
        read.filter(|_| self.issues.is_empty())
            .ok_or_else(|| ApiError::validation(self.issues))
    }

    /// A required text.
    pub fn text(&mut self, name: &str) -> Option<String> {
        let (code, message) = match self.values.get(name) {
            Some(Value::String(text)) => return Some(text.clone()),
            None | Some(Value::Null) => (IssueCode::Required, "Required"),
            Some(_) => (IssueCode::InvalidType, "Must be one string"),
        };
        self.add_issue(name, code, message);
        None
    }

    /// Adds an issue of the field `name` that shows only together with other fields.
    pub fn add_issue(&mut self, name: &str, code: IssueCode, message: impl Into<String>) {
        self.issues.push(Issue {
            code,
            path: vec![name.to_owned()],
            message: message.into(),
        });
    }
}

/// The issue of a new password that is known from a breach.
pub fn breached(name: &str) -> Issue {
    Issue {
        code: IssueCode::Breached,
        path: vec![name.to_owned()],
        message: "Password was stolen from another service and published; choose another".to_owned(),
    }
}

/// The issue of a new password that is the account's address.
pub fn same_as_email(name: &str) -> Issue {
    Issue {
        code: IssueCode::SameAsEmail,
        path: vec![name.to_owned()],
        message: "Password must not be the e-mail address".to_owned(),
    }
}

fn at_most(most: usize) -> String {
    format!("Must have at most {most} characters")
}

fn too_short(minimum: usize) -> String {
    format!("Password must have at least {minimum} characters")
}

fn too_long() -> String {
    format!("Password must have at most {} characters", Password::MAX_LENGTH)
}
