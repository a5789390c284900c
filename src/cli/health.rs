//! `neptun-auth health`: checks the service on this machine, for containers without an HTTP client.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::ensure;

const TIMEOUT: Duration = Duration::from_secs(3);

/// Succeeds if the service that listens on `listen` is ready.
pub fn ask(listen: SocketAddr) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect_timeout(&on_this_machine(listen), TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.write_all(b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut status_line = [0; 12];
    stream.read_exact(&mut status_line)?;
    ensure!(
        status_line == *b"HTTP/1.1 200",
        "/health/ready answered {}; the service's log has the cause",
        String::from_utf8_lossy(&status_line)
    );
    Ok(())
}

fn on_this_machine(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    (ip, listen.port()).into()
}
