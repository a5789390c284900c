"""An application behind nginx, Caddy or Envoy, configured as in examples/forward-auth, learns who sent a request."""

import os
import re
import socket
from collections.abc import Iterator
from email.message import Message
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
import servers

SERVICE = os.environ["SERVICE_URL"]
SERVICE_PORT = urlsplit(SERVICE).port
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def application() -> Iterator[servers.Application]:
    with servers.application() as application:
        yield application


@pytest.fixture(scope="module", params=["nginx", "caddy", "envoy"])
def proxy_name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def proxy(proxy_name: str, application: servers.Application, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp(proxy_name)
    with servers.proxy(proxy_name, folder, SERVICE_PORT, application.port) as url:
        yield url


@pytest.fixture
def visitor(proxy: str) -> Iterator[httpx.Client]:
    """A browser without cookies."""
    with httpx.Client(base_url=proxy) as visitor:
        yield visitor


@pytest.fixture
def bearer() -> dict[str, str]:
    """The headers of a program with the access token of a new account."""
    name = str(uuid4())
    body = {"username": name, "email": f"{name}@example.com", "password": PASSWORD}
    answer = httpx.post(f"{SERVICE}/api/sign-up/", json=body)
    assert answer.status_code == 201, answer.text
    return {"Authorization": f"Bearer {answer.json()['access']}"}


def sign_up(visitor: httpx.Client) -> dict[str, str]:
    """Signs up through the proxy. Returns the headers that the application has to receive from now on."""
    email = f"{uuid4()}@example.com"
    # The address is not confirmed, so the application learns only that.
    answer = visitor.post("/api/auth/sign-up", json={"email": email, "password": PASSWORD}).raise_for_status().json()
    (session,) = visitor.get("/api/auth/sessions").raise_for_status().json()
    return {
        "x-auth-user-id": answer["user"]["id"],
        "x-auth-email-verified": "false",
        "x-auth-session-id": session["id"],
    }


def told(answer: httpx.Response) -> dict[str, str]:
    """The identity headers that the application received, under any name it could mistake for the real ones."""
    assert answer.status_code == 200, answer.text
    headers = [(name.lower(), value) for name, value in answer.json()["headers"]]
    identity = [(name, value) for name, value in headers if re.match("x[^a-z0-9]auth[^a-z0-9]", name)]
    assert len(identity) == len(dict(identity))
    return dict(identity)


def test_the_application_learns_the_account_from_the_cookie(visitor: httpx.Client) -> None:
    owner = sign_up(visitor)
    answer = visitor.get("/orders?page=2")
    assert told(answer) == owner
    assert answer.json()["path"] == "/orders?page=2"
    assert answer.headers.get_list("Set-Cookie") == ["application=1"]


def test_an_access_token_tells_it_too(visitor: httpx.Client, bearer: dict[str, str]) -> None:
    owner = httpx.get(f"{SERVICE}/api/auth/verify", headers=bearer)
    assert owner.status_code == 204
    assert told(visitor.get("/", headers=bearer)) == {
        name: owner.headers[name] for name in ("x-auth-user-id", "x-auth-email-verified", "x-auth-session-id")
    }


def test_a_body_goes_to_the_application_and_nowhere_else(visitor: httpx.Client) -> None:
    owner = sign_up(visitor)
    # More than the service would take.
    body = "order " * 10_000
    answer = visitor.post("/orders", content=body)
    assert told(answer) == owner
    assert (answer.json()["method"], answer.json()["body"]) == ("POST", body)


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_every_method_gets_in_with_a_session_only(
    visitor: httpx.Client, application: servers.Application, method: str
) -> None:
    before = application.requests
    assert visitor.request(method, "/orders").status_code == 401
    assert application.requests == before
    sign_up(visitor)
    assert visitor.request(method, "/orders").status_code == 200
    assert application.requests == before + 1


def test_a_browser_without_a_session_is_sent_to_the_log_in_page(visitor: httpx.Client) -> None:
    page = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    answer = visitor.get("/orders?page=2", headers=page)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{SERVICE}/log-in")
    # A page of the service's own origin, as the proxy reports it, comes back after the log-in.
    address = {"Host": urlsplit(SERVICE).netloc}
    answer = visitor.get("/orders?page=2", headers=page | address)
    assert answer.headers["Location"] == f"{SERVICE}/log-in?return_to=%2Forders%3Fpage%3D2"
    assert visitor.get("/orders").status_code == 401
    assert visitor.post("/orders", headers=page, content="order").status_code == 401
    sign_up(visitor)
    assert visitor.get("/orders", headers=page).status_code == 200


def test_preflights_pass_and_nothing_that_only_claims_to_be_one(
    visitor: httpx.Client, application: servers.Application
) -> None:
    preflight = {"Origin": "https://shop.example.com", "Access-Control-Request-Method": "PUT"}
    assert told(visitor.options("/orders", headers=preflight)) == {}
    before = application.requests
    claim = preflight | {"X-Forwarded-Method": "OPTIONS", "X-HTTP-Method-Override": "OPTIONS"}
    for method in ("GET", "HEAD", "POST", "DELETE"):
        assert visitor.request(method, "/orders", headers=claim).status_code == 401
    assert application.requests == before


def test_a_web_socket_opens_with_a_session_only(visitor: httpx.Client, proxy: str) -> None:
    assert open_websocket(proxy, {}).startswith(b"HTTP/1.1 401")
    sign_up(visitor)
    cookies = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    answer = open_websocket(proxy, {"Cookie": cookies})
    assert answer.startswith(b"HTTP/1.1 101") and answer.endswith(b"\r\n\r\nping"), answer


def open_websocket(proxy: str, headers: dict[str, str]) -> bytes:
    """Sends a handshake and four bytes. Returns the answer and the bytes that came back, or all of a rejection."""
    address = urlsplit(proxy)
    headers = headers | {
        "Host": address.netloc,
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    answer = b""
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(f"GET /chat HTTP/1.1\r\n{lines}\r\n".encode())
        while not answer.endswith(b"ping"):
            part = connection.recv(4096)
            answer += part
            if not part or not answer.startswith(b"HTTP/1.1 101"[: len(answer)]):
                break
            if answer.endswith(b"\r\n\r\n"):
                connection.sendall(b"ping")
    return answer


def test_nobody_gets_in_without_a_session(
    visitor: httpx.Client, application: servers.Application, bearer: dict[str, str]
) -> None:
    before = application.requests
    forged = {"X-Auth-User-Id": "forged"}
    scheme, token = bearer["Authorization"].split()
    assert visitor.get("/").status_code == 401
    assert visitor.post("/orders", content="order").status_code == 401
    assert visitor.get("/", headers=forged).status_code == 401
    assert visitor.get("/", headers={"Cookie": "neptun-session=8AiPEGtzPkdBSJYGeF2aHg"}).status_code == 401
    assert visitor.get("/", headers={"Authorization": f"{scheme} {token[:-1]}"}).status_code == 401
    assert application.requests == before


def test_logging_out_closes_the_application_at_once(visitor: httpx.Client) -> None:
    owner = sign_up(visitor)
    kept = dict(visitor.cookies)
    assert told(visitor.get("/")) == owner
    assert visitor.post("/api/auth/logout").json() is True
    assert visitor.get("/").status_code == 401
    assert visitor.get("/", headers={"Cookie": "; ".join(f"{n}={v}" for n, v in kept.items())}).status_code == 401


@pytest.mark.parametrize(
    "name",
    [
        "X-Auth-User-Id",
        "x-auth-user-email",
        "X-Auth-Email-Verified",
        "X-AUTH-SESSION-ID",
        "X_Auth_User_Id",
        "X-Auth_User-Id",
        "x_auth-user_email",
        "X.Auth.Session.Id",
    ],
)
def test_nobody_can_say_who_they_are(visitor: httpx.Client, name: str) -> None:
    owner = sign_up(visitor)
    assert told(visitor.get("/", headers={name: "forged"})) == owner
    assert told(visitor.get("/", headers=[(name, "forged"), (name, "forged")])) == owner


def test_a_header_named_in_connection_can_be_lost_but_not_forged(visitor: httpx.Client) -> None:
    owner = sign_up(visitor)
    headers = {"Connection": "close, X-Auth-User-Id", "X-Auth-User-Id": "forged"}
    assert told(visitor.get("/", headers=headers)).items() <= owner.items()


def test_a_renewed_cookie_reaches_the_browser(
    proxy_name: str, application: servers.Application, tmp_path: Path
) -> None:
    cookie = "neptun-session=8AiPEGtzPkdBSJYGeF2aHg; HttpOnly; SameSite=Lax; Path=/; Max-Age=604800"
    with (
        servers.service_that_renews(cookie) as service,
        servers.proxy(proxy_name, tmp_path, service, application.port) as url,
    ):
        answer = httpx.get(url)
    assert sorted(answer.headers.get_list("Set-Cookie")) == ["application=1", cookie]
    assert told(answer) == {
        "x-auth-user-id": "1",
        "x-auth-user-email": "john@example.com",
        "x-auth-email-verified": "true",
        "x-auth-session-id": "1",
    }


def test_clients_choose_neither_the_id_nor_the_trace_of_a_request(
    proxy_name: str, application: servers.Application, tmp_path: Path
) -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    received: list[Message] = []
    with (
        servers.service_that_renews("a=1", received) as service,
        servers.proxy(proxy_name, tmp_path, service, application.port) as url,
    ):
        for path in ("/", "/api/auth/session"):
            httpx.get(url + path, headers={"X-Request-Id": "of-the-client", "traceparent": trace})
    assert len(received) == 2
    for headers in received:
        assert "of-the-client" not in headers.get_all("X-Request-Id", []) and not headers["traceparent"], headers.items()


def test_nobody_gets_in_while_the_service_is_down(
    proxy_name: str, application: servers.Application, tmp_path: Path
) -> None:
    before = application.requests
    with servers.proxy(proxy_name, tmp_path, servers.free_port(), application.port) as url:
        # Envoy says that it refuses.
        assert httpx.get(url).status_code in (403, 500, 502)
    assert application.requests == before
