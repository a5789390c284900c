"""The service's program, with its default limits and a SQLite database of its own."""

import os
import resource
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BINARY = os.environ["SERVICE_BINARY"]
HOST = "127.0.0.1"


class Service:
    def __init__(self, folder: Path, descriptors: int | None) -> None:
        with socket.create_server((HOST, 0)) as free:
            self.port = free.getsockname()[1]
        self.log = folder / "log"
        # Nothing else: the developer's own settings stay out of the tests.
        environment = {
            "NEPTUN_AUTH_LISTEN": f"{HOST}:{self.port}",
            "NEPTUN_AUTH_PUBLIC_URL": f"http://localhost:{self.port}",
            "NEPTUN_AUTH_DATABASE_URL": f"sqlite:{folder / 'auth.db'}",
        }

        def limit() -> None:
            if descriptors:
                resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))

        with self.log.open("w") as log:
            command = [BINARY, "serve"]
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, preexec_fn=limit)

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + 30
        while not self._listens():
            assert self.process.poll() is None and time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)

    def peak_memory(self) -> int:
        """The most memory that the process has had resident so far, in MiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        (peak,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(peak) // 1024

    def answered(self) -> int:
        """The number of requests in the log: all but successful checks of sessions."""
        return self.log.read_text().count(": answered ")

    def _listens(self) -> bool:
        try:
            socket.create_connection((HOST, self.port), timeout=1).close()
        except OSError:
            return False
        return True


@contextmanager
def running(folder: Path, descriptors: int | None) -> Iterator[Service]:
    """A service that has to run until the end."""
    service = Service(folder, descriptors)
    try:
        service.wait_until_ready()
        yield service
        assert service.process.poll() is None, service.log.read_text()
    finally:
        service.process.terminate()
        try:
            service.process.wait(timeout=15)
        finally:
            service.process.kill()
