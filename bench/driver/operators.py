"""How soon an operator finds an account among many, by the admin API: one request after the other."""

import base64
import http.client
import json
import random
import statistics
import subprocess
import time
from urllib.parse import quote

from .databases import filled_email
from .service import Service
from .tools import BINARY

REQUESTS = 2000
# A key may send 600 requests a minute.
REQUESTS_OF_A_KEY = 500


def find_and_list(service: Service, accounts: int) -> dict[str, float]:
    """Looks accounts up by their address, and reads one page of lists that begin anywhere; quantiles by name."""
    numbers = random.Random(accounts)

    def some() -> int:
        return numbers.randint(1, accounts)

    kinds = {
        "look_up": lambda: f"?query={quote(filled_email(str(some())))}",
        "page": lambda: f"?before={place(some() + 1)}",
        "search": lambda: f"?query=filled-{some() // 100 or 1}",
    }
    measured = {}
    for name, query in kinds.items():
        times = sorted(milliseconds(service, [f"/api/admin/users{query()}" for _ in range(REQUESTS)]))
        measured[f"{name}_p50"] = statistics.median(times)
        measured[f"{name}_p99"] = times[len(times) * 99 // 100]
    return measured


def place(number: int) -> str:
    """The place in the list of all accounts behind the one of this number, as `next` names it."""
    return base64.urlsafe_b64encode(f"n{number}".encode()).decode().rstrip("=")


def milliseconds(service: Service, paths: list[str]) -> list[float]:
    times: list[float] = []
    headers: dict[str, str] = {}
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=10)
    for number, path in enumerate(paths):
        if number % REQUESTS_OF_A_KEY == 0:
            headers = {"authorization": f"Bearer {new_key(service)}"}
        began = time.perf_counter()
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        body = response.read()
        times.append((time.perf_counter() - began) * 1000)
        if response.status != 200 or not json.loads(body)["users"]:
            raise SystemExit(f"{path} was answered with {response.status} {body[:200]}")
    connection.close()
    return times


def new_key(service: Service) -> str:
    command = [BINARY, "keys", "admin", "create", "--name", "bench", "--json"]
    made = subprocess.run(command, env=service.environment, capture_output=True, text=True, check=True)
    return json.loads(made.stdout)["key"]
