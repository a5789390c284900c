"""Both instances are restarted under load: no request fails, and every acknowledged sign-up is there."""

import random
import threading
import time
from collections import Counter
from pathlib import Path
from uuid import uuid4

import httpx
import instances
import pytest
from instances import Instance

PASSWORD = "correct horse battery"
CLIENTS = 16
REQUESTS = 5_000
# Seconds between two requests of a client. Without it the clients take the processors from the database, whose answers
# then come too late for a reason that has nothing to do with restarts.
PAUSE = 0.02
# Seconds, as deploy/ says: the balancer has to see that an instance is back before the other one goes.
BETWEEN_RESTARTS = 3


class Load:
    """Clients that sign up now and then and check their sessions in between, until they are told to stop."""

    def __init__(self, url: str) -> None:
        self.statuses: Counter[str] = Counter()
        self.signed_up: list[str] = []
        self.total = 0
        self._url = url
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._clients = [threading.Thread(target=self._client, args=(number,)) for number in range(CLIENTS)]
        for client in self._clients:
            client.start()

    def end(self) -> None:
        self._over.set()
        for client in self._clients:
            client.join(60)

    def _client(self, number: int) -> None:
        choose = random.Random(number)
        with httpx.Client(base_url=self._url, timeout=20) as client:
            self._sign_up(client)
            while not self._over.wait(PAUSE):
                if choose.random() < 0.05:
                    client.cookies.clear()
                    self._sign_up(client)
                else:
                    self._note("check", 204, client, "GET", "/api/auth/check")

    def _sign_up(self, client: httpx.Client) -> None:
        email = f"{uuid4()}@example.com"
        body = {"email": email, "password": PASSWORD}
        if self._note("sign-up", 200, client, "POST", "/api/auth/sign-up", json=body):
            self.signed_up.append(email)

    def _note(self, what: str, expected: int, client: httpx.Client, *request: str, **options: object) -> bool:
        try:
            answer = client.request(*request, **options)
            outcome = "ok" if answer.status_code == expected else _described(what, answer)
        except httpx.HTTPError as error:
            outcome = f"{what}: {error!r}"
        with self._lock:
            self.total += 1
            self.statuses[outcome] += 1
        return outcome == "ok"


def _described(what: str, answer: httpx.Response) -> str:
    """Tells an answer of the service from one of the balancer."""
    return f"{what}: {answer.status_code} {answer.headers.get('Server', '')} {answer.text}"


@pytest.mark.parametrize("name", ["haproxy", "nginx", "caddy", "envoy"])
def test_a_rolling_restart_fails_no_request(name: str, pair: list[Instance], tmp_path: Path) -> None:
    folder = tmp_path / name
    folder.mkdir()
    with instances.balancer(name, folder, pair) as url:
        load = Load(url)
        try:
            while load.total < REQUESTS or len(load.signed_up) < 50:
                for instance in pair:
                    instance.stop()
                    instance.start()
                    time.sleep(BETWEEN_RESTARTS)
        finally:
            load.end()
        assert set(load.statuses) == {"ok"}, load.statuses
        with httpx.Client(base_url=url) as client:
            for email in load.signed_up[:: max(1, len(load.signed_up) // 30)]:
                answer = client.post("/api/auth/login", json={"email": email, "password": PASSWORD})
                assert answer.status_code == 200, email
