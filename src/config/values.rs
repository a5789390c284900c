//! Value types of settings. What has one plain meaning is taken; for the rest the error says what to write.

use std::convert::Infallible;
use std::env;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::ValueEnum;
use ipnet::IpNet;
use url::Url;

/// Shorter prefixes than these are not the networks of proxies, but a good part of the Internet. `10.0.0.0/8` and
/// `fc00::/7` are the widest private networks.
const SHORTEST_IPV4_PREFIX: u8 = 8;
const SHORTEST_IPV6_PREFIX: u8 = 7;

/// A setting that is on or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    #[value(aliases = ["true", "yes", "1"])]
    On,
    #[value(aliases = ["false", "no", "0"])]
    Off,
}

/// A secret setting, which is never printed.
#[derive(Clone)]
pub struct Secret(pub String);

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text.trim().to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Values separated by commas or white space. A comma without a value counts for nothing.
#[derive(Debug, Clone)]
pub struct List<T>(pub Vec<T>);

/// Parses each value of a list.
///
/// # Errors
/// The error of the first value that can't be parsed.
pub fn list<T, E>(text: &str, parse: impl Fn(&str) -> Result<T, E>) -> Result<List<T>, E> {
    let values = text.split(|character: char| character == ',' || character.is_whitespace());
    let values = values.filter(|value| !value.is_empty());
    values.map(parse).collect::<Result<_, _>>().map(List)
}

/// The values of a setting that was given as one list or as several.
pub fn all<T: Clone>(lists: &[List<T>]) -> Vec<T> {
    lists.iter().flat_map(|list| list.0.iter().cloned()).collect()
}

/// A path. `~/` is the home folder, because no shell replaces it inside a file or a URL.
#[derive(Debug, Clone)]
pub struct FilePath(PathBuf);

impl FromStr for FilePath {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(PathBuf::from(with_home(text))))
    }
}

impl Deref for FilePath {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

/// `path` with the home folder in place of a `~` at its beginning.
pub fn with_home(path: &str) -> String {
    let home = path.strip_prefix("~/").and_then(|rest| Some((env::home_dir()?, rest)));
    home.map_or_else(|| path.to_owned(), |(home, rest)| format!("{}/{rest}", home.display()))
}

/// Whether quotes around `value` were not taken away by what read it.
pub fn is_quoted(value: &str) -> bool {
    let value = value.trim();
    let within = |quote| value.len() > 1 && value.starts_with(quote) && value.ends_with(quote);
    within('"') || within('\'')
}

/// An address to listen on. Either part may be left to the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListenAddress {
    pub ip: Option<IpAddr>,
    pub port: Option<u16>,
}

impl FromStr for ListenAddress {
    type Err = String;

    /// Takes `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`, `:8080` and `*:8080` for every address, `8080`, and an
    /// address alone.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let invalid = || "write an IP address and a port, as in 127.0.0.1:8080, [::1]:8080 or 0.0.0.0:8080".to_owned();
        if let Ok(port) = text.parse() {
            return Ok(Self {
                ip: None,
                port: Some(port),
            });
        }
        let bare = text
            .strip_prefix('[')
            .and_then(|text| text.strip_suffix(']'))
            .unwrap_or(text);
        if let Ok(ip) = bare.parse() {
            return Ok(Self {
                ip: Some(ip),
                port: None,
            });
        }
        if let Ok(address) = text.parse::<SocketAddr>() {
            return Ok(Self {
                ip: Some(address.ip()),
                port: Some(address.port()),
            });
        }
        let (host, port) = text.split_once(':').unwrap_or((text, ""));
        let ip = match host {
            "localhost" => Ipv4Addr::LOCALHOST,
            "" | "*" if !port.is_empty() => Ipv4Addr::UNSPECIFIED,
            _ => return Err(invalid()),
        };
        let port = (!port.is_empty()).then(|| port.parse()).transpose();
        Ok(Self {
            ip: Some(ip.into()),
            port: port.map_err(|_| invalid())?,
        })
    }
}

/// Parses a network or a single address.
pub fn network(text: &str) -> Result<IpNet, String> {
    let address = text.parse::<IpAddr>().map(IpNet::from);
    address
        .or_else(|_| text.parse())
        .map_err(|_| format!("`{text}` is no network: write it as in 10.0.0.0/8, or an address"))
}

/// Parses a network or a single address of a proxy.
pub fn proxy_network(text: &str) -> Result<IpNet, String> {
    let network = network(text)?;
    let shortest = match network {
        IpNet::V4(_) => SHORTEST_IPV4_PREFIX,
        IpNet::V6(_) => SHORTEST_IPV6_PREFIX,
    };
    if network.prefix_len() < shortest {
        return Err(format!(
            "`{text}` would let every client choose its own address: write the network that the proxies are in"
        ));
    }
    Ok(network)
}

/// Parses a URL with http or https.
pub fn web_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text.trim()).ok();
    url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| "write the scheme and the host, as in https://auth.example.com".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Option<(String, String)> {
        let address: ListenAddress = text.parse().ok()?;
        let ip = address.ip.map(|ip| ip.to_string()).unwrap_or_default();
        Some((ip, address.port.map(|port| port.to_string()).unwrap_or_default()))
    }

    #[test]
    fn addresses_with_one_plain_meaning_are_taken() {
        for (text, ip, port) in [
            ("127.0.0.1:9001", "127.0.0.1", "9001"),
            ("[::1]:9001", "::1", "9001"),
            ("localhost:9001", "127.0.0.1", "9001"),
            (" localhost ", "127.0.0.1", ""),
            ("9001", "", "9001"),
            (":9001", "0.0.0.0", "9001"),
            ("*:9001", "0.0.0.0", "9001"),
            ("0.0.0.0", "0.0.0.0", ""),
            ("::", "::", ""),
            ("[::]", "::", ""),
        ] {
            assert_eq!(address(text), Some((ip.to_owned(), port.to_owned())), "{text}");
        }
        for text in [
            "",
            ":",
            "*",
            "http://localhost:80",
            "example.com:80",
            "localhost:",
            "localhost:x",
            "70000",
            "1.2.3",
        ] {
            let expected = (text == "localhost:").then(|| ("127.0.0.1".to_owned(), String::new()));
            assert_eq!(address(text), expected, "{text}");
        }
    }

    #[test]
    fn lists_take_spaces_and_spare_commas() {
        let parsed = |text| list(text, str::parse::<u8>).map(|list| list.0);
        assert_eq!(parsed("1, 2,").unwrap(), [1, 2]);
        assert_eq!(parsed("1 2\n3").unwrap(), [1, 2, 3]);
        assert_eq!(parsed(" , ,").unwrap(), [0; 0]);
        assert!(parsed("1,x").is_err());
    }

    #[test]
    fn no_network_of_proxies_is_half_of_the_internet() {
        for text in ["10.0.0.0/8", "fc00::/7", "127.0.0.1", "::1", "192.168.0.0/16"] {
            assert!(proxy_network(text).is_ok(), "{text}");
        }
        for text in [
            "0.0.0.0/0",
            "::/0",
            "0.0.0.0/1",
            "128.0.0.0/1",
            "8000::/1",
            "everyone",
            "10.0.0.0/33",
        ] {
            assert!(proxy_network(text).is_err(), "{text}");
        }
    }
}
