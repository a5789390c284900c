//! The devices that accounts are used with.

pub mod cookie;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::id::UserId;

/// A browser that has logged in to an account before, as its device cookie shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device {
    pub id: Uuid,
    pub user: UserId,
    /// The account's generation of devices when the cookie was made.
    pub generation: u32,
}

impl Device {
    /// Days for which a device cookie is valid.
    pub const COOKIE_DAYS: i64 = 365;
    /// Days after which an account no longer knows a network without a log-in from it.
    pub const NETWORK_DAYS: i64 = 90;
    /// Minutes between two writes of the time at which a device was last seen.
    pub const UPDATE_INTERVAL_MINUTES: i64 = 60;
    /// Days after which a device that was not seen is deleted.
    pub const RETENTION_DAYS: i64 = 365;

    /// Most devices that are stored of one account; then those go that were not seen for longest.
    pub const MOST_OF_ACCOUNT: u32 = 200;

    /// A device of `user` that was never seen before.
    #[must_use]
    pub fn new(user: UserId, generation: i64) -> Self {
        Self {
            id: Uuid::now_v7(),
            user,
            // After four billion changes of the password, no device is known any more.
            generation: u32::try_from(generation).unwrap_or(u32::MAX),
        }
    }

    /// Whether the account of `user`, at this generation of its devices, knows the device. A reset, a change of the
    /// password and a proof of the address begin the next generation, and earlier devices are strangers from then on.
    /// A number and not a time, because the machine's clock may be set back.
    #[must_use]
    pub fn is_known_to(&self, user: UserId, generation: i64) -> bool {
        self.user == user && i64::from(self.generation) == generation
    }
}

/// How well an account knows the network and device of a request.
#[derive(Debug, Clone, Copy, Default, sqlx_macros::FromRow)]
pub struct Familiarity {
    /// The account has had a log-in from this network lately.
    pub knows_network: bool,
    /// It has had one with this family of device there too, stored so recently that it need not be stored again.
    pub has_noted_device: bool,
    /// The account's present generation of devices.
    pub device_generation: i64,
}

/// A family of device and the network that it was used in, as the account's owner may see them.
#[derive(Debug, sqlx_macros::FromRow)]
pub struct ListedDevice {
    pub family: String,
    pub network: String,
    pub first_seen_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
}

/// Browsers and programs by the mark that only they send; imitators come before what they imitate.
const BROWSERS: &[(&str, &str)] = &[
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
    ("python-", "Python"),
    ("Python-", "Python"),
    ("okhttp/", "okhttp"),
    ("Dart/", "Dart"),
    ("CFNetwork/", "Apple app"),
    ("Go-http-client/", "Go"),
    ("node", "Node.js"),
    ("PostmanRuntime/", "Postman"),
];

/// Systems; the more specific come before those that they also claim to be.
const SYSTEMS: &[(&str, &str)] = &[
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

/// The family of browser and system behind a `User-Agent`, as in `Firefox on Linux`, `curl` or `unknown`. It stays the
/// same across versions, so that an update makes no new device, and contains no text that the client chose.
#[must_use]
pub fn family(user_agent: Option<&str>) -> String {
    let user_agent = user_agent.unwrap_or_default();
    let find = |table: &[(&str, &'static str)]| {
        table
            .iter()
            .find(|(sign, _)| user_agent.contains(sign))
            .map(|row| row.1)
    };
    match (find(BROWSERS), find(SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_recognised_whatever_their_version() {
        for (user_agent, expected) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0",
                "Firefox on Linux",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
                 Chrome/129.0.0.0 Safari/537.36 Edg/129.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) \
                 Chrome/129.0.0.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 CriOS/129.0 Mobile/15E148 Safari/604.1",
                "Chrome on iOS",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 Version/17.6 Safari/605.1.15",
                "Safari on macOS",
            ),
            ("curl/8.5.0", "curl"),
            ("python-requests/2.32.0", "Python"),
            ("<script>alert(1)</script>", "unknown"),
            ("", "unknown"),
        ] {
            assert_eq!(family(Some(user_agent)), expected, "{user_agent}");
        }
        assert_eq!(family(None), "unknown");
    }
}
