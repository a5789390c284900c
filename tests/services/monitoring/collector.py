"""An OpenTelemetry collector of a few lines, and a service that sends traces to it."""

import gzip
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

BINARY = os.environ["SERVICE_BINARY"]
# The first one is the trusted proxy; all of 127.0.0.0/8 belongs to this machine.
PROXY, STRANGER = "127.0.0.1", "127.0.0.2"


def wait_until(fact: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not fact():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


class Collector:
    """Takes traces, rejects them while `status` is an error, and does not answer while `hangs` is set."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.spans: list[tuple[Resource, Span]] = []
        self.texts = b""
        self.status = 200
        self.hangs = False
        self.released = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                if outer.hangs:
                    outer.released.wait(60)
                    return
                if outer.status == 200:
                    compressed = self.headers["content-encoding"] == "gzip"
                    outer.take(gzip.decompress(body) if compressed else body)
                self.send_response(outer.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def take(self, body: bytes) -> None:
        self.texts += body
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            for scope in resource.scope_spans:
                self.spans.extend((resource.resource, span) for span in scope.spans)

    def close(self) -> None:
        self.released.set()
        self.server.shutdown()
        self.server.server_close()

    def named(self, name: str) -> list[Span]:
        return [span for _, span in self.spans if span.name == name]

    def wait_for(self, name: str) -> list[Span]:
        wait_until(lambda: len(self.named(name)) > 0, f"no span {name}")
        return self.named(name)

    def of_request(self, request_id: str) -> Span:
        """Waits for the span of one request."""
        found = lambda: [span for _, span in self.spans if values(span.attributes).get("request_id") == request_id]
        wait_until(lambda: len(found()) > 0, f"no span of request {request_id}")
        [span] = found()
        return span

    def below(self, parent: Span) -> set[str]:
        return {span.name for span in self.children(parent)}

    def children(self, parent: Span) -> list[Span]:
        return [span for _, span in self.spans if span.parent_span_id == parent.span_id]


def values(attributes) -> dict[str, str | int]:
    """Attributes as a dictionary."""
    kinds = ((pair.key, pair.value.WhichOneof("value"), pair.value) for pair in attributes)
    return {key: getattr(value, kind) for key, kind, value in kinds}


class Service:
    """The service's own program, with a database that goes with it."""

    def __init__(self, folder: Path, **settings: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.log_file = folder / "log"
        self.environment = {
            "NEPTUN_AUTH_LISTEN": f"127.0.0.1:{port}",
            "NEPTUN_AUTH_DATABASE_URL": f"sqlite:{folder}/auth.db",
            "NEPTUN_AUTH_TRUSTED_PROXIES": PROXY,
        } | settings
        with self.log_file.open("w") as log:
            self.process = subprocess.Popen([BINARY, "serve"], env=self.environment, stdout=log, stderr=log)
        self.proxy, self.stranger = self.client(PROXY), self.client(STRANGER)
        try:
            wait_until(self.is_ready, "the service is not ready")
        except BaseException:
            self.close()
            raise

    def client(self, address: str) -> httpx.Client:
        transport = httpx.HTTPTransport(local_address=address)
        return httpx.Client(base_url=self.url, transport=transport, timeout=30)

    def is_ready(self) -> bool:
        try:
            return self.stranger.get("/health/ready").status_code == 200
        except httpx.TransportError:
            return False

    def log(self) -> str:
        return self.log_file.read_text()

    def threads(self) -> set[str]:
        tasks = Path(f"/proc/{self.process.pid}/task")
        return {(task / "comm").read_text().strip() for task in tasks.iterdir()}

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def close(self) -> None:
        self.proxy.close()
        self.stranger.close()
        self.process.kill()
        self.process.wait()
