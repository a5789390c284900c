//! Another web server on this machine, over http or https, such as the service calls: a provider, a receiver, a list.
//!
//! The certificate in `tls` is for localhost and is valid until 2120. Its key is no secret; that of its authority was
//! thrown away.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;

use neptun_auth::app::outbound::OutboundSetup;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use url::Url;

/// A server that answers until the test process ends.
pub struct WebServer {
    /// With the host name `localhost`.
    pub url: Url,
    received: Arc<Mutex<Vec<Received>>>,
}

#[derive(Debug, Clone, Default)]
pub struct Received {
    /// Path and query, as they were sent.
    pub target: String,
    pub method: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Received {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// The text of an answer, for the functions that [`WebServer`] asks.
pub fn reply(status: u16, headers: &[(&str, &str)], body: &str) -> String {
    let headers = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
    let headers = headers.collect::<Vec<_>>().concat();
    let length = body.len();
    format!("HTTP/1.1 {status} Reason\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n{body}")
}

/// Outgoing connections to this machine are allowed, and the certificate of [`WebServer::https`] is trusted.
pub fn local_servers() -> OutboundSetup {
    OutboundSetup {
        networks: vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()],
        ca_file: Some(file("authority.pem")),
    }
}

pub fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/api/helpers/tls")
        .join(name)
}

impl WebServer {
    pub fn http(answer: impl Fn(&Received) -> String + Send + Sync + 'static) -> Self {
        Self::start("http", answer, |connection, serve| {
            serve(&mut BufReader::new(connection));
        })
    }

    pub fn https(answer: impl Fn(&Received) -> String + Send + Sync + 'static) -> Self {
        let certificates = CertificateDer::pem_file_iter(file("server.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_file(file("server.key")).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(certificates.map(Result::unwrap).collect(), key)
            .unwrap();
        let config = Arc::new(config);
        Self::start("https", answer, move |connection, serve| {
            let tls = ServerConnection::new(Arc::clone(&config)).unwrap();
            serve(&mut BufReader::new(StreamOwned::new(tls, connection)));
        })
    }

    /// Every request so far.
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    fn start(
        scheme: &str,
        answer: impl Fn(&Received) -> String + Send + Sync + 'static,
        open: impl Fn(TcpStream, &mut dyn FnMut(&mut dyn Connection)) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let received = Arc::new(Mutex::new(Vec::new()));
        let (all, parts) = (Arc::clone(&received), Arc::new((answer, open)));
        thread::spawn(move || {
            for connection in listener.incoming() {
                let (all, parts) = (Arc::clone(&all), Arc::clone(&parts));
                thread::spawn(move || {
                    let (answer, open) = &*parts;
                    open(connection.unwrap(), &mut |connection| serve(connection, &all, answer));
                });
            }
        });
        Self {
            url: format!("{scheme}://localhost:{port}").parse().unwrap(),
            received,
        }
    }
}

trait Connection: BufRead {
    fn writer(&mut self) -> &mut dyn Write;
}

impl<T: Read + Write> Connection for BufReader<T> {
    fn writer(&mut self) -> &mut dyn Write {
        self.get_mut()
    }
}

/// Reads one request and answers it. A client may hang up whenever it likes.
fn serve(connection: &mut dyn Connection, all: &Mutex<Vec<Received>>, answer: &dyn Fn(&Received) -> String) {
    let Some(received) = read(connection) else {
        return;
    };
    all.lock().unwrap().push(received.clone());
    let answer = answer(&received);
    if connection.writer().write_all(answer.as_bytes()).is_ok() {
        connection.writer().flush().ok();
    }
}

fn read(connection: &mut dyn Connection) -> Option<Received> {
    let mut line = String::new();
    connection.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let mut received = Received {
        method: words.next()?.to_owned(),
        target: words.next()?.to_owned(),
        ..Received::default()
    };
    loop {
        line.clear();
        connection.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(':') else {
            break;
        };
        received.headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let length = received
        .header("content-length")
        .map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    connection.read_exact(&mut body).ok()?;
    received.body = String::from_utf8(body).unwrap();
    Some(received)
}
