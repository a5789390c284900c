//! The address to listen on, and how browsers and proxies reach the service.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, ensure};
use clap::{Args, ValueEnum};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use poem::http::{HeaderName, HeaderValue};
use url::Url;

use super::values::{List, ListenAddress, all, list, proxy_network, web_url};
use crate::api::{ClientAddress, CrossOrigin};
use crate::model::client::origin::{AllowedOrigins, InvalidOrigin, Origin, is_loopback};
use crate::model::client::proxy::TrustedProxies;

#[derive(Debug, Args)]
#[command(next_help_heading = "Network")]
pub struct ListenSettings {
    /// Address and port to listen on; one of them is enough [default: 127.0.0.1:8080, or 0.0.0.0 with PORT if that is
    /// set]
    #[arg(long, env = "NEPTUN_AUTH_LISTEN", global = true)]
    listen: Option<ListenAddress>,
    /// Port to listen on at every address, as hosting platforms set it; LISTEN takes precedence
    /// [default: none]
    #[arg(long, env = "PORT", global = true)]
    port: Option<u16>,
    /// Address by which browsers reach the service: scheme, host and port; https unless it is on localhost [default:
    /// `http://localhost` with the port]
    #[arg(long, env = "NEPTUN_AUTH_PUBLIC_URL", value_parser = web_url, global = true)]
    public_url: Option<Url>,
    /// Origins of pages that may call with credentials, separated by commas; `https://*.preview.example.com` stands for
    /// any one label, `capacitor://localhost` for an app [default: the service's own; any port of localhost too while
    /// `PUBLIC_URL` is on localhost]
    #[arg(long, env = "NEPTUN_AUTH_ALLOWED_ORIGINS", value_parser = origins, global = true)]
    allowed_origins: Vec<List<Origin>>,
    /// Request headers that pages of those origins may send, separated by commas, besides authorization, content-type,
    /// x-requested-with and those of tracing (baggage, sentry-trace, traceparent, tracestate) [default: none]
    #[arg(long, env = "NEPTUN_AUTH_ALLOWED_HEADERS", value_parser = header_names, global = true)]
    allowed_headers: Vec<List<HeaderName>>,
    /// Tell browsers to reach the host of an https `PUBLIC_URL` by https only (Strict-Transport-Security); `subdomains`
    /// includes all hosts below it
    #[arg(long, env = "NEPTUN_AUTH_HSTS", default_value = "on", global = true)]
    hsts: Hsts,
    /// How long browsers remember that; `0s` makes them forget it
    #[arg(long, env = "NEPTUN_AUTH_HSTS_MAX_AGE", default_value = "730d", global = true)]
    hsts_max_age: humantime::Duration,
    /// Networks of the proxies in front, separated by commas; X-Forwarded-For, X-Request-Id and traceparent count only
    /// if they send them [default: none]
    #[arg(long, env = "NEPTUN_AUTH_TRUSTED_PROXIES", value_parser = networks, global = true)]
    trusted_proxies: Vec<List<IpNet>>,
    /// Header in which the platform in front names the client, such as Fly-Client-IP, instead of X-Forwarded-For
    /// [default: none]
    #[arg(long, env = "NEPTUN_AUTH_CLIENT_IP_HEADER", value_parser = client_header, global = true)]
    client_ip_header: Option<HeaderName>,
}

fn origins(text: &str) -> Result<List<Origin>, InvalidOrigin> {
    list(text, Origin::parse)
}

fn networks(text: &str) -> Result<List<IpNet>, String> {
    list(text, proxy_network)
}

