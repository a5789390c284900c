//! Accounts as tables, lines or JSON.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use crate::cli::printable::{json_line, printable};
use crate::cli::table::table;
use crate::flows::admin::invite_user::Invited;
use crate::model::user::listed::ListedUser;

pub fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// One account, all of it.
pub fn one(user: &ListedUser, as_json: bool) -> String {
    if as_json {
        return json_line(&object(user));
    }
    let since = |moment: Option<_>| moment.map_or_else(|| "no".to_owned(), |at| format!("since {}", time(at)));
    let if_some = |number: i64| if number == 0 { String::new() } else { number.to_string() };
    let lines = [
        ("Id", user.id.0.to_string()),
        ("Number", user.number.to_string()),
        ("Address", user.shown_email()),
        ("Verified", since(user.email_verified_at)),
        ("User name", user.username.clone().unwrap_or_default()),
        (
            "Name",
            format!("{} {}", user.first_name, user.last_name).trim().to_owned(),
        ),
        ("Password", if user.has_password { "set" } else { "none" }.to_owned()),
        ("Second factor", since(user.second_factor_at)),
        ("Passkeys", if_some(user.passkeys)),
        ("Identities", if_some(user.identities)),
        ("Disabled", since(user.disabled_at)),
        ("Admin", since(user.admin_at)),
        ("Created", time(user.created_at)),
        ("Last log-in", time(user.last_log_in_at)),
    ];
    let lines = lines.iter().map(|(name, value)| (name, printable(value)));
    let lines = lines.filter(|(_, value)| !value.is_empty());
    let lines: Vec<_> = lines.map(|(name, value)| format!("{name:14} {value}\n")).collect();
    lines.concat()
}

/// The account of a guest.
pub fn invited(invited: &Invited, as_json: bool) -> String {
    if as_json {
        return json_line(&json!({ "user": object(&invited.user), "expires_at": invited.expires_at }));
    }
    let until = time(invited.expires_at);
    one(&invited.user, false) + &format!("An invitation will be mailed. It is valid until {until} and for one use.\n")
}

/// A list of accounts, and how to go on.
pub fn many(users: &[ListedUser], next: Option<&str>, as_json: bool) -> String {
    if as_json {
        let objects: Vec<Value> = users.iter().map(object).collect();
        return json_line(&json!({ "users": objects, "next": next }));
    }
    if users.is_empty() {
        return "There is no such account.\n".to_owned();
    }
    let rows: Vec<_> = users
        .iter()
        .map(|user| {
            [
                user.id.0.to_string(),
                user.shown_email(),
                user.username.clone().unwrap_or_default(),
                state(user).to_owned(),
                time(user.created_at),
            ]
        })
        .collect();
    let text = table(["ID", "ADDRESS", "USER NAME", "STATE", "CREATED"], &rows);
    let more = next.map(|next| format!("There are more: add --before {}\n", printable(next)));
    text + &more.unwrap_or_default()
}

fn state(user: &ListedUser) -> &'static str {
    if user.disabled_at.is_some() {
        "disabled"
    } else if user.admin_at.is_some() {
        "admin"
    } else if user.email_verified_at.is_some() {
        "verified"
    } else {
        "unverified"
    }
}

/// The account as the admin API shows it.
fn object(user: &ListedUser) -> Value {
    json!({
        "id": user.id,
        "number": user.number,
        "email": user.shown_email(),
        "email_verified_at": user.email_verified_at,
        "pending_email": user.pending_email,
        "has_password": user.has_password,
        "second_factor_at": user.second_factor_at,
        "passkeys": user.passkeys,
        "identities": user.identities,
        "username": user.username,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "number_phone": user.number_phone,
        "disabled_at": user.disabled_at,
        "admin_at": user.admin_at,
        "created_at": user.created_at,
        "last_log_in_at": user.last_log_in_at,
    })
}
