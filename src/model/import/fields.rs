//! Reads the fields of a row, whatever its system calls them.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use serde_json::{Map, Value};

use super::Refusal;

/// Longest value that is read, in bytes. A Keycloak credential has some hundreds.
const MAX_VALUE: usize = 4096;

/// One row: an object whose members may be objects.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'r>(pub &'r Map<String, Value>);

impl<'r> Fields<'r> {
    /// The value at a path such as `fields.email`; nothing for null and for an empty text.
    pub fn value(self, path: &str) -> Option<&'r Value> {
        let mut names = path.split('.');
        let first = self.0.get(names.next()?);
        let found = names.fold(first, |value, name| value?.get(name))?;
        (!found.is_null() && found.as_str() != Some("")).then_some(found)
    }

    /// Whether there is a value that says anything: no empty list, and no flag that is off.
    pub fn has_some(self, path: &str) -> bool {
        self.value(path).is_some_and(|value| match value {
            Value::Array(items) => !items.is_empty(),
            Value::Bool(is_true) => *is_true,
            Value::String(text) => !matches!(text.as_str(), "false" | "f" | "0" | "[]" | "{}"),
            _ => true,
        })
    }

    /// The first of these fields that has a value, as text.
    pub fn text(self, paths: &[&str]) -> Result<Option<String>, Refusal> {
        let Some(value) = paths.iter().find_map(|path| self.value(path)) else {
            return Ok(None);
        };
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return Err(Refusal::Malformed),
        };
        // PostgreSQL has no room for it in text.
        if text.contains('\0') {
            return Err(Refusal::Malformed);
        }
        if text.len() > MAX_VALUE {
            return Err(Refusal::TooLong);
        }
        Ok(Some(text))
    }

    /// Whether the first of these fields that has a value says yes.
    pub fn flag(self, paths: &[&str]) -> Option<bool> {
        paths.iter().find_map(|path| self.value(path)).and_then(is_true)
    }

    /// The first of these fields that has a value, as a time.
    pub fn time(self, paths: &[&str]) -> Result<Option<DateTime<Utc>>, Refusal> {
        let value = paths.iter().find_map(|path| self.value(path));
        value.map(|value| time(value).ok_or(Refusal::TimeInvalid)).transpose()
    }
}

fn is_true(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(is_true) => Some(*is_true),
        Value::Number(number) => Some(number.as_f64() != Some(0.0)),
        Value::String(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "t" | "1" | "yes" => Some(true),
            "false" | "f" | "0" | "no" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// Reads RFC 3339, what databases print, and seconds or milliseconds since 1970.
fn time(value: &Value) -> Option<DateTime<Utc>> {
    let time = match value {
        Value::Number(number) => since_1970(number.as_f64()?),
        // MongoDB's way, which Auth0's exports have.
        Value::Object(members) => time(members.get("$date")?),
        Value::String(text) => of_text(text.trim()),
        _ => None,
    }?;
    let is_sensible =
        time > DateTime::UNIX_EPOCH - TimeDelta::days(365) && time < DateTime::UNIX_EPOCH + TimeDelta::days(73_000);
    is_sensible.then_some(time)
}

fn of_text(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(number) = text.parse::<f64>() {
        return since_1970(number);
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.into());
    }
    for form in [
        "%Y-%m-%d %H:%M:%S%.f%#z",
        "%Y-%m-%d %H:%M:%S%.fZ",
        "%Y-%m-%dT%H:%M:%S%.f%#z",
    ] {
        if let Ok(time) = DateTime::parse_from_str(text, form) {
            return Some(time.into());
        }
    }
    let text = text.trim_end_matches(" UTC").trim_end_matches('Z');
    ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
        .map(|time| time.and_utc())
}

fn since_1970(number: f64) -> Option<DateTime<Utc>> {
    // In milliseconds from 1973 on, in seconds until the year 5138.
    let millis = if number.abs() < 1e11 { number * 1000.0 } else { number };
    let millis = format!("{millis:.0}").parse().ok()?;
    DateTime::from_timestamp_millis(millis)
}
