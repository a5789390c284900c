"""A receiver of webhooks with https, which keeps what it gets."""

import json
import os
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

TLS = Path(os.environ["TLS"])


@dataclass(frozen=True)
class Message:
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict:
        return json.loads(self.body)


class Receiver:
    """Takes every message, unless `answer` says otherwise."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        # Returns the status to answer with; `None` hangs up.
        self.answer: Callable[[Message], int | None] = lambda _: 204
        self._lock = threading.Lock()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(TLS / "server.pem", TLS / "server.key")
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        # A client that was killed leaves half a handshake or half a request.
        self._server.handle_error = lambda *_: None
        # The handshake happens in the thread of the connection: a client that was killed holds up no other.
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self.url = f"https://localhost:{self._server.server_port}/hook"

    def __enter__(self) -> "Receiver":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def of_type(self, name: str) -> list[Message]:
        return [message for message in list(self.messages) if message.event["type"] == name]

    def _handler(receiver) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                message = Message({name.lower(): value for name, value in self.headers.items()}, body)
                with receiver._lock:
                    receiver.messages.append(message)
                status = receiver.answer(message)
                if status is not None:
                    self.send_response(status)
                    self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        return Handler
