"""An instance of the service's program."""

import os
import subprocess
import time
from pathlib import Path

import httpx
from cluster import free_port

BINARY = os.environ["SERVICE_BINARY"]


class Service:
    def __init__(self, folder: Path, database_url: str, **settings: str) -> None:
        port, metrics = free_port(), free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._metrics = f"http://127.0.0.1:{metrics}/metrics"
        self.log = folder / f"{port}.log"
        # Nothing else: the developer's own settings stay out of the tests.
        self._environment = {
            "NEPTUN_AUTH_LISTEN": f"127.0.0.1:{port}",
            "NEPTUN_AUTH_METRICS_LISTEN": f"127.0.0.1:{metrics}",
            "NEPTUN_AUTH_PUBLIC_URL": self.url,
            "NEPTUN_AUTH_DATABASE_URL": database_url,
            "NEPTUN_AUTH_SECRET_KEY": "5c0e8d27f1b94a6330e7d8125f9ac4b6e21d7048b395fc6a81d40e37926bcf15",
            "NEPTUN_AUTH_RATE_LIMITS": "off",
        } | {f"NEPTUN_AUTH_{name.upper()}": value for name, value in settings.items()}
        self.start()

    def start(self) -> None:
        """Again after its end, at the same address and with the same database."""
        with self.log.open("a") as log:
            self.process = subprocess.Popen([BINARY, "serve"], env=self._environment, stdout=log, stderr=log)

    def wait_until_ready(self, seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while self.readiness() != 200:
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, f"not ready after {seconds} s: {self.log.read_text()}"
            time.sleep(0.05)

    def readiness(self) -> int | None:
        try:
            return httpx.get(f"{self.url}/health/ready", timeout=10).status_code
        except httpx.TransportError:
            return None

    def is_writable(self) -> bool:
        """What the metric says."""
        page = httpx.get(self._metrics, timeout=10).text
        (line,) = [line for line in page.splitlines() if line.startswith("neptun_auth_database_writable ")]
        return line.endswith(" 1")

    def stop(self) -> int:
        self.process.terminate()
        try:
            return self.process.wait(timeout=12)
        finally:
            self.end()

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
