//! The real binary as a process of its own, ended when the test ends.

use std::io::Read;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::NamedTempFile;
use ureq::Agent;

use super::{PASSWORD, SECRET_KEY};

pub struct Binary {
    child: Child,
    pub address: SocketAddr,
    log: NamedTempFile,
    /// From starting the process to its first ready answer.
    pub start_up: Duration,
}

impl Binary {
    /// Starts the service on a free port and waits until it is ready.
    pub fn start(database_url: &str, settings: &[(&str, &str)]) -> Self {
        Self::launch(command(database_url), settings)
    }

    /// Starts a service that gets an error, as from a full disk, when a file may not grow. By default a signal ends it.
    pub fn start_on_limited_disk(database_url: &str) -> Self {
        let mut shell = Command::new("sh");
        shell.args(["-c", "trap '' XFSZ; exec \"$0\"", env!("CARGO_BIN_EXE_neptun-auth")]);
        Self::launch(prepared(shell, database_url), &[])
    }

    /// Starts a service with its default limits. Those that the other functions start have none.
    pub fn start_with_limits(database_url: &str, settings: &[(&str, &str)]) -> Self {
        let mut command = command(database_url);
        command.env_remove("NEPTUN_AUTH_RATE_LIMITS");
        Self::launch(command, settings)
    }

    /// Starts a service that writes its log somewhere else: [`Self::log`] stays empty.
    pub fn start_with_stderr(database_url: &str, settings: &[(&str, &str)], stderr: Stdio) -> Self {
        Self::launch_with(command(database_url), settings, Some(stderr))
    }

    /// Starts a service for the end-to-end tests of an application.
    pub fn start_ephemeral(settings: &[(&str, &str)]) -> Self {
        Self::launch(ephemeral_command(), settings)
    }

    fn launch(command: Command, settings: &[(&str, &str)]) -> Self {
        Self::launch_with(command, settings, None)
    }

    fn launch_with(mut command: Command, settings: &[(&str, &str)], stderr: Option<Stdio>) -> Self {
        let address = free_address();
        let log = NamedTempFile::new().unwrap();
        let stderr = stderr.unwrap_or_else(|| log.reopen().unwrap().into());
        let started = Instant::now();
        command
            .env("NEPTUN_AUTH_LISTEN", address.to_string())
            .envs(settings.iter().copied());
        let child = command.stderr(stderr).spawn().unwrap();
        let mut binary = Self {
            child,
            address,
            log,
            start_up: Duration::ZERO,
        };
        while binary.status("GET", "/health/ready").is_none_or(|status| status != 200) {
            assert!(
                binary.child.try_wait().unwrap().is_none(),
                "the service ended: {}",
                binary.log()
            );
            assert!(
                started.elapsed() < Duration::from_secs(20),
                "the service is not ready: {}",
                binary.log()
            );
            sleep(Duration::from_millis(5));
        }
        binary.start_up = started.elapsed();
        binary
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream
    }

    /// The status of a request without a body; `None` when there was no answer.
    pub fn status(&self, method: &str, path: &str) -> Option<u16> {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(self.url(path))
            .body(())
            .unwrap();
        agent().run(request).ok().map(|response| response.status().as_u16())
    }

    /// The status of a sign-up or log-in; `None` when there was no answer.
    pub fn post_credentials(&self, agent: &Agent, path: &str, email: &str, password: &str) -> Option<u16> {
        let body = json!({ "email": email, "password": password });
        let answer = agent.post(self.url(path)).send_json(body);
        answer.ok().map(|response| response.status().as_u16())
    }

    /// Signs up with [`PASSWORD`] and a new agent; `None` when there was no answer.
    pub fn sign_up(&self, email: &str) -> Option<u16> {
        self.post_credentials(&agent(), "/api/auth/sign-up", email, PASSWORD)
    }

