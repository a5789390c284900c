"""People who sign up, come back and log out at two instances, and what they were told."""

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from uuid import uuid4

import httpx

PASSWORD = "correct horse battery"
# Each instance knows of the other's changes within a second; another one for a machine under load.
NOTICE = 2


@dataclass
class Record:
    """What all clients saw. Lists are only appended to, which threads may do at the same time."""

    # Addresses, and when the answer said so.
    signed_up: list[tuple[float, str]] = field(default_factory=list)
    # Cookies whose sessions ended, and when the answer said so.
    logged_out: list[tuple[float, str]] = field(default_factory=list)
    refused: Counter = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


class Load:
    def __init__(self, instances: list[str], clients: int) -> None:
        self.record = Record()
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
        http.cookies.clear()
        # The other instance remembers the session, and then has to forget it.
        self._call(http, "GET", f"{there}/api/auth/check", cookie=cookie, good=(204,))
        if self._call(http, "POST", f"{here}/api/auth/logout", cookie=cookie):
            self.record.logged_out.append((time.monotonic(), cookie))
        self._check_one_that_ended(http, there)

    def _check_one_that_ended(self, http: httpx.Client, there: str) -> None:
        now = time.monotonic()
        ended = [cookie for at, cookie in self.record.logged_out[-200:] if at < now - NOTICE]
        if ended:
            self._call(http, "GET", f"{there}/api/auth/check", cookie=ended[-1], good=(401,))

    def _call(self, http, method, url, body=None, cookie=None, good=(200,)) -> httpx.Response | None:
        """The answer if it is a good one; a 503 with its header is counted, and everything else is wrong."""
        headers = {"Cookie": cookie} if cookie else {}
        try:
            answer = http.request(method, url, json=body, headers=headers)
        except httpx.TransportError as error:
            self.record.wrong.append(f"{method} {url}: {error!r}")
            return None
        if answer.status_code in good:
            return answer
        if answer.status_code == 503 and "Retry-After" in answer.headers:
            self.record.refused[method] += 1
        else:
            self.record.wrong.append(f"{method} {url}: {answer.status_code} {answer.text}")
        return None
