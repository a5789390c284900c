"""The owner of an account, at an address and a device that the account knows."""

import http.client
import json
import time

from service import HOST

ADDRESS = "127.0.0.9"
EMAIL = "owner@example.com"
PASSWORD = "correct horse battery"
CHECKS_PER_SECOND = 50
CHECKS_PER_CONNECTION = 10


class Owner:
    def __init__(self, port: int) -> None:
        self._port = port
        self._cookies: dict[str, str] = {}
        assert self.post("/api/auth/sign-up", email=EMAIL, password=PASSWORD) == 200

    def log_in(self) -> int | None:
        return self.post("/api/auth/login", email=EMAIL, password=PASSWORD)

    def ask_for_reset(self) -> int | None:
        return self.post("/auth/otp", action="create", email=EMAIL)

    def post(self, path: str, **body: str) -> int | None:
        """The status of the answer; `None` when there was none."""
        connection = self._connect()
        try:
            headers = {"Content-Type": "application/json", "Cookie": self._cookie()}
            connection.request("POST", path, json.dumps(body), headers)
            answer = connection.getresponse()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, value = cookie.split(";")[0].split("=", 1)
            self._cookies[name] = value
        return answer.status

    def check_for(self, seconds: float) -> list[float]:
        """How long each session check took, in milliseconds, with the connection where it needed one."""
        times = []
        began = time.perf_counter()
        connection = self._connect()
        for number in range(int(seconds * CHECKS_PER_SECOND)):
            time.sleep(max(0.0, began + number / CHECKS_PER_SECOND - time.perf_counter()))
            if time.perf_counter() > began + 2 * seconds:
                break
            sent = time.perf_counter()
            if number % CHECKS_PER_CONNECTION == 0:
                connection.close()
                connection = self._connect()
            times.append(self._check(connection, sent))
        connection.close()
        return times

    def _check(self, connection: http.client.HTTPConnection, sent: float) -> float:
        try:
            connection.request("GET", "/api/auth/check", headers={"Cookie": self._cookie()})
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            return float("inf")
        return (time.perf_counter() - sent) * 1000 if answer.status == 204 else float("inf")

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(HOST, self._port, timeout=5, source_address=(ADDRESS, 0))

    def _cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self._cookies.items())


def percentile(times: list[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]
