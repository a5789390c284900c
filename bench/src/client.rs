//! One kept-alive HTTP/1.1 connection that has at most one request under way.

use std::io::{IoSliceMut, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, ensure};
use nix::cmsg_space;
use nix::errno::Errno;
use nix::sys::socket::sockopt::ReceiveTimestampns;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt};
use nix::sys::time::TimeSpec;

pub struct Client {
    pub stream: TcpStream,
    /// When the request that is under way should have left, and whether there is one.
    pub due: Option<Instant>,
    received: Vec<u8>,
    /// Buffer for the kernel's control messages about received bytes.
    remarks: Vec<u8>,
}

/// An answer.
pub struct Answer {
    pub status: u16,
    /// When the last of it reached the socket, whenever it was read there.
    pub arrived: Instant,
    pub closes: bool,
    body_at: usize,
}

impl Client {
    pub fn connect(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).context("connecting")?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        setsockopt(&stream, ReceiveTimestampns, &true)?;
        Ok(Self {
            stream,
            due: None,
            received: Vec::with_capacity(4096),
            remarks: cmsg_space!(TimeSpec),
        })
    }

    /// Requests are smaller than any socket's buffer, so one write takes all of it.
    pub fn send(&mut self, request: &[u8], due: Instant) -> anyhow::Result<()> {
        let written = self.stream.write(request).context("sending")?;
        ensure!(written == request.len(), "the socket took only part of a request");
        self.due = Some(due);
        self.received.clear();
        Ok(())
    }

    /// Reads what has arrived; the answer, once it is complete. `is_head` tells that it has no body.
    pub fn receive(&mut self, is_head: bool) -> anyhow::Result<Option<Answer>> {
        let mut chunk = [0; 4096];
        loop {
            let mut room = [IoSliceMut::new(&mut chunk)];
            let fd = self.stream.as_raw_fd();
            let (length, age) = match recvmsg::<()>(fd, &mut room, Some(&mut self.remarks), MsgFlags::empty()) {
                Ok(message) => (message.bytes, age(message.cmsgs()?)?),
                Err(Errno::EAGAIN) => return Ok(None),
                Err(error) => return Err(error).context("receiving"),
            };
            ensure!(length > 0, "the server closed the connection");
            self.received.extend_from_slice(&chunk[..length]);
            if let Some(answer) = read_answer(&self.received, is_head, Instant::now() - age)? {
                return Ok(Some(answer));
            }
        }
    }

    /// The text in a field of the answer that was received last.
    pub fn field(&self, answer: &Answer, name: &str) -> Option<String> {
        if name.is_empty() {
            return None;
        }
        let body: serde_json::Value = serde_json::from_slice(self.received.get(answer.body_at..)?).ok()?;
        Some(body.get(name)?.as_str()?.to_owned())
    }
}

/// The time since the kernel received the bytes it has just handed over. The kernel starts to record that shortly after
/// the first request for it. Bytes without a record count as received now, so no answer looks quicker than it was.
fn age(mut remarks: impl Iterator<Item = ControlMessageOwned>) -> anyhow::Result<Duration> {
    let arrived = remarks.find_map(|remark| match remark {
        ControlMessageOwned::ScmTimestampns(arrived) => Some(Duration::from(arrived)),
        _ => None,
    });
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    Ok(arrived.map_or(Duration::ZERO, |arrived| now.saturating_sub(arrived)))
}

/// Reads as much of HTTP as the measured servers speak.
fn read_answer(received: &[u8], is_head: bool, arrived: Instant) -> anyhow::Result<Option<Answer>> {
    let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&received[..end]).context("a header that is not text")?;
    let body = &received[end + 4..];
    let mut lines = head.split("\r\n");
    let status_line = lines.next().unwrap_or_default();
    let status: u16 = status_line.get(9..12).context("an answer without status")?.parse()?;

    let (mut length, mut is_chunked, mut closes) = (0, false, status_line.starts_with("HTTP/1.0"));
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let value = value.trim();
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse()?;
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            is_chunked = value.eq_ignore_ascii_case("chunked");
        } else if name.eq_ignore_ascii_case("connection") {
            closes = value.eq_ignore_ascii_case("close");
        }
    }
    let is_complete = if is_head || status == 204 || status == 304 {
        true
    } else if is_chunked {
        body.ends_with(b"0\r\n\r\n")
    } else {
        body.len() >= length
    };
    Ok(is_complete.then_some(Answer {
        status,
        arrived,
        closes,
        body_at: end + 4,
    }))
}
