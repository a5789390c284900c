"""The service's program, which the tests start, kill and manage on the command line."""

import json
import os
import secrets
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import UUID, uuid4

import httpx
from receiver import TLS, Receiver

BINARY = os.environ["SERVICE_BINARY"]
POSTGRES_URL = os.environ.get("POSTGRES_URL")
PASSWORD = "correct horse battery"


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} seconds: {what}"
        time.sleep(0.02)


class Service:
    """One instance and its database."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        self.url = f"http://localhost:{port}"
        self.log = folder / "log"
        self._file = folder / "auth.db"
        self.process: subprocess.Popen | None = None
        # Without https, because reading the authorities takes longer than the service takes to start.
        self._http = httpx.Client(verify=False, timeout=10)
        # Nothing else: the developer's own settings stay out of the tests.
        self._environment = {
            "NEPTUN_AUTH_LISTEN": f"127.0.0.1:{port}",
            "NEPTUN_AUTH_PUBLIC_URL": self.url,
            "NEPTUN_AUTH_DATABASE_URL": POSTGRES_URL or f"sqlite:{self._file}",
            "NEPTUN_AUTH_SECRET_KEY": secrets.token_hex(32),
            "NEPTUN_AUTH_RATE_LIMITS": "off",
            "NEPTUN_AUTH_OUTBOUND_NETWORKS": "127.0.0.0/8,::1/128",
            "NEPTUN_AUTH_OUTBOUND_CA_FILE": str(TLS / "authority.pem"),
        }

    def start(self) -> "Service":
        with self.log.open("a") as log:
            self.process = subprocess.Popen([BINARY, "serve"], env=self._environment, stdout=log, stderr=log)
        wait_until(self._is_ready, "the service is ready")
        return self

    def stop(self) -> None:
        self.process.terminate()
        assert self.process.wait(timeout=30) == 0, self.log.read_text()[-2000:]

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()

    def manage(self, *arguments: str) -> str:
        """What `neptun-auth webhooks` prints."""
        command = [BINARY, "webhooks", *arguments]
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def add_webhook(self, receiver: Receiver, *types: str) -> tuple[str, str]:
        """The new webhook's id and its secret."""
        options = ["--types", ",".join(types)] if types else []
        made = json.loads(self.manage("create", receiver.url, "--json", *options))
        return made["id"], made["secret"]

    def rotate(self, webhook: str) -> str:
        return json.loads(self.manage("rotate", webhook, "--json"))["secret"]

    def webhook(self) -> dict:
        (listed,) = json.loads(self.manage("list", "--json"))
        return listed

    def let_leases_lapse(self) -> None:
        """Has the effect of waiting: what a dead instance claimed, and what failed before, is due again."""
        self.change("UPDATE webhook_deliveries SET due_at = $$2020-01-01T00:00:00+00:00$$ WHERE delivered_at IS NULL")

    def change(self, sql: str) -> None:
        self._run(sql)

    def accounts(self) -> set[UUID]:
        return {UUID(row) for row in self._run("SELECT id FROM users", "SELECT hex(id) FROM users")}

    def _run(self, sql: str, on_sqlite: str | None = None) -> list[str]:
        if POSTGRES_URL:
            command = ["psql", "--quiet", "--no-psqlrc", "--tuples-only", "--no-align", POSTGRES_URL, "--command", sql]
            return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        with closing(sqlite3.connect(self._file, timeout=30)) as database, database:
            return [row[0] for row in database.execute((on_sqlite or sql).replace("$$", "'"))]

    def _is_ready(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()[-2000:]
        try:
            return self._http.get(f"{self.url}/health/ready").status_code == 200
        except httpx.TransportError:
            return False


@contextmanager
def running(folder: Path) -> Iterator[Service]:
    service = Service(folder)
    try:
        yield service.start()
        service.stop()
    finally:
        service.kill()


class Person:
    """An account owner with a browser."""

    def __init__(self, service: Service) -> None:
        self._http = httpx.Client(base_url=service.url, verify=False, timeout=30)

    def sign_up(self) -> UUID:
        body = {"email": f"{uuid4()}@example.com", "password": PASSWORD}
        return UUID(self._post("/api/auth/sign-up", body).json()["user"]["id"])

    def log_out(self) -> None:
        self._post("/api/auth/logout", None)

    def _post(self, path: str, body: dict | None) -> httpx.Response:
        return self._http.post(path, json=body).raise_for_status()
