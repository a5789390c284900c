"""The service as a process: starting, watching and stopping it."""

import http.client
import json
import os
import secrets
import socket
import subprocess
import time
from typing import Self

from .tools import BINARY, PASSWORD

# One for all instances of a run. The service refuses a key with a pattern.
SECRET_KEY = secrets.token_hex(32)
TICKS = os.sysconf("SC_CLK_TCK")


class Service:
    """A running service. Its log goes nowhere, but it is written: that work belongs to a request."""

    def __init__(self, database_url: str) -> None:
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        # An empty environment keeps the developer's own settings out.
        self.environment = {
            "NEPTUN_AUTH_LISTEN": self.address,
            "NEPTUN_AUTH_DATABASE_URL": database_url,
            "NEPTUN_AUTH_SECRET_KEY": SECRET_KEY,
            # Counted as ever, and never reached: the load comes from one network.
            **{f"NEPTUN_AUTH_LIMIT_{name}": "3600000/1h" for name in ("SIGN_UP", "LOG_IN", "REFRESH")},
        }
        start = time.perf_counter()
        self.process = subprocess.Popen(
            [BINARY, "serve"], env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            self.wait_until_ready()
        except BaseException:
            self.stop()
            raise
        self.start_milliseconds = (time.perf_counter() - start) * 1000

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + 60
        while not self.is_ready():
            if self.process.poll() is not None:
                raise SystemExit(f"The service did not start:\n{self.complaint()}")
            if time.monotonic() > deadline:
                raise SystemExit("The service did not become ready.")
            time.sleep(0.001)

    def is_ready(self) -> bool:
        try:
            return self.call("GET", "/health/ready")[0] == 200
        except OSError:
            return False

    def complaint(self) -> str:
        """Starts the service once more and returns what it writes to standard error."""
        try:
            again = subprocess.run(
                [BINARY, "serve"], env=self.environment, capture_output=True, text=True, timeout=5, check=False
            )
        except subprocess.TimeoutExpired:
            return "(the second time it did)"
        return again.stderr

    def call(
        self, method: str, path: str, body: dict | None = None, cookie: str = ""
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        headers = {"cookie": cookie} if cookie else {}
        if body is not None:
            headers["content-type"] = "application/json"
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def sign_up(self, email: str) -> str:
        """Makes an account and returns its session as a Cookie header."""
        status, headers, _ = self.call("POST", "/api/auth/sign-up", {"email": email, "password": PASSWORD})
        if status != 200:
            raise SystemExit(f"A sign-up was answered with {status}.")
        return headers["set-cookie"].split(";")[0]

    def sign_up_for_tokens(self, username: str) -> dict:
        """Makes an account and returns its pair of tokens."""
        account = {"username": username, "email": f"{username}@example.com", "password": PASSWORD}
        status, _, body = self.call("POST", "/api/sign-up/", account)
        if status != 201:
            raise SystemExit(f"A sign-up was answered with {status}.")
        return json.loads(body)

    def is_signed_in(self, cookie: str) -> bool:
        return self.call("GET", "/api/auth/check", cookie=cookie)[0] == 204

    def processor_seconds(self) -> float:
        """Time that the process has had on all cores, in the kernel too."""
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self) -> float:
        return self.memory_field("VmRSS")

    def peak_memory(self) -> float:
        """The largest resident memory since `forget_peak`, in MiB."""
        return self.memory_field("VmHWM")

    def memory_field(self, name: str) -> float:
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            line = next(line for line in file if line.startswith(name))
        return int(line.split()[1]) / 1024

    def forget_peak(self) -> None:
        with open(f"/proc/{self.process.pid}/clear_refs", "w", encoding="ascii") as file:
            file.write("5")

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
