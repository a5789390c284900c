"""The servers around the service: the proxies with the examples' configurations, and what stands behind them."""

import base64
import hashlib
import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@dataclass
class Application:
    """Answers what it was asked, word for word, and counts."""

    requests: int = 0
    port: int = field(init=False)


@contextmanager
def application() -> Iterator[Application]:
    application = Application()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            application.requests += 1
            if self.headers.get("Upgrade") == "websocket":
                return self.open_websocket()
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            echo = {"method": self.command, "path": self.path, "headers": self.headers.items(), "body": body}
            answer = json.dumps(echo).encode()
            self.send_response(200)
            self.send_header("Set-Cookie", "application=1")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer)

        def open_websocket(self) -> None:
            """Answers the handshake and sends the first bytes back."""
            key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
            self.send_response(101)
            self.send_header("Upgrade", "websocket")
            self.send_header("Connection", "Upgrade")
            self.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
            self.end_headers()
            self.wfile.write(self.rfile.read(4))
            self.close_connection = True

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

        def log_message(self, *_) -> None:
            pass

    with _serving(Handler) as application.port:
        yield application


@contextmanager
def service_that_renews(cookie: str, received: list[Message] | None = None) -> Iterator[int]:
    """Stands in for the service five minutes after the session's last use, when the answer renews the cookie. Keeps the
    headers of each request in `received`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if received is not None:
                received.append(self.headers)
            # As the service does: Envoy takes no other answer.
            self.send_response(204 if self.path == "/api/auth/verify" else 200)
            self.send_header("X-Auth-User-Id", "1")
            self.send_header("X-Auth-User-Email", "john@example.com")
            self.send_header("X-Auth-Email-Verified", "true")
            self.send_header("X-Auth-Session-Id", "1")
            self.send_header("Set-Cookie", cookie)
            self.end_headers()

        def log_message(self, *_) -> None:
            pass

    with _serving(Handler) as port:
        yield port


@contextmanager
def _serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@contextmanager
def proxy(name: str, folder: Path, service: int, application: int) -> Iterator[str]:
    """Runs nginx, Caddy or Envoy with the example's configuration, its ports replaced. Gives the proxy's address."""
    port = free_port()
    ports = {"127.0.0.1:8080": f"127.0.0.1:{service}", "127.0.0.1:3000": f"127.0.0.1:{application}"}
    command = {"nginx": _nginx, "caddy": _caddy, "envoy": _envoy}[name](folder, port, ports)
    with (folder / "log").open("w+") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env=os.environ | {"HOME": str(folder)})
        try:
            _wait_until_listening(port, process, log)
            yield f"http://localhost:{port}"
        finally:
            process.terminate()
            process.wait(10)


def _nginx(folder: Path, port: int, ports: dict[str, str]) -> list[str]:
    site = _replaced(Path("nginx-site.conf").read_text(), {"listen 80;": f"listen 127.0.0.1:{port};"} | ports)
    (folder / "site.conf").write_text(site)
    shutil.copy("nginx.conf", folder)
    (folder / "temp").mkdir()
    return ["nginx", "-p", str(folder), "-c", "nginx.conf", "-e", "stderr"]


def _caddy(folder: Path, port: int, ports: dict[str, str]) -> list[str]:
    address = {"app.example.com {": f"http://:{port} {{\n\tbind 127.0.0.1"}
    site = _replaced(Path("Caddyfile").read_text(), address | ports)
    # The port for administration is the same for every Caddy of a machine.
    (folder / "Caddyfile").write_text("{\n\tadmin off\n}\n" + site)
    return ["caddy", "run", "--config", "Caddyfile", "--adapter", "caddyfile"]


def _envoy(folder: Path, port: int, ports: dict[str, str]) -> list[str]:
    ports = {_envoy_address(old): _envoy_address(new) for old, new in ports.items()}
    here = {
        "address: 0.0.0.0, port_value: 80 }": f"address: 127.0.0.1, port_value: {port} }}",
        "[app.example.com]": '["*"]',
    }
    (folder / "envoy.yaml").write_text(_replaced(Path("envoy.yaml").read_text(), here | ports))
    # Without shared memory, several can run side by side.
    return ["envoy", "--config-path", "envoy.yaml", "--disable-hot-restart", "--concurrency", "1"]


def _envoy_address(address: str) -> str:
    host, port = address.split(":")
    return f"address: {host}, port_value: {port} }}"


def _replaced(text: str, replacements: dict[str, str]) -> str:
    for old, new in replacements.items():
        assert old in text
        text = text.replace(old, new)
    return text


def _wait_until_listening(port: int, process: subprocess.Popen, log) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                log.seek(0)
                raise AssertionError(f"the proxy did not start: {log.read()}") from None
            time.sleep(0.05)
