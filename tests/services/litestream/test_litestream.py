"""A database that Litestream streams survives its machine."""

import os
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from service import BINARY, Service

PASSWORD = "correct horse battery"
SECRET_KEY = "5c0e8d27f1b94a6330e7d8125f9ac4b6e21d7048b395fc6a81d40e37926bcf15"
WRITERS = 3
SIGN_UPS = 40


class Machine:
    """The service and Litestream on one database file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "disk/neptun-auth.db"
        self.replica = folder / "elsewhere"
        self.database.parent.mkdir()
        self._environment = {
            "PATH": os.environ["PATH"],
            "AUTH_DATABASE": str(self.database),
            "AUTH_REPLICA": f"file://{self.replica}",
        }
        self.processes: list[subprocess.Popen] = []

    def start_service(self) -> Service:
        service = Service(self.folder, f"sqlite:{self.database}", argon2_memory_kib="19456")
        self.processes.append(service.process)
        service.wait_until_ready()
        return service

    def start_streaming(self) -> None:
        with (self.folder / "litestream.log").open("a") as log:
            command = ["litestream", "replicate", "-config", "litestream.yml"]
            self.processes.append(subprocess.Popen(command, env=self._environment, stdout=log, stderr=log))

    def restore(self, to: Path) -> bool:
        command = ["litestream", "restore", "-config", "litestream.yml", "-integrity-check", "full", "-o", str(to)]
        restored = subprocess.run(
            [*command, str(self.database)], env=self._environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        return restored.returncode == 0

    def wait_until_streamed(self, accounts: int) -> None:
        """Restores elsewhere until the copy has all accounts: it is sent a second after each commit."""
        deadline = time.monotonic() + 60
        for attempt in range(1000):
            copy = self.folder / f"attempt{attempt}.db"
            if self.restore(copy) and count(copy) == accounts:
                return
            assert time.monotonic() < deadline, (self.folder / "litestream.log").read_text()
            time.sleep(0.2)

    def lose(self) -> None:
        """The power fails, and the disk with it."""
        for process in self.processes:
            process.kill()
            process.wait()
        for file in self.database.parent.iterdir():
            if file.is_dir():
                subprocess.run(["rm", "-r", file], check=True)
            else:
                file.unlink()


def count(database: Path) -> int:
    connection = sqlite3.connect(database)
    try:
        return connection.execute("SELECT COUNT(*) FROM users").fetchone()[0]
    except sqlite3.DatabaseError:
        return -1
    finally:
        connection.close()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    machine = Machine(tmp_path)
    yield machine
    for process in machine.processes:
        process.kill()
        process.wait()


def post(url: str, path: str, email: str) -> httpx.Response:
    return httpx.post(url + path, json={"email": email, "password": PASSWORD}, timeout=30)


def test_what_was_streamed_is_there_after_the_loss_of_the_machine(machine: Machine) -> None:
    service = machine.start_service()
    machine.start_streaming()

    def sign_up(writer: int) -> list[str]:
        emails = [f"user{number}@writer{writer}.example.com" for number in range(SIGN_UPS)]
        return [email for email in emails if post(service.url, "/api/auth/sign-up", email).status_code == 200]

    with ThreadPoolExecutor(WRITERS) as writers:
        signed_up = [email for emails in writers.map(sign_up, range(WRITERS)) for email in emails]
    assert len(signed_up) == WRITERS * SIGN_UPS, "Litestream keeps no request waiting"
    session = post(service.url, "/api/auth/login", signed_up[0]).headers["set-cookie"].split(";")[0]
    assert httpx.get(f"{service.url}/api/auth/session", headers={"cookie": session}).status_code == 200
    machine.wait_until_streamed(len(signed_up))
    machine.lose()

    assert machine.restore(machine.database)
    taken_over = subprocess.run(
        [BINARY, "restore", "--in-place", "--yes"],
        env={"NEPTUN_AUTH_DATABASE_URL": f"sqlite:{machine.database}", "NEPTUN_AUTH_SECRET_KEY": SECRET_KEY},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert " old: its last change is of " in taken_over.stdout
    service = machine.start_service()
    assert httpx.get(f"{service.url}/api/auth/session", headers={"cookie": session}).status_code == 401
    for email in signed_up:
        assert post(service.url, "/api/auth/login", email).status_code == 200, email
    # It goes on from there.
    machine.start_streaming()
    assert post(service.url, "/api/auth/sign-up", "later@example.com").status_code == 200
    machine.wait_until_streamed(len(signed_up) + 1)
