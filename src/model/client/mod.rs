//! The client that sent a request, as far as the connection and its headers tell.

pub mod language;
pub mod network;
pub mod origin;
pub mod proxy;
pub mod return_to;

use std::net::IpAddr;

use super::device::{Device, family};
use language::Languages;
use network::Network;

/// The address and the browser that a request came from, stored with the session so that its owner can recognise it,
/// and the languages for its mails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    pub ip: Option<IpAddr>,
    pub user_agent: Option<String>,
    pub languages: Languages,
    /// The device that the device cookie names.
    pub device: Option<Device>,
}

impl Client {
    /// Longest user agent that is stored, in characters.
    pub const USER_AGENT_LENGTH: usize = 256;

    /// Keeps the printable part of `user_agent`: it is shown later to a person, in a terminal or a page.
    #[must_use]
    pub fn new(ip: Option<IpAddr>, user_agent: Option<&str>, accept_language: Option<&str>) -> Self {
        let user_agent = user_agent.map(|raw| {
            raw.chars()
                .filter(|character| !character.is_control())
                .take(Self::USER_AGENT_LENGTH)
                .collect()
        });
        Self {
            ip,
            user_agent,
            languages: accept_language.map(Languages::parse).unwrap_or_default(),
            device: None,
        }
    }

    /// The network that shares one internet connection with the client; `None` when its address is not known.
    #[must_use]
    pub fn subscriber(&self) -> Option<Network> {
        self.ip.map(Network::subscriber)
    }

    /// All networks of the customer behind an IPv6 address.
    #[must_use]
    pub fn site(&self) -> Option<Network> {
        self.ip.and_then(Network::site)
    }

    /// The network by which an account recognises the client.
    #[must_use]
    pub fn provider_range(&self) -> Option<Network> {
        self.ip.map(Network::provider_range)
    }

    /// The kind of browser and system that the client claims to be.
    #[must_use]
    pub fn family(&self) -> String {
        family(self.user_agent.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_agent_loses_control_characters_and_excess_length() {
        let raw = format!("Agent\u{1b}[31m\r\n{}", "x".repeat(1000));
        let kept = Client::new(None, Some(&raw), None).user_agent.unwrap();
        assert!(kept.starts_with("Agent[31mxxx"));
        assert_eq!(kept.chars().count(), Client::USER_AGENT_LENGTH);
    }
}
