//! Reads the account of one row.

use chrono::{DateTime, Utc};
use data_encoding::BASE64;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::fields::Fields;
use super::names::{Names, System};
use super::{ImportedFactor, ImportedHash, ImportedIdentity, ImportedUser, Refusal};
use crate::model::factor::totp::TotpSecret;
use crate::model::id::UserId;
use crate::model::identity::{MAX_IDENTITIES, MAX_SUBJECT};
use crate::model::user::Profile;
use crate::model::user::email::Email;
use crate::model::user::password::PasswordHash;
use crate::model::user::username::Username;

pub type Row = Map<String, Value>;

/// Most characters of a name, and of a phone number, as in the token API.
const MAX_NAME: usize = 150;
const MAX_PHONE: usize = 10;
/// Longest address of a provider, in bytes.
const MAX_ISSUER: usize = 2048;
/// What Neptun wrote as the address of accounts that have none.
const NO_ADDRESS: &str = "@account.oauth";

/// Reads the account of one row.
///
/// # Errors
/// The first [`Refusal`] that the row meets.
pub fn read(system: System, row: &Row) -> Result<ImportedUser, Refusal> {
    let (fields, names) = (Fields(row), system.names());
    let mut dropped = Vec::new();
    let address = fields.text(names.email)?.ok_or(Refusal::EmailMissing)?;
    // The row stands for an account that logs in by a provider only, which had no address to show.
    let is_placeholder = address.to_ascii_lowercase().ends_with(NO_ADDRESS);
    let address = if is_placeholder {
        fields.text(&["oauth_email"])?.ok_or(Refusal::EmailMissing)?
    } else {
        address
    };
    let email = Email::parse(&address).map_err(|_| Refusal::EmailInvalid)?;
    let is_off = fields.flag(names.enabled) == Some(false) || is_disabled(fields, names.disabled);
    let created_at = fields.time(names.created_at)?;
    let (is_verified, email_verified_at) = if is_placeholder {
        (false, None)
    } else {
        verified_at(system, fields, names.verified, &address)?
    };
    let hash = if is_placeholder {
        ImportedHash::None
    } else {
        hash(system, fields, names.hash)?
    };
    let (identities, has_others) = identities(system, fields, names.identities);
    if has_others {
        dropped.push("identities");
    }
    let profile = profile(fields, &names, &email, &mut dropped)?;
    let id = match system {
        System::Own => fields.text(&["id"])?.and_then(|id| id.parse::<Uuid>().ok()).map(UserId),
        _ => None,
    };
    Ok(ImportedUser {
        id,
        email,
        is_verified,
        is_disabled: is_off,
        disabled_at: match system {
            System::Common | System::Own => fields.time(&["disabled_at"])?,
            _ => None,
        },
        email_verified_at: email_verified_at.or(created_at),
        hash,
        second_factor: second_factor(system, fields, names.second_factor)?,
        identities,
        profile,
        avatar: fields
            .text(&["avatar"])
            .ok()
            .flatten()
            .filter(|_| system == System::Own),
        created_at,
        last_log_in_at: fields.time(names.last_log_in_at)?,
        dropped,
    })
}

/// Reads the secret where the system writes it in a form that others can use, and otherwise the signs that there is
/// one.
fn second_factor(system: System, fields: Fields<'_>, signs: &[&str]) -> Result<ImportedFactor, Refusal> {
    if matches!(system, System::Common | System::Own | System::Clerk)
        && let Some(secret) = fields.text(&["totp_secret"])?
    {
        return Ok(TotpSecret::parse(&secret).map_or(ImportedFactor::Unknown, ImportedFactor::App));
    }
    if system == System::Own
        && let Some(sealed) = fields.text(&["sealed_totp_secret"])?
    {
        let sealed = BASE64.decode(sealed.as_bytes());
        return Ok(sealed.map_or(ImportedFactor::Unknown, ImportedFactor::Sealed));
    }
    let is_asked = |one: &Value| matches!(one.get("type").and_then(Value::as_str), Some("otp" | "webauthn"));
    let credentials = fields.value("credentials").and_then(Value::as_array);
    let has_one = signs.iter().any(|path| fields.has_some(path))
        || system == System::Keycloak && credentials.is_some_and(|all| all.iter().any(is_asked));
    Ok(if has_one {
        ImportedFactor::Unknown
    } else {
        ImportedFactor::None
    })
}

