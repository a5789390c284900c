"""The service's program, which the tests start and stop, and its users."""

import os
import re
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import uuid4

import httpx
from mail_server import MailServer, wait_until

BINARY = os.environ["SERVICE_BINARY"]
SENDER = "Example <no-reply@example.com>"
PASSWORD = "correct horse battery"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Service:
    """One instance. Those that share a folder share the database in it, one after the other."""

    def __init__(self, folder: Path, **settings: str) -> None:
        port = free_port()
        self.url = f"http://localhost:{port}"
        self.database = folder / "auth.db"
        self.log = folder / f"{port}.log"
        # Nothing else: the developer's own settings stay out of the tests.
        self._environment = {
            "NEPTUN_AUTH_LISTEN": f"127.0.0.1:{port}",
            "NEPTUN_AUTH_PUBLIC_URL": self.url,
            "NEPTUN_AUTH_DATABASE_URL": f"sqlite:{self.database}",
            "NEPTUN_AUTH_RATE_LIMITS": "off",
        } | {f"NEPTUN_AUTH_{name.upper()}": value for name, value in settings.items()}

    def start(self) -> "Service":
        self._run()
        wait_until(self._is_ready, "the service is ready")
        return self

    def failed_start(self) -> tuple[int, str]:
        """Starts a service that must not start. Returns its exit status and its log."""
        self._run()
        try:
            return self.process.wait(timeout=15), self.log.read_text()
        finally:
            self.kill()

    def stop(self) -> int:
        self.process.terminate()
        try:
            return self.process.wait(timeout=10)
        finally:
            self.kill()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def waiting_mails(self) -> int:
        """The number of mails yet to be sent, without the decoys for addresses that have no account."""
        with closing(sqlite3.connect(self.database)) as database:
            return database.execute("SELECT count(*) FROM outbox WHERE due_at < give_up_at").fetchone()[0]

    def wait_until_all_is_sent(self, seconds: float = 30) -> None:
        """Waits until no mail is left that could be sent once more."""
        wait_until(lambda: self.waiting_mails() == 0, "the outbox is empty", seconds)

    def let_leases_lapse(self) -> None:
        """Has the effect of five minutes: the mails that a dead instance had leased are due again."""
        with closing(sqlite3.connect(self.database)) as database, database:
            database.execute("UPDATE outbox SET due_at = created_at WHERE due_at < give_up_at")

    def _run(self) -> None:
        with self.log.open("w") as log:
            self.process = subprocess.Popen([BINARY, "serve"], env=self._environment, stdout=log, stderr=log)

    def _is_ready(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            return httpx.get(f"{self.url}/health/ready").status_code == 200
        except httpx.TransportError:
            return False


def with_mail(server: MailServer) -> dict[str, str]:
    """The settings that make a service send by `server`."""
    return {"smtp_url": server.url, "mail_from": SENDER}


@contextmanager
def running(folder: Path, **settings: str) -> Iterator[Service]:
    """A service that has to run until the end, and to stop cleanly then."""
    folder.mkdir(parents=True, exist_ok=True)
    service = Service(folder, **settings).start()
    try:
        yield service
        assert service.process.poll() is None, service.log.read_text()
        assert service.stop() == 0, service.log.read_text()
    finally:
        service.kill()


class Person:
    """A person with a browser and an address of their own."""

    def __init__(self, service: Service, email: str | None = None, language: str = "en") -> None:
        self.email = email or f"{uuid4()}@example.com"
        # Kept by hand: a service with an https public URL marks cookies as Secure, and the tests call it by http.
        self._cookies: dict[str, str] = {}
        self._http = httpx.Client(base_url=service.url, headers={"Accept-Language": language}, timeout=10)

    def call(self, method: str, path: str, body: dict | None = None) -> httpx.Response:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        answer = self._http.request(method, path, json=body, headers={"Cookie": cookies})
        self._http.cookies.clear()
        for cookie in answer.headers.get_list("Set-Cookie"):
            name, value = cookie.split(";")[0].split("=", 1)
            self._cookies[name] = value
        return answer

    def succeed(self, method: str, path: str, body: dict | None = None) -> dict:
        answer = self.call(method, path, body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def sign_up(self) -> "Person":
        self.succeed("POST", "/api/auth/sign-up", {"email": self.email, "password": PASSWORD})
        return self

    def log_in(self, password: str) -> int:
        return self.call("POST", "/api/auth/login", {"email": self.email, "password": password}).status_code

    def ask_for_reset(self) -> None:
        self.succeed("POST", "/auth/otp", {"action": "create", "email": self.email})

    def ask_for_code(self) -> None:
        self.succeed("POST", "/api/auth/email/send-code")

    def verify(self, code: str) -> dict:
        return self.succeed("POST", "/api/auth/email/verify", {"code": code})

    def sign_up_and_verify(self, server: MailServer) -> "Person":
        self.sign_up().ask_for_code()
        self.verify(code_in(server.wait_for(self.email).message.get_body(["plain"]).get_content()))
        return self


def code_in(text: str) -> str:
    (code,) = re.findall(r"\b\d{8}\b", text)
    return code


def duration(action) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began
