"""The proxy of each file in deploy/ chooses the id of a request, and logs it as the service does."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import instances
import pytest
from instances import Instance

PROXIES = ["haproxy", "nginx", "caddy", "compose", "envoy"]
OF_CLIENT = {
    "X-Request-Id": "of-the-client",
    "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
}


@pytest.mark.parametrize("name", PROXIES)
def test_the_log_of_the_proxy_has_the_id_that_the_service_logs(
    name: str, pair: list[Instance], tmp_path: Path
) -> None:
    folder = tmp_path / name
    folder.mkdir()
    with instances.balancer(name, folder, pair) as url:
        # An address in the path of an operation, and a query that may be a code.
        answer = httpx.post(f"{url}/guest@example.com/reset-password?code=secret-code", json={}, headers=OF_CLIENT)
        assert answer.status_code < 500
        id = answer.headers["x-request-id"]
        logs = lambda: [instances.proxy_log(folder), "".join(instance.log.read_text() for instance in pair)]
        instances.wait_until(lambda: all(id in log for log in logs()), lambda: f"{id} in {logs()}")
        for log in logs():
            assert not [word for word in ("of-the-client", "secret-code", "guest@") if word in log], log


class Upstream:
    """Stands in for an instance, and keeps the headers of the requests for a session."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.headers: list[Message] = []


@contextmanager
def upstream() -> Iterator[Upstream]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/api/auth/session":
                upstream.headers.append(self.headers)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    upstream = Upstream(server.server_port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield upstream
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("name", PROXIES)
@pytest.mark.parametrize("sent", [{}, OF_CLIENT], ids=["without headers", "with headers"])
def test_clients_choose_neither_the_id_nor_the_trace_of_a_request(
    name: str, sent: dict[str, str], tmp_path: Path
) -> None:
    with upstream() as one, instances.balancer(name, tmp_path, [one, one]) as url:
        for _ in range(2):
            assert httpx.get(f"{url}/api/auth/session", headers=sent).status_code == 200
        ids = [id for headers in one.headers for id in headers.get_all("X-Request-Id", [])]
        assert len(set(ids)) == len(ids) == 2, ids
        assert "of-the-client" not in ids
        assert not [headers for headers in one.headers if headers["traceparent"]]
