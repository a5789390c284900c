"""An SMTP server that keeps what it is given, and fails on demand."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, AuthResult, Envelope


@dataclass(frozen=True)
class Delivery:
    """One mail as it was handed over: the envelope, and the bytes."""

    sender: str
    recipients: list[str]
    content: bytes

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.content, policy=policy.default)


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} seconds: {what}"
        time.sleep(0.05)


@dataclass
class MailServer:
    """Begins as a port that refuses connections. After `listen` they wait; after `serve` all of them are answered."""

    credentials: tuple[str, str] | None = None
    deliveries: list[Delivery] = field(default_factory=list)
    # For each command, the errors to answer with instead of success, each of them once.
    errors: dict[str, list[str]] = field(default_factory=lambda: {"MAIL": [], "RCPT": [], "DATA": []})
    rejects_everything: bool = False
    # How long the first mail waits for its last answer.
    silence: float = 0
    is_silent: threading.Event = field(default_factory=threading.Event)
    rejected: int = 0
    # What the last client called itself.
    introduced_as: str = ""

    def __post_init__(self) -> None:
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> "MailServer":
        return self

    def __exit__(self, *_) -> None:
        if self._loop:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._socket.close()

    def listen(self) -> "MailServer":
        self._socket.listen(100)
        return self

    def wait_for_a_caller(self) -> None:
        """Accepts one connection while the server only listens, and never answers on it."""
        self._socket.settimeout(10)
        self._caller, _ = self._socket.accept()

    def serve(self) -> "MailServer":
        self.listen()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def _run(self) -> None:
        authentication = {"authenticator": self._authenticate, "auth_required": True, "auth_require_tls": False}

        def session() -> SMTP:
            options = authentication if self.credentials else {}
            return SMTP(self, hostname="localhost", enable_SMTPUTF8=True, loop=self._loop, **options)

        self._loop.run_until_complete(self._loop.create_server(session, sock=self._socket))
        self._loop.run_forever()

    def to(self, address: str) -> list[Delivery]:
        return [delivery for delivery in list(self.deliveries) if address in delivery.recipients]

    def wait_for(self, address: str, count: int = 1, seconds: float = 30) -> Delivery:
        """The last of `count` mails to an address."""
        wait_until(lambda: len(self.to(address)) >= count, f"{count} mails to {address}", seconds)
        assert len(self.to(address)) == count
        return self.to(address)[-1]

    # Callbacks of the library.

    async def handle_MAIL(self, server: SMTP, session: object, envelope: Envelope, address: str, options: list) -> str:
        if answer := self._error("MAIL"):
            return answer
        self.introduced_as = session.host_name
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server: SMTP, session: object, envelope: Envelope, address: str, options: list) -> str:
        if answer := self._error("RCPT"):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: object, envelope: Envelope) -> str:
        if answer := self._error("DATA"):
            return answer
        delivery = Delivery(envelope.mail_from, list(envelope.rcpt_tos), envelope.original_content)
        if self.silence and not self.is_silent.is_set():
            self.is_silent.set()
            await asyncio.sleep(self.silence)
        self.deliveries.append(delivery)
        return "250 OK"

    def _error(self, command: str) -> str | None:
        if self.rejects_everything:
            self.rejected += 1
            return "451 4.3.0 Try again later"
        if not self.errors[command]:
            return None
        self.rejected += 1
        return self.errors[command].pop(0)

    def _authenticate(self, server: SMTP, session: object, envelope: Envelope, mechanism: str, data: object) -> object:
        offered = (data.login.decode(), data.password.decode())
        is_right = offered == self.credentials
        # What is not handled here, the library answers with 535.
        return AuthResult(success=is_right, handled=is_right)
