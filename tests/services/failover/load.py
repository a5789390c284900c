"""People who sign up, come back and log out at two instances, and what they were told."""

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from uuid import uuid4

import httpx

PASSWORD = "correct horse battery"
# Each instance knows of the other's changes within a second.
NOTICE = 1
# One of so many people does not log out.
STAYS = 4


@dataclass
class Record:
    """What all clients saw. Lists are only appended to, which threads may do at the same time."""

    # Addresses, and when the answer said so.
    signed_up: list[tuple[float, str]] = field(default_factory=list)
    # Cookies whose sessions ended, and when the answer said so.
    logged_out: list[tuple[float, str]] = field(default_factory=list)
    # Cookies whose sessions go on.
    staying: list[str] = field(default_factory=list)
    # Answers that did not know of the end of a session in time, or of one that goes on.
    stale: list[str] = field(default_factory=list)
    refused: Counter = field(default_factory=Counter)
    # Calls that got no answer.
    cut_off: Counter = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        return self.stale + self.wrong


class Load:
    def __init__(
        self, instances: list[str], clients: int, *, notice: float = 2 * NOTICE, may_be_cut_off: bool = False
    ) -> None:
        """`notice` is twice the promise unless a test says otherwise, for a machine under the load of other tests."""
        self.record = Record()
        self._notice = notice
        self._may_be_cut_off = may_be_cut_off
        self._instances = instances
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(clients)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def wait_for_write(self, since: float, seconds: float) -> float:
        """How long after `since` the next write was acknowledged: a sign-up, or a log-out, which needs no hash."""
        deadline = time.monotonic() + seconds + 30
        while time.monotonic() < deadline:
            written = self.record.signed_up[-500:] + self.record.logged_out[-500:]
            later = [at for at, _ in written if at >= since]
            if later:
                return min(later) - since
            time.sleep(0.05)
        return float("inf")

    def _run(self, number: int) -> None:
        with httpx.Client(timeout=40) as http:
            while not self._stop.is_set():
                self._round(http, self._instances[number % 2], self._instances[(number + 1) % 2])
                time.sleep(0.02)

    def _round(self, http: httpx.Client, here: str, there: str) -> None:
        email = f"{uuid4()}@example.com"
        answer = self._call(http, "POST", f"{here}/api/auth/sign-up", {"email": email, "password": PASSWORD})
        if answer is None:
            return
        self.record.signed_up.append((time.monotonic(), email))
        cookie = answer.headers["Set-Cookie"].split(";")[0]
        # The other instance remembers the session, and then has to forget it.
        self._call(http, "GET", f"{there}/api/auth/check", cookie=cookie, good=(204,))
        if random.randrange(STAYS) == 0:
            self.record.staying.append(cookie)
        elif self._call(http, "POST", f"{here}/api/auth/logout", cookie=cookie):
            self.record.logged_out.append((time.monotonic(), cookie))
        self._check_sessions(http, there)

    def _check_sessions(self, http: httpx.Client, there: str) -> None:
        """One that ended long enough ago for everybody to know, and one that goes on."""
        now = time.monotonic()
        ended = [cookie for at, cookie in self.record.logged_out[-200:] if at < now - self._notice]
        if ended:
            self._check(http, there, ended[-1], 401)
        if self.record.staying:
            self._check(http, there, random.choice(self.record.staying), 204)

    def _check(self, http: httpx.Client, there: str, cookie: str, status: int) -> None:
        answer = self._call(http, "GET", f"{there}/api/auth/check", cookie=cookie, good=(204, 401))
        if answer is not None and answer.status_code != status:
            self.record.stale.append(f"{there}: {answer.status_code} instead of {status} for {cookie}")

    def _call(self, http, method, url, body=None, cookie=None, good=(200,)) -> httpx.Response | None:
        """The answer if it is a good one; a 503 with its header is counted, and everything else is wrong."""
        headers = {"Cookie": cookie} if cookie else {}
        try:
            # Its own jar, in which each renewed cookie ends, would replace what the header says.
            http.cookies.clear()
            answer = http.request(method, url, json=body, headers=headers)
        except httpx.TransportError as error:
            if self._may_be_cut_off:
                self.record.cut_off[method] += 1
            else:
                self.record.wrong.append(f"{method} {url}: {error!r}")
            return None
        if answer.status_code in good:
            return answer
        if answer.status_code == 503 and "Retry-After" in answer.headers:
            self.record.refused[method] += 1
        else:
            self.record.wrong.append(f"{method} {url}: {answer.status_code} {answer.text}")
        return None
