"""Two instances of the service on one PostgreSQL, and the load balancer in front of them."""

import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

BINARY = os.environ["SERVICE_BINARY"]
DATABASE = os.environ["POSTGRES_URL"]
SECRET_KEY = secrets.token_hex(32)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Instance:
    """One instance, as deploy/ wants it: it says for two seconds that it is about to stop."""

    def __init__(self, folder: Path, name: str) -> None:
        self.port = free_port()
        self.log = folder / f"{name}.log"
        self._process: subprocess.Popen | None = None

    def start(self) -> None:
        environment = {
            "NEPTUN_AUTH_LISTEN": f"127.0.0.1:{self.port}",
            "NEPTUN_AUTH_PUBLIC_URL": "http://localhost:8080",
            "NEPTUN_AUTH_DATABASE_URL": DATABASE,
            "NEPTUN_AUTH_SECRET_KEY": SECRET_KEY,
            "NEPTUN_AUTH_RATE_LIMITS": "off",
            "NEPTUN_AUTH_TRUSTED_PROXIES": "127.0.0.1",
            "NEPTUN_AUTH_DRAIN_DELAY": "5s",
        }
        with self.log.open("a") as log:
            self._process = subprocess.Popen([BINARY, "serve"], env=environment, stdout=log, stderr=log)
        wait_until(self._is_ready, lambda: self.log.read_text())

    def stop(self) -> None:
        """Stops as a deployment does, and must end cleanly."""
        self._process.terminate()
        assert self._process.wait(timeout=20) == 0, self.log.read_text()

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/health/ready", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False


@contextmanager
def balancer(name: str, folder: Path, instances: list[Instance]) -> Iterator[str]:
    """Runs the balancer with its file in deploy/, addresses replaced. Gives its address."""
    port = free_port()
    addresses = {
        "10.0.0.1:8080": f"127.0.0.1:{instances[0].port}",
        "10.0.0.2:8080": f"127.0.0.1:{instances[1].port}",
    }
    command = _COMMANDS[name](folder, port, addresses)
    with (folder / "log").open("w+") as log:
        environment = os.environ | {"HOME": str(folder)}
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env=environment)
        try:
            url = f"http://localhost:{port}"
            wait_until(lambda: _answers(url), lambda: (folder / "log").read_text())
            yield url
        finally:
            process.terminate()
            process.wait(10)


def _haproxy(folder: Path, port: int, addresses: dict[str, str]) -> list[str]:
    text = _replaced(Path("haproxy.cfg").read_text(), {"bind :80": f"bind 127.0.0.1:{port}"} | addresses)
    (folder / "haproxy.cfg").write_text(text)
    return ["haproxy", "-db", "-f", "haproxy.cfg"]


def _nginx(folder: Path, port: int, addresses: dict[str, str]) -> list[str]:
    here = {"listen 80;": f"listen 127.0.0.1:{port};", "/var/log/nginx/neptun-auth.log": "access.log"}
    text = _replaced(Path("nginx.conf").read_text(), here | addresses)
    (folder / "site.conf").write_text(text)
    shutil.copy("around-nginx.conf", folder / "nginx.conf")
    (folder / "temp").mkdir()
    return ["nginx", "-p", str(folder), "-c", "nginx.conf", "-e", "stderr"]


def _caddy(folder: Path, port: int, addresses: dict[str, str]) -> list[str]:
    return _caddy_with("Caddyfile", folder, {"auth.example.com {": _site(port)} | addresses)


def _compose(folder: Path, port: int, addresses: dict[str, str]) -> list[str]:
    one, two = addresses.values()
    return _caddy_with("compose.Caddyfile", folder, {"{$AUTH_DOMAIN} {": _site(port), "one:8080": one, "two:8080": two})


def _site(port: int) -> str:
    return f"http://:{port} {{\n\tbind 127.0.0.1"


def _caddy_with(file: str, folder: Path, replacements: dict[str, str]) -> list[str]:
    text = _replaced(Path(file).read_text(), replacements)
    # The port for administration is the same for every Caddy of a machine.
    (folder / "Caddyfile").write_text("{\n\tadmin off\n}\n" + text)
    return ["caddy", "run", "--config", "Caddyfile", "--adapter", "caddyfile"]


def _envoy(folder: Path, port: int, addresses: dict[str, str]) -> list[str]:
    own = {"0.0.0.0:80": f"127.0.0.1:{port}"} | addresses
    written = {_in_envoy(old): _in_envoy(new) for old, new in own.items()}
    (folder / "envoy.yaml").write_text(_replaced(Path("envoy.yaml").read_text(), written))
    # Without shared memory, several can run side by side.
    return ["envoy", "--config-path", "envoy.yaml", "--disable-hot-restart", "--concurrency", "1"]


_COMMANDS = {"haproxy": _haproxy, "nginx": _nginx, "caddy": _caddy, "compose": _compose, "envoy": _envoy}


def proxy_log(folder: Path) -> str:
    """What the balancer in this folder has logged."""
    logs = [folder / "log", folder / "access.log"]
    return "".join(log.read_text() for log in logs if log.exists())


def _in_envoy(address: str) -> str:
    host, port = address.split(":")
    return f"address: {host}, port_value: {port} }}"


def _replaced(text: str, replacements: dict[str, str]) -> str:
    for old, new in replacements.items():
        assert old in text
        text = text.replace(old, new)
    return text


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/live", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def wait_until(condition, log) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"it did not happen: {log()}")
        time.sleep(0.05)