/// The accounts at providers that the row names by issuer and subject, and whether it has others beside them.
fn identities(system: System, fields: Fields<'_>, paths: &[&str]) -> (Vec<ImportedIdentity>, bool) {
    let has_some = paths.iter().any(|path| fields.has_some(path));
    let listed = match system {
        System::Common | System::Own => fields.value("identities").and_then(Value::as_array),
        _ => None,
    };
    let Some(listed) = listed else {
        return (Vec::new(), has_some);
    };
    let most = usize::try_from(MAX_IDENTITIES).unwrap_or_default();
    let read: Vec<_> = listed.iter().take(most).filter_map(identity).collect();
    let has_others = read.len() < listed.len();
    (read, has_others)
}

fn identity(listed: &Value) -> Option<ImportedIdentity> {
    let text = |name: &str, most: usize| {
        let text = listed.get(name)?.as_str()?;
        let is_name = !text.is_empty() && text.len() <= most && !text.contains('\0');
        is_name.then(|| text.to_owned())
    };
    Some(ImportedIdentity {
        issuer: text("issuer", MAX_ISSUER)?,
        subject: text("subject", MAX_SUBJECT)?,
    })
}

/// A flag says so itself; a time does by being there.
fn is_disabled(fields: Fields<'_>, paths: &[&str]) -> bool {
    paths.iter().any(|path| fields.value(path).is_some()) && fields.flag(paths) != Some(false)
}

/// Whether the address is confirmed, and since when if the row has it.
fn verified_at(
    system: System,
    fields: Fields<'_>,
    paths: &[&str],
    address: &str,
) -> Result<(bool, Option<DateTime<Utc>>), Refusal> {
    if system == System::Clerk {
        let confirmed = fields.text(&["verified_email_addresses"])?.unwrap_or_default();
        let is_confirmed = confirmed
            .split([',', ';', '|', ' '])
            .any(|one| one.eq_ignore_ascii_case(address));
        return Ok((is_confirmed, None));
    }
    match fields.flag(paths) {
        Some(is_verified) => Ok((is_verified, None)),
        None => fields.time(paths).map(|time| (time.is_some(), time)),
    }
}

fn hash(system: System, fields: Fields<'_>, paths: &[&str]) -> Result<ImportedHash, Refusal> {
    match system {
        System::Firebase => {
            let (hash, salt) = (fields.text(&["passwordHash"])?, fields.text(&["salt"])?);
            return Ok(hash.map_or(ImportedHash::None, |hash| ImportedHash::Firebase {
                salt: salt.unwrap_or_default(),
                hash,
            }));
        }
        System::Keycloak => return keycloak_hash(fields),
        _ => {}
    }
    let Some(text) = fields.text(paths)? else {
        return Ok(ImportedHash::None);
    };
    Ok(match system {
        System::Own if text.starts_with("$argon2id$") => ImportedHash::Own(PasswordHash(text)),
        // Django's and the C library's mark of an account without a password.
        _ if text.starts_with('!') || text.starts_with('*') => ImportedHash::None,
        _ => ImportedHash::Text(text),
    })
}

fn keycloak_hash(fields: Fields<'_>) -> Result<ImportedHash, Refusal> {
    let credentials = fields.value("credentials").and_then(Value::as_array);
    let is_password = |one: &&Value| one.get("type").and_then(Value::as_str) == Some("password");
    let Some(password) = credentials.and_then(|all| all.iter().find(is_password)) else {
        return Ok(ImportedHash::None);
    };
    let text = |name: &str| password.get(name).and_then(Value::as_str).map(str::to_owned);
    match (text("secretData"), text("credentialData")) {
        (Some(secret_data), Some(credential_data)) => Ok(ImportedHash::Keycloak {
            secret_data,
            credential_data,
        }),
        _ => Err(Refusal::HashUnknown),
    }
}

/// What the service can't keep of a profile is dropped: an account without its name is better than none.
fn profile(
    fields: Fields<'_>,
    names: &Names,
    email: &Email,
    dropped: &mut Vec<&'static str>,
) -> Result<Profile, Refusal> {
    let mut short = |name, paths: &[&str], most: usize| -> Result<Option<String>, Refusal> {
        let text = fields.text(paths)?;
        if text.as_ref().is_some_and(|text| text.chars().count() > most) {
            dropped.push(name);
            return Ok(None);
        }
        Ok(text)
    };
    let first_name = short("first_name", names.first_name, MAX_NAME)?.unwrap_or_default();
    let last_name = short("last_name", names.last_name, MAX_NAME)?.unwrap_or_default();
    let number_phone = short("number_phone", names.phone, MAX_PHONE)?;
    let username = match fields.text(names.username)? {
        Some(text) => {
            let name = Username::parse(&text).ok().filter(|name| name.fits(email));
            if name.is_none() {
                dropped.push("username");
            }
            name
        }
        None => None,
    };
    Ok(Profile {
        username,
        first_name,
        last_name,
        number_phone,
    })
}