    /// Logs in with a new agent; `None` when there was no answer.
    pub fn log_in(&self, email: &str, password: &str) -> Option<u16> {
        self.post_credentials(&agent(), "/api/auth/login", email, password)
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends the process as a power cut would.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn signal(&self, name: &str) {
        // The shell's own `kill`: a minimal Debian has no program of that name.
        let pid = self.pid().to_string();
        let status = Command::new("sh")
            .args(["-c", "kill \"$0\" \"$1\"", name, &pid])
            .status()
            .unwrap();
        assert!(status.success());
    }

    /// The reading end of its log, if that is a pipe. As long as it stays here, it is open and not read.
    pub fn take_log_pipe(&mut self) -> Option<ChildStderr> {
        self.child.stderr.take()
    }

    /// Waits for the process to end by itself.
    pub fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        let started = Instant::now();
        while started.elapsed() < limit {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(status);
            }
            sleep(Duration::from_millis(10));
        }
        None
    }

    /// Everything that is logged so far.
    pub fn log(&self) -> String {
        let mut text = String::new();
        self.log.reopen().unwrap().read_to_string(&mut text).unwrap();
        text
    }

    /// The warnings in the log, apart from those of statements that take long, which tell of the machine.
    pub fn warnings(&self) -> Vec<String> {
        let log = self.log();
        let warnings = log.lines().filter(|line| line.contains("WARN"));
        let own = warnings.filter(|line| !line.contains("slow statement"));
        own.map(str::to_owned).collect()
    }

    /// Log lines of a service with `LOG_FORMAT=json`, up to the last request. The log has a thread of its own, which
    /// may write after the answer was sent.
    pub fn log_lines(&self) -> Vec<Value> {
        let last = agent().get(self.url("/no-such-page")).call().unwrap();
        let id = last.headers()["x-request-id"].to_str().unwrap();
        while !self.log().contains(id) {
            sleep(Duration::from_millis(5));
        }
        let text = self.log();
        let lines = text.lines().take_while(|line| !line.contains(id));
        lines
            .map(|line| serde_json::from_str(line).expect("each line is JSON"))
            .collect()
    }
}

impl Drop for Binary {
    fn drop(&mut self) {
        // It may have ended already, which is as good.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The binary with three settings: the database, the secret key, and no limits.
pub fn command(database_url: &str) -> Command {
    prepared(Command::new(env!("CARGO_BIN_EXE_neptun-auth")), database_url)
}

/// As [`command`], for a process that Ctrl-C ends, also where a shell in the background has taken that away from the
/// tests.
pub fn interruptible_command(database_url: &str) -> Command {
    let mut command = Command::new("env");
    command.args(["--default-signal=INT", env!("CARGO_BIN_EXE_neptun-auth")]);
    prepared(command, database_url)
}

/// The binary with `serve --ephemeral` and no setting.
pub fn ephemeral_command() -> Command {
    let mut command = command("");
    command.env_remove("NEPTUN_AUTH_DATABASE_URL");
    command.env_remove("NEPTUN_AUTH_SECRET_KEY");
    command.env_remove("NEPTUN_AUTH_RATE_LIMITS");
    command.args(["serve", "--ephemeral"]);
    command
}

fn prepared(mut command: Command, database_url: &str) -> Command {
    command.env_clear().env("NEPTUN_AUTH_DATABASE_URL", database_url);
    command.env("NEPTUN_AUTH_SECRET_KEY", SECRET_KEY);
    command.env("NEPTUN_AUTH_RATE_LIMITS", "off");
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

/// A client that keeps cookies, follows no redirect, and returns an answer of any status.
pub fn agent() -> Agent {
    let config = Agent::config_builder();
    let config = config
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_global(Some(Duration::from_secs(30)));
    config.build().into()
}

/// The metrics page of a service with this `METRICS_LISTEN`.
pub fn metrics(private: SocketAddr) -> String {
    let page = agent().get(format!("http://{private}/metrics")).call();
    page.unwrap().body_mut().read_to_string().unwrap()
}

/// An address that is not in use.
pub fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
