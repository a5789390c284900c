//! The fields of a request body, read one by one so that one answer lists everything that is wrong.

use serde_json::{Map, Value};

use crate::api::error::{ApiError, Issue, IssueCode};
use crate::model::user::email::Email;
use crate::model::user::password::{Password, PasswordPolicy, WeakPassword};
use crate::model::user::username::{InvalidUsername, Username};

/// Longest code or key that is looked at.
const CODE_LENGTH: usize = 64;

/// A body's fields, and what has been found wrong with them so far.
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

    /// Whether the body has a field of this name with something in it.
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

    /// An address, required.
    pub fn email(&mut self, name: &str) -> Option<Email> {
        let text = self.text(name)?;
        let email = Email::parse(&text).ok();
        if email.is_none() {
            self.refuse(
                name,
                IssueCode::InvalidEmail,
                "Enter one e-mail address, as in name@example.com",
            );
        }
        email
    }

    /// A password that somebody wants to use from now on, required.
    pub fn new_password(&mut self, name: &str, policy: &PasswordPolicy, email: Option<&Email>) -> Option<Password> {
        let password = Password::new(&self.text(name)?);
        let Err(weakness) = policy.check(&password, email) else {
            return Some(password);
        };
        let (code, message) = match weakness {
            WeakPassword::TooShort { minimum } => (IssueCode::TooShort, too_short(minimum)),
            WeakPassword::TooLong => (IssueCode::TooLong, too_long()),
            WeakPassword::SameAsEmail => (
                IssueCode::SameAsEmail,
                "Password must not be the e-mail address".to_owned(),
            ),
            WeakPassword::TooCommon => (
                IssueCode::TooCommon,
                "Password is among the first that attackers try; choose another".to_owned(),
            ),
        };
        self.refuse(name, code, message);
        None
    }

    /// A password to be checked against an account, required. Rules for new passwords don't apply to it.
    pub fn password(&mut self, name: &str) -> Option<Password> {
        let password = Password::new(&self.text(name)?);
        let (code, message) = match password.length() {
            0 => (IssueCode::TooShort, too_short(1)),
            1..=Password::MAX_LENGTH => return Some(password),
            _ => (IssueCode::TooLong, too_long()),
        };
        self.refuse(name, code, message);
        None
    }

    /// A password to be checked against an account, if there is one.
    pub fn optional_password(&mut self, name: &str) -> Option<Password> {
        self.is_given(name).then(|| self.password(name)).flatten()
    }

    /// A mailed code or key, required.
    pub fn code(&mut self, name: &str) -> Option<String> {
        let code = self.text(name)?;
        let (issue, message) = match code.trim().chars().count() {
            0 => (IssueCode::TooShort, "Enter the code from the mail".to_owned()),
            1..=CODE_LENGTH => return Some(code),
            _ => (IssueCode::TooLong, at_most(CODE_LENGTH)),
        };
        self.refuse(name, issue, message);
        None
    }

    /// One of the `known` words, required.
    pub fn choice<T: Copy>(&mut self, name: &str, known: &[(&str, T)]) -> Option<T> {
        let text = self.text(name)?;
        let chosen = known.iter().find(|(word, _)| *word == text).map(|(_, choice)| *choice);
        if chosen.is_none() {
            self.refuse(name, IssueCode::InvalidChoice, format!("Invalid {name}."));
        }
        chosen
    }

    /// The same password as in the field `first` typed again, if it was.
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
            self.refuse(name, IssueCode::Mismatch, "The passwords are not the same");
        }
    }

    /// A user name, required.
    pub fn username(&mut self, name: &str) -> Option<Username> {
        let (code, message) = match Username::parse(&self.text(name)?) {
            Ok(username) => return Some(username),
            Err(InvalidUsername::TooLong) => (IssueCode::TooLong, at_most(Username::MAX_LENGTH)),
            Err(InvalidUsername::Characters) => (
                IssueCode::InvalidCharacters,
                "Use letters, digits and @ . + - _ only".to_owned(),
            ),
        };
        self.refuse(name, code, message);
        None
    }

    /// A text of at most `most` characters, if there is one.
    pub fn optional_text(&mut self, name: &str, most: usize) -> Option<String> {
        if !self.has(name) {
            return None;
        }
        let text = self.text(name)?;
        if text.chars().count() > most {
            self.refuse(name, IssueCode::TooLong, at_most(most));
        } else if text.contains('\0') {
            // PostgreSQL can't store it.
            self.refuse(name, IssueCode::InvalidCharacters, "Must not contain null characters");
        }
        Some(text)
    }

    /// Adds something that only a look into the database could tell.
    pub fn add(&mut self, issue: Issue) {
        self.issues.push(issue);
    }

    /// What was read, if nothing is wrong with any field.
    pub fn finish<T>(self, read: Option<T>) -> Result<T, ApiError> {
        read.filter(|_| self.issues.is_empty())
            .ok_or_else(|| ApiError::validation(self.issues))
    }

    /// Any text, required.
    pub fn text(&mut self, name: &str) -> Option<String> {
        let (code, message) = match self.values.get(name) {
            Some(Value::String(text)) => return Some(text.clone()),
            None | Some(Value::Null) => (IssueCode::Required, "Required"),
            Some(_) => (IssueCode::InvalidType, "Must be one string"),
        };
        self.refuse(name, code, message);
        None
    }

    fn refuse(&mut self, name: &str, code: IssueCode, message: impl Into<String>) {
        self.issues.push(Issue {
            code,
            path: vec![name.to_owned()],
            message: message.into(),
        });
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
