"""What the service sends to other servers is in its traces: who was asked and what came of it, and nothing secret."""

import json
import os
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from collector import BINARY, Collector, Service, values, wait_until
from mail_server import MailServer
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

TLS = Path(os.environ["TLS"])
EMAIL = "traced@example.com"
CREDENTIALS = {"email": EMAIL, "password": "correct horse battery"}
SECRETS = ("secret-client", "secret-code", "secret-path", "secret-query", EMAIL)


class OtherServer:
    """An OpenID provider that redeems no code, and a receiver of webhooks."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str]]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                url = outer.url
                metadata = {
                    "issuer": url,
                    "authorization_endpoint": f"{url}/authorize",
                    "token_endpoint": f"{url}/token",
                    "jwks_uri": f"{url}/keys",
                }
                self.answer(200, json.dumps(metadata).encode())

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                self.answer(400 if self.path == "/token" else 204, b"")

            def answer(self, status: int, body: bytes) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                outer.requests.append((self.path, headers))
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(TLS / "server.pem", TLS / "server.key")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.port = self.server.server_address[1]
        self.url = f"https://localhost:{self.port}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    yield collector
    collector.close()


@pytest.fixture
def other() -> Iterator[OtherServer]:
    other = OtherServer()
    yield other
    other.close()


def service(collector: Collector, folder: Path, **settings: str) -> Service:
    return Service(
        folder,
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
        NEPTUN_AUTH_OUTBOUND_NETWORKS="127.0.0.0/8,::1/128",
        NEPTUN_AUTH_OUTBOUND_CA_FILE=str(TLS / "authority.pem"),
        **settings,
    )


def only_call(collector: Collector, parent: Span) -> Span:
    """The one request to another server below a span."""
    calls = lambda: [span for span in collector.children(parent) if span.kind == Span.SPAN_KIND_CLIENT]
    wait_until(lambda: len(calls()) > 0, f"no call below {parent.name}")
    [call] = calls()
    assert call.trace_id == parent.trace_id
    return call


def assert_nothing_told(collector: Collector, other: OtherServer) -> None:
    for secret in SECRETS:
        assert secret.encode() not in collector.texts, secret
    for path, headers in other.requests:
        assert not {"traceparent", "tracestate", "x-request-id"} & headers.keys(), path


def test_what_a_request_asks_of_a_provider_is_part_of_its_trace(
    collector: Collector, other: OtherServer, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("secret-client")
    providers = tmp_path / "providers.toml"
    section = {"kind": "oidc", "issuer": other.url, "client_id": "neptun", "client_secret_file": "secret"}
    providers.write_text("[company]\n" + "".join(f'{name} = "{value}"\n' for name, value in section.items()))
    traced = service(collector, tmp_path, NEPTUN_AUTH_PROVIDERS_FILE=str(providers))
    try:
        answer = traced.stranger.get("/auth/company")
        assert answer.status_code in (302, 303), answer.text
        call = only_call(collector, collector.of_request(answer.headers["x-request-id"]))
        assert call.name == "GET"
        expected = {"http.request.method": "GET", "server.address": "localhost", "server.port": other.port}
        assert values(call.attributes) == expected | {"http.response.status_code": 200}
        assert call.status.code == Status.STATUS_CODE_UNSET

        state = parse_qs(urlsplit(answer.headers["location"]).query)["state"][0]
        answer = traced.stranger.get("/auth/company", params={"code": "secret-code", "state": state})
        call = only_call(collector, collector.of_request(answer.headers["x-request-id"]))
        assert call.name == "POST"
        expected |= {"http.request.method": "POST", "http.response.status_code": 400, "error.type": "400"}
        assert values(call.attributes) == expected
        assert call.status.code == Status.STATUS_CODE_ERROR
        assert [path for path, _ in other.requests] == ["/.well-known/openid-configuration", "/token"]
        assert_nothing_told(collector, other)
    finally:
        traced.close()


def test_each_attempt_to_tell_a_webhook_is_a_trace_of_its_own(
    collector: Collector, other: OtherServer, tmp_path: Path
) -> None:
    traced = service(collector, tmp_path)
    try:
        heard = create_webhook(traced, f"{other.url}/secret-path?key=secret-query")
        down = create_webhook(traced, "https://localhost:9/")
        assert traced.stranger.post("/api/auth/sign-up", json=CREDENTIALS).status_code == 200

        of_webhook = lambda webhook: [
            span for span in collector.named("webhook delivery") if values(span.attributes)["webhook"] == webhook
        ]
        wait_until(lambda: of_webhook(heard) and of_webhook(down), "no span of both")
        delivery = of_webhook(heard)[0]
        assert not delivery.parent_span_id
        wait_until(lambda: len(other.requests) > 0, "nothing was sent")
        ids = {headers["webhook-id"] for _, headers in other.requests}
        assert values(delivery.attributes)["event"] in ids
        assert "database transaction" in collector.below(delivery)
        call = only_call(collector, delivery)
        assert (call.name, values(call.attributes)["http.response.status_code"]) == ("POST", 204)

        call = only_call(collector, of_webhook(down)[0])
        assert values(call.attributes) == {
            "http.request.method": "POST",
            "server.address": "localhost",
            "server.port": 9,
            "error.type": "connection_failed",
        }
        assert call.status.code == Status.STATUS_CODE_ERROR
        assert_nothing_told(collector, other)
    finally:
        traced.close()


def create_webhook(traced: Service, url: str) -> str:
    command = [BINARY, "webhooks", "create", url, "--json"]
    done = subprocess.run(command, env=traced.environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["id"]


def test_each_attempt_to_send_a_mail_is_a_trace_of_its_own(collector: Collector, tmp_path: Path) -> None:
    with MailServer() as mails:
        mails.rejects_everything = True
        settings = {"NEPTUN_AUTH_SMTP_URL": mails.serve().url, "NEPTUN_AUTH_MAIL_FROM": "no-reply@example.com"}
        traced = service(collector, tmp_path, **settings)
        try:
            port = int(mails.url.rsplit(":")[-1])
            ask_for_a_mail(traced, EMAIL)
            delivery = collector.wait_for("mail delivery")[0]
            assert not delivery.parent_span_id
            assert values(delivery.attributes)["mail"] in traced.log()
            call = only_call(collector, delivery)
            assert call.name == "SMTP"
            assert values(call.attributes) == {"server.address": "127.0.0.1", "server.port": port}
            assert call.status.code == Status.STATUS_CODE_ERROR

            mails.rejects_everything = False
            ask_for_a_mail(traced, "other@example.com")
            mails.wait_for("other@example.com")
            ended_well = lambda: [span for span in collector.named("SMTP") if span.status.code != call.status.code]
            wait_until(lambda: len(ended_well()) > 0, "no span of the mail that was taken")
            for secret in (EMAIL, "other@example.com"):
                assert secret.encode() not in collector.texts
        finally:
            traced.close()


def ask_for_a_mail(traced: Service, email: str) -> None:
    traced.stranger.cookies.clear()
    assert traced.stranger.post("/api/auth/sign-up", json=CREDENTIALS | {"email": email}).status_code == 200
    assert traced.stranger.post("/api/auth/email/send-code").is_success


def test_nothing_that_is_sent_later_is_traced_where_no_request_is(
    collector: Collector, other: OtherServer, tmp_path: Path
) -> None:
    traced = service(collector, tmp_path, OTEL_TRACES_SAMPLER="parentbased_always_off")
    try:
        create_webhook(traced, other.url)
        assert traced.stranger.post("/api/auth/sign-up", json=CREDENTIALS).status_code == 200
        wait_until(lambda: len(other.requests) > 0, "nothing was sent")
        assert traced.stop() == 0
        assert collector.spans == []
    finally:
        traced.close()
