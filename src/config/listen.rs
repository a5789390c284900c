//! The address to listen on, and how browsers and proxies reach the service.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, ensure};
use clap::Args;
use ipnet::IpNet;
use poem::http::HeaderName;
use url::Url;

use super::values::{List, ListenAddress, all, list, network, web_url};
use crate::api::ClientAddress;
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
    /// Origins of pages that may call with credentials, separated by commas [default: the service's own; any port of
    /// localhost too while `PUBLIC_URL` is on localhost]
    #[arg(long, env = "NEPTUN_AUTH_ALLOWED_ORIGINS", value_parser = origins, global = true)]
    allowed_origins: Vec<List<Origin>>,
    /// Networks of the proxies in front, separated by commas; X-Forwarded-For counts only if they send it
    /// [default: none]
    #[arg(long, env = "NEPTUN_AUTH_TRUSTED_PROXIES", value_parser = networks, global = true)]
    trusted_proxies: Vec<List<IpNet>>,
    /// Header in which the platform in front names the client, such as Fly-Client-IP, instead of X-Forwarded-For
    /// [default: none]
    #[arg(long, env = "NEPTUN_AUTH_CLIENT_IP_HEADER", global = true)]
    client_ip_header: Option<HeaderName>,
}

fn origins(text: &str) -> Result<List<Origin>, InvalidOrigin> {
    list(text, Origin::parse)
}

fn networks(text: &str) -> Result<List<IpNet>, String> {
    list(text, network)
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

    /// The origins of pages that may call with credentials.
    #[must_use]
    pub fn origins(&self, public_url: &Url) -> AllowedOrigins {
        AllowedOrigins::new(public_url, all(&self.allowed_origins))
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
