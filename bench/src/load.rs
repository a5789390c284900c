//! A load generator in one thread, so that it takes little from the server beside it.
//!
//! Without `rate` the model is closed: each connection sends its next request as soon as it has its answer. With `rate`
//! the model is open: requests are due at fixed times, whether or not earlier ones were answered, and latency counts
//! from the due time. So a server that stalls can't hide that by receiving fewer requests. The kernel records when an
//! answer arrived, so an open load reads it when it wakes for its next request: waking twice for each request would
//! take more from the server's processors than a session check does.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::ensure;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use serde::Deserialize;
use serde_json::Value;

use crate::client::Client;
use crate::report::Report;

/// Longest wait for answers after the last request.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Deserialize)]
pub struct Plan {
    address: SocketAddr,
    connections: usize,
    method: String,
    path: String,
    /// In the headers and the body, `{n}` stands for `first`, `first` + 1, … up to `first` + `cycle` - 1, then `first`.
    #[serde(default)]
    headers: Vec<(String, String)>,
    #[serde(default)]
    body: String,
    #[serde(default)]
    first: u64,
    #[serde(default)]
    cycle: Option<u64>,
    /// Values of the Cookie header, one a line, used in turn.
    #[serde(default)]
    cookies: Option<PathBuf>,
    /// What `{v}` in the body stands for: a line for each connection, until an answer's field `follow` takes its place.
    #[serde(default)]
    values: Option<PathBuf>,
    #[serde(default)]
    follow: String,
    /// Ends after this number of requests, or …
    #[serde(default)]
    requests: Option<u64>,
    /// … after this time, of which the first `warm_up` does not count.
    #[serde(default)]
    seconds: f64,
    #[serde(default)]
    warm_up: f64,
    /// Requests a second.
    #[serde(default)]
    rate: Option<f64>,
}

pub fn run(plan: &Plan) -> anyhow::Result<Value> {
    ensure!(plan.address.ip().is_loopback(), "loads are for this machine only");
    Load::new(plan)?.run()
}

struct Load<'a> {
    plan: &'a Plan,
    requests: Requests,
    epoll: Epoll,
    clients: Vec<Client>,
    /// The longest idle first: an open load that used the same few all the time would let the others time out.
    idle: VecDeque<usize>,
    /// Due times of requests that found no idle connection.
    overdue: VecDeque<Instant>,
    sent: u64,
    start: Instant,
    report: Report,
}

impl<'a> Load<'a> {
    fn new(plan: &'a Plan) -> anyhow::Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let mut clients = Vec::new();
        for number in 0..plan.connections {
            clients.push(watched_client(plan, &epoll, number)?);
        }
        Ok(Self {
            plan,
            requests: Requests::new(plan)?,
            epoll,
            idle: (0..plan.connections).collect(),
            clients,
            overdue: VecDeque::new(),
            sent: 0,
            start: Instant::now(),
            report: Report::default(),
        })
    }

    fn run(mut self) -> anyhow::Result<Value> {
        let mut events = vec![EpollEvent::empty(); self.plan.connections.max(1)];
        loop {
            let now = Instant::now();
            self.send_what_is_due(now);
            let is_over = self.is_over(now) && self.overdue.is_empty();
            if is_over && (self.idle.len() == self.clients.len() || now > self.end() + PATIENCE) {
                break;
            }
            let timeout = match self.next_due(now) {
                Some(due) => {
                    std::thread::sleep(due - now);
                    EpollTimeout::ZERO
                }
                None => EpollTimeout::try_from(PATIENCE)?,
            };
            let ready = self.epoll.wait(&mut events, timeout)?;
            for event in &events[..ready] {
                self.receive(usize::try_from(event.data())?)?;
            }
        }
        let warm_up = Duration::from_secs_f64(self.plan.warm_up);
        let measured = self
            .plan
            .requests
            .is_none()
            .then(|| Duration::from_secs_f64(self.plan.seconds));
        Ok(self.report.finish(self.start + warm_up, measured))
    }

    fn end(&self) -> Instant {
        self.start + Duration::from_secs_f64(self.plan.warm_up + self.plan.seconds)
    }

    fn is_over(&self, now: Instant) -> bool {
        match self.plan.requests {
            Some(requests) => self.sent >= requests,
            None => self.plan.rate.map_or(now, |rate| self.due(rate)) >= self.end(),
        }
    }

    /// When the next request of an open load has to leave.
    #[expect(clippy::cast_precision_loss, reason = "no load has 2^52 requests")]
    fn due(&self, rate: f64) -> Instant {
        let taken = self.sent + self.overdue.len() as u64;
        self.start + Duration::from_secs_f64(taken as f64 / rate)
    }

    fn next_due(&self, now: Instant) -> Option<Instant> {
        let rate = self.plan.rate?;
        (!self.is_over(now)).then(|| self.due(rate).max(now))
    }

    fn send_what_is_due(&mut self, now: Instant) {
        if let Some(rate) = self.plan.rate {
            while !self.is_over(now) && self.due(rate) <= now {
                let due = self.due(rate);
                self.overdue.push_back(due);
            }
        }
        while !self.idle.is_empty() {
            let due = match self.overdue.pop_front() {
                Some(due) => due,
                None if self.plan.rate.is_none() && !self.is_over(now) => now,
                None => return,
            };
            self.send(due);
        }
    }