fn header_names(text: &str) -> Result<List<HeaderName>, String> {
    list(text, header_name)
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Hsts {
    On,
    Off,
    Subdomains,
}

/// A header's name; the wildcard of CORS is none, because browsers take it literally with credentials.
fn header_name(text: &str) -> Result<HeaderName, String> {
    let name = text.parse::<HeaderName>().ok().filter(|name| name != "*");
    name.ok_or_else(|| "write the names of headers, as in x-app-version; with cookies there is no wildcard".to_owned())
}

/// A header with one address. The two lists of hops are no such thing: each client can begin them.
fn client_header(text: &str) -> Result<HeaderName, String> {
    let name: HeaderName = text
        .parse()
        .map_err(|_| "write a header's name, as in Fly-Client-IP".to_owned())?;
    match name.as_str() {
        "x-forwarded-for" => Err("set TRUSTED_PROXIES instead: X-Forwarded-For counts if they send it".to_owned()),
        "forwarded" => {
            Err("Forwarded is not read: let the proxy send X-Forwarded-For, and set TRUSTED_PROXIES".to_owned())
        }
        _ => Ok(name),
    }
}

impl ListenSettings {
    /// The address to listen on.
    #[must_use]
    pub fn listen(&self) -> SocketAddr {
        let everywhere = self.listen.is_none() && self.port.is_some();
        let ip = if everywhere {
            Ipv4Addr::UNSPECIFIED
        } else {
            Ipv4Addr::LOCALHOST
        };
        let listen = self.listen.unwrap_or(ListenAddress { ip: None, port: None });
        let port = listen.port.or(self.port).unwrap_or(8080);
        (listen.ip.unwrap_or(ip.into()), port).into()
    }

    /// Whether the port is named as hosting platforms do it.
    #[must_use]
    pub fn has_port_of_a_platform(&self) -> bool {
        self.port.is_some()
    }

    /// Whether the operator named the address by which browsers reach the service.
    #[must_use]
    pub fn names_public_url(&self) -> bool {
        self.public_url.is_some()
    }

    /// The address by which browsers reach the service: an origin, https unless it is on this machine.
    pub fn public_url(&self) -> anyhow::Result<Url> {
        let Some(url) = &self.public_url else {
            let default = format!("http://localhost:{}", self.listen().port());
            return default.parse().context("PUBLIC_URL");
        };
        let is_origin = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        ensure!(
            matches!(url.scheme(), "http" | "https") && url.has_host() && is_origin,
            "PUBLIC_URL must be scheme, host and port only, as in https://auth.example.com"
        );
        ensure!(
            url.scheme() == "https" || is_loopback(url),
            "PUBLIC_URL must begin with https:// unless it is on localhost: session cookies would travel unprotected"
        );
        Ok(url.clone())
    }

    /// The listed origins, without the service's own.
    #[must_use]
    pub fn allowed_origins(&self) -> Vec<Origin> {
        all(&self.allowed_origins)
    }

    /// The origins of pages that may call with credentials.
    #[must_use]
    pub fn origins(&self, public_url: &Url) -> AllowedOrigins {
        AllowedOrigins::new(public_url, self.allowed_origins())
    }

    /// Which pages may call with credentials, and what they may send.
    #[must_use]
    pub fn cross_origin(&self, origins: AllowedOrigins) -> CrossOrigin {
        CrossOrigin::new(origins, &all(&self.allowed_headers))
    }

    /// The value of `Strict-Transport-Security`; `None` for a service that browsers reach by http.
    pub fn hsts(&self, public_url: &Url) -> anyhow::Result<Option<HeaderValue>> {
        let seconds = self.hsts_max_age.as_secs();
        let value = match self.hsts {
            _ if public_url.scheme() != "https" => return Ok(None),
            Hsts::Off => return Ok(None),
            Hsts::On => format!("max-age={seconds}"),
            Hsts::Subdomains => format!("max-age={seconds}; includeSubDomains"),
        };
        Ok(Some(HeaderValue::try_from(value).context("HSTS")?))
    }

    /// The peers that bring the connections of many clients, so that none of them has only the share of one network.
    #[must_use]
    pub fn proxies_without_share(&self) -> TrustedProxies {
        if self.client_ip_header.is_some() && self.trusted_proxies.is_empty() {
            // By setting the header, the operator states that only the platform can connect.
            return TrustedProxies::new(vec![Ipv4Net::default().into(), Ipv6Net::default().into()]);
        }
        TrustedProxies::new(all(&self.trusted_proxies))
    }

    /// How to find a client's address behind proxies.
    #[must_use]
    pub fn client_address(&self) -> ClientAddress {
        ClientAddress::new(
            TrustedProxies::new(all(&self.trusted_proxies)),
            self.client_ip_header.clone(),
        )
    }
}
