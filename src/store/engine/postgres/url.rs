//! PostgreSQL's URLs as libpq reads them, with several hosts. sqlx understands one host, and nothing of
//! `target_session_attrs`.

use std::str::FromStr;

use anyhow::{Context, bail, ensure};
use sqlx::postgres::PgConnectOptions;
use url::form_urlencoded;

/// More hosts than any cluster has. Each one costs an attempt when the others don't answer.
const MAX_HOSTS: usize = 16;

/// The parts of a URL that libpq reads as lists.
#[derive(Default)]
struct Lists {
    hosts: Vec<String>,
    ports: Vec<String>,
}

/// The options for each host of `url`; `setting` names the URL to the operator.
///
/// # Errors
/// A sentence that does not show the URL, because it may hold a password.
pub fn hosts(url: &str, setting: &str) -> anyhow::Result<Vec<PgConnectOptions>> {
    let is_not_one = || format!("{setting} is not a PostgreSQL URL");
    let (scheme, rest) = url.split_once("://").with_context(is_not_one)?;
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    let (user, addresses) = authority
        .rsplit_once('@')
        .map_or(("", authority), |(user, hosts)| (user, hosts));
    let mut lists = Lists::default();
    for address in addresses.split(',').filter(|_| !addresses.is_empty()) {
        let (host, port) = host_and_port(address);
        lists.hosts.push(host.to_owned());
        lists.ports.push(port.to_owned());
    }
    let query = lists.without_own(query, setting)?;
    let one_host = |(host, port): (String, String)| {
        let at = if user.is_empty() { "" } else { "@" };
        let port = if port.is_empty() { port } else { format!(":{port}") };
        // A URL can't have a user or a port without a host.
        let is_local = host.is_empty() && !(user.is_empty() && port.is_empty());
        let host = if is_local { "localhost" } else { host.as_str() };
        let url = format!("{scheme}://{user}{at}{host}{port}/{database}?{query}");
        let mut options = PgConnectOptions::from_str(&url).with_context(is_not_one)?;
        if let Some(ipv6) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            options = options.host(ipv6);
        }
        // The service stores no fractions, and poolers refuse this parameter.
        Ok(options.extra_float_digits(None))
    };
    lists.pairs(setting)?.into_iter().map(one_host).collect()
}

fn host_and_port(address: &str) -> (&str, &str) {
    // The colons in the brackets of an IPv6 address precede no port.
    let end_of_host = address.find(']').unwrap_or(0);
    let colon = address.get(end_of_host..).and_then(|rest| rest.rfind(':'));
    colon.map_or((address, ""), |colon| {
        let (host, port) = address.split_at(end_of_host + colon);
        (host, port.trim_start_matches(':'))
    })
}

impl Lists {
    /// `query` without the parameters that sqlx does not understand as lists.
    fn without_own(&mut self, query: &str, setting: &str) -> anyhow::Result<String> {
        let mut rest = form_urlencoded::Serializer::new(String::new());
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*key {
                // Connections are to a server that can be written to, whatever is asked for.
                "target_session_attrs" => ensure!(
                    matches!(&*value, "any" | "read-write" | "primary"),
                    "{setting} asks for target_session_attrs={value}, but the service writes: remove it, or write \
                     read-write"
                ),
                "host" if !value.starts_with('/') => self.hosts = value.split(',').map(str::to_owned).collect(),
                "port" => self.ports = value.split(',').map(str::to_owned).collect(),
                _ => drop(rest.append_pair(&key, &value)),
            }
        }
        Ok(rest.finish())
    }

    /// Each host with its port. One port is that of all hosts.
    fn pairs(self, setting: &str) -> anyhow::Result<Vec<(String, String)>> {
        let Self { mut hosts, ports } = self;
        if hosts.is_empty() {
            hosts.push(String::new());
        }
        ensure!(hosts.len() <= MAX_HOSTS, "{setting} names more than {MAX_HOSTS} hosts");
        let ports = match (ports.as_slice(), hosts.len()) {
            ([], count) => vec![String::new(); count],
            ([port], count) => vec![port.clone(); count],
            (ports, count) if ports.len() == count => ports.to_vec(),
            _ => bail!("{setting} must name one port, or one for each host"),
        };
        Ok(hosts.into_iter().zip(ports).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(url: &str) -> Vec<(String, u16)> {
        let hosts = hosts(url, "DATABASE_URL").unwrap();
        let address = |options: &PgConnectOptions| (options.get_host().to_owned(), options.get_port());
        hosts.iter().map(address).collect()
    }

    #[test]
    fn each_host_has_its_own_options() {
        let url =
            "postgres://me:p%40ss@one:5433,two,[::1]:5435/accounts?target_session_attrs=read-write&sslmode=disable";
        let expected = [("one", 5433), ("two", 5432), ("::1", 5435)];
        assert_eq!(addresses(url), expected.map(|(host, port)| (host.to_owned(), port)));
        for options in hosts(url, "DATABASE_URL").unwrap() {
            assert_eq!(options.get_username(), "me");
            assert_eq!(options.get_database(), Some("accounts"));
        }
        let lists = "postgresql:///accounts?host=one,two&port=5433,5434&user=me";
        assert_eq!(addresses(lists), [("one".to_owned(), 5433), ("two".to_owned(), 5434)]);
        let one_port = "postgres://me@/accounts?host=one,two&port=6000";
        assert_eq!(
            addresses(one_port),
            [("one".to_owned(), 6000), ("two".to_owned(), 6000)]
        );
    }

    #[test]
    fn a_socket_and_options_are_left_to_sqlx() {
        let socket = hosts("postgres://me@/accounts?host=/run/postgresql", "DATABASE_URL").unwrap();
        assert_eq!(socket.len(), 1);
        let url = "postgres://me@one/accounts?options[search_path]=auth&application_name=a%20b";
        let options = &hosts(url, "DATABASE_URL").unwrap()[0];
        assert_eq!(options.get_application_name(), Some("a b"));
        assert!(
            options
                .get_options()
                .is_some_and(|options| options.contains("search_path=auth"))
        );
    }

    #[test]
    fn a_url_that_can_not_be_used_is_refused_without_showing_it() {
        for url in [
            "postgres://me:secret@one/accounts?target_session_attrs=standby",
            "postgres://me:secret@one,two,three:1/accounts?port=1,2",
            "postgres://me:secret@one:port/accounts",
            "postgres:secret",
        ] {
            let error = format!("{:#}", hosts(url, "DATABASE_URL").unwrap_err());
            assert!(error.contains("DATABASE_URL") && !error.contains("secret"), "{error}");
        }
        let many = vec!["host"; 17].join(",");
        assert!(hosts(&format!("postgres://{many}/accounts"), "DATABASE_URL").is_err());
    }
}