    fn send(&mut self, due: Instant) {
        let Some(number) = self.idle.pop_front() else { return };
        let request = self.requests.next(number);
        self.sent += 1;
        if let Err(error) = self.clients[number].send(request, due) {
            self.fail(number, &error);
        }
    }

    fn receive(&mut self, number: usize) -> anyhow::Result<()> {
        match self.clients[number].receive(self.requests.is_head) {
            Ok(None) => {}
            Ok(Some(answer)) => {
                if let Some(due) = self.clients[number].due.take() {
                    self.count(answer.status, due, answer.arrived);
                }
                if let Some(next) = self.clients[number].field(&answer, &self.plan.follow) {
                    self.requests.values[number] = next;
                }
                if answer.closes {
                    self.clients[number] = watched_client(self.plan, &self.epoll, number)?;
                }
                self.idle.push_back(number);
            }
            // A server may close a connection that waits for its next request.
            Err(_) if self.clients[number].due.is_none() => {
                self.clients[number] = watched_client(self.plan, &self.epoll, number)?;
            }
            Err(error) => self.fail(number, &error),
        }
        Ok(())
    }

    fn count(&mut self, status: u16, due: Instant, arrived: Instant) {
        let share = self.share(due, arrived);
        if share > 0.0 {
            self.report.answer(status, arrived - due, share, arrived);
        }
    }

    /// The share of an answer that counts as measured. An open load counts answers to requests due in the measured
    /// time. A closed load counts each answer by the part of its wait that lies in the measured time, like the hashes
    /// to which sign-ups are compared. Answers arrive in groups, so a count of whole answers would depend on where a
    /// group falls.
    fn share(&self, due: Instant, arrived: Instant) -> f64 {
        let begin = self.start + Duration::from_secs_f64(self.plan.warm_up);
        if self.plan.requests.is_some() || self.plan.rate.is_some() {
            return f64::from(due >= begin);
        }
        let inside = arrived.min(self.end()).saturating_duration_since(due.max(begin));
        inside.as_secs_f64() / (arrived - due).as_secs_f64()
    }

    fn fail(&mut self, number: usize, error: &anyhow::Error) {
        self.report.error(error);
        match watched_client(self.plan, &self.epoll, number) {
            Ok(client) => {
                self.clients[number] = client;
                self.idle.push_back(number);
            }
            // Whatever closed the server's port also ends this load, when it has no connection left.
            Err(error) => self.report.error(&error),
        }
    }
}

fn watched_client(plan: &Plan, epoll: &Epoll, number: usize) -> anyhow::Result<Client> {
    let client = Client::connect(plan.address)?;
    epoll.add(&client.stream, EpollEvent::new(EpollFlags::EPOLLIN, number as u64))?;
    Ok(client)
}

/// The requests as bytes, one after the other.
struct Requests {
    head: String,
    body: String,
    cookies: Vec<String>,
    /// One for each connection, or none.
    values: Vec<String>,
    numbers: std::iter::Cycle<std::ops::Range<u64>>,
    is_numbered: bool,
    is_head: bool,
    cookie: usize,
    bytes: Vec<u8>,
}

impl Requests {
    fn new(plan: &Plan) -> anyhow::Result<Self> {
        let mut head = format!("{} {} HTTP/1.1\r\nhost: {}\r\n", plan.method, plan.path, plan.address);
        for (name, value) in &plan.headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        let (cookies, values) = (lines_of(plan.cookies.as_deref())?, lines_of(plan.values.as_deref())?);
        ensure!(
            values.is_empty() || values.len() >= plan.connections,
            "a value for each connection"
        );
        let last = plan.cycle.map_or(u64::MAX, |cycle| plan.first + cycle);
        let mut requests = Self {
            is_numbered: plan.body.contains("{n}") || head.contains("{n}"),
            is_head: plan.method == "HEAD",
            head,
            body: plan.body.clone(),
            cookies,
            values,
            numbers: (plan.first..last).cycle(),
            cookie: 0,
            bytes: Vec::new(),
        };
        if !requests.differ() {
            requests.write(0);
        }
        Ok(requests)
    }

    /// The next request, to be sent on this connection.
    fn next(&mut self, connection: usize) -> &[u8] {
        if self.differ() {
            self.write(connection);
        }
        &self.bytes
    }

    fn differ(&self) -> bool {
        self.is_numbered || self.cookies.len() > 1 || !self.values.is_empty()
    }

    fn write(&mut self, connection: usize) {
        let (mut head, mut body) = (self.head.clone(), self.body.clone());
        if self.is_numbered {
            let number = self.numbers.next().unwrap_or_default().to_string();
            head = head.replace("{n}", &number);
            body = body.replace("{n}", &number);
        }
        if let Some(value) = self.values.get(connection) {
            body = body.replace("{v}", value);
        }
        if !self.cookies.is_empty() {
            head += "cookie: ";
            head += &self.cookies[self.cookie % self.cookies.len()];
            head += "\r\n";
            self.cookie += 1;
        }
        if !body.is_empty() {
            head.extend(["content-length: ", &body.len().to_string(), "\r\n"]);
        }
        self.bytes.clear();
        self.bytes.extend_from_slice(head.as_bytes());
        self.bytes.extend_from_slice(b"\r\n");
        self.bytes.extend_from_slice(body.as_bytes());
    }
}

fn lines_of(file: Option<&Path>) -> anyhow::Result<Vec<String>> {
    let text = file.map(std::fs::read_to_string).transpose()?.unwrap_or_default();
    Ok(text.lines().map(str::to_owned).collect())
}
