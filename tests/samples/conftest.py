"""The service and the page that the samples use, started by the lines of a sample."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from blocks import ROOT, text_of

SERVICE = "http://localhost:8080"
PAGE = "http://localhost:3000"
WEBHOOKS_ON_THIS_MACHINE = {
    "NEPTUN_AUTH_OUTBOUND_NETWORKS": "127.0.0.0/8,::1/128",
    "NEPTUN_AUTH_OUTBOUND_CA_FILE": str(ROOT / "tests/api/helpers/tls/authority.pem"),
}
START = ("examples/browser/README.md", "neptun-auth serve")


def environment(folder: Path) -> dict[str, str]:
    """The machine's own, without the developer's settings, and with a database in `folder`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NEPTUN_AUTH_")}
    return kept | {"NEPTUN_AUTH_DATABASE_URL": f"sqlite:{folder}/auth.db"}


def start(command: str, folder: Path, url: str, **more: str) -> subprocess.Popen:
    """Starts a command of a sample in the project's root, and waits until it serves `url`."""
    port = int(url.split(":")[2].split("/")[0])
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0, f"port {port} is taken; the samples need it"
    process = subprocess.Popen(
        ["bash", "-c", f"set -e\n{command}"], cwd=ROOT, env=environment(folder) | more, start_new_session=True
    )
    for _ in range(3000):
        assert process.poll() is None, f"{command} ended with {process.returncode}"
        try:
            httpx.get(url).raise_for_status()
            return process
        except httpx.HTTPError:
            time.sleep(0.1)
    raise AssertionError(f"{url} is not served by {command}")


def stop(process: subprocess.Popen) -> None:
    os.killpg(process.pid, signal.SIGTERM)
    process.wait(20)


@pytest.fixture(scope="session")
def service_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Has the service's program and its database."""
    return tmp_path_factory.mktemp("service")


@pytest.fixture(scope="session")
def service(service_folder: Path) -> Iterator[str]:
    """Runs each line of the sample as a program of its own: neither ends by itself."""
    folder = service_folder
    (folder / "neptun-auth").symlink_to(os.environ["SERVICE_BINARY"])
    path = f"{folder}:{os.environ['PATH']}"
    serve, page = text_of(START).splitlines()
    processes = []
    try:
        processes.append(start(serve, folder, f"{SERVICE}/health/ready", PATH=path, **WEBHOOKS_ON_THIS_MACHINE))
        processes.append(start(page, folder, PAGE))
        yield SERVICE
    finally:
        for process in processes:
            stop(process)
