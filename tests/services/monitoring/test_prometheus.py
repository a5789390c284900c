"""A real Prometheus fetches from the service's own program: the dashboard has data, and alerts fire."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import yaml

BINARY = os.environ["SERVICE_BINARY"]
PASSWORD = "correct horse battery"
# Long enough for two values of each series, which a rate needs.
RANGE = "20s"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@dataclass
class Watched:
    """The service, and the Prometheus that watches it."""

    service: str
    prometheus: str
    process: subprocess.Popen

    def query(self, expression: str) -> list[dict]:
        answer = httpx.get(f"{self.prometheus}/api/v1/query", params={"query": expression}, timeout=10).json()
        assert answer["status"] == "success", (expression, answer)
        return answer["data"]["result"]

    def firing(self) -> set[str]:
        alerts = httpx.get(f"{self.prometheus}/api/v1/alerts", timeout=10).json()["data"]["alerts"]
        return {alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"}


def wait_until(fact: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not fact():
        assert time.monotonic() < deadline, what
        time.sleep(0.25)


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("watched")
    port, metrics, own = free_port(), free_port(), free_port()
    url = f"http://localhost:{port}"
    settings = {
        "NEPTUN_AUTH_LISTEN": f"127.0.0.1:{port}",
        "NEPTUN_AUTH_METRICS_LISTEN": f"127.0.0.1:{metrics}",
        "NEPTUN_AUTH_PUBLIC_URL": url,
        "NEPTUN_AUTH_DATABASE_URL": f"sqlite:{folder}/auth.db",
    }
    log = (folder / "log").open("w")
    process = subprocess.Popen([BINARY, "serve"], env=settings, stdout=log, stderr=log)
    prometheus = start_prometheus(folder, metrics, own)
    try:
        wait_until(lambda: answers(f"{url}/health/ready"), "the service is not ready")
        wait_until(lambda: answers(f"http://127.0.0.1:{own}/-/ready"), "Prometheus is not ready")
        yield Watched(url, f"http://127.0.0.1:{own}", process)
    finally:
        for running in (process, prometheus):
            running.kill()
            running.wait()
        log.close()


def start_prometheus(folder: Path, metrics: int, own: int) -> subprocess.Popen:
    """With the files of deploy/, the address replaced and everything quicker."""
    config = yaml.safe_load(Path("prometheus.yml").read_text())
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["scrape_configs"][0]["static_configs"][0]["targets"] = [f"127.0.0.1:{metrics}"]
    rules = yaml.safe_load(Path("alerts.yml").read_text())
    for rule in rules["groups"][0]["rules"]:
        if "for" in rule:
            rule["for"] = "2s"
    (folder / "prometheus.yml").write_text(json.dumps(config))
    (folder / "alerts.yml").write_text(json.dumps(rules))
    command = [
        "prometheus",
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=data",
        f"--web.listen-address=127.0.0.1:{own}",
    ]
    with (folder / "prometheus.log").open("w") as log:
        return subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)


def test_every_panel_of_the_dashboard_shows_something(watched: Watched) -> None:
    with httpx.Client(base_url=watched.service) as client:
        body = {"email": "panel@example.com", "password": PASSWORD}
        assert client.post("/api/auth/sign-up", json=body).status_code == 200
        assert client.get("/api/auth/check").status_code == 204
    panels = json.loads(Path("dashboard.json").read_text())["panels"]
    expressions = [target["expr"] for panel in panels for target in panel["targets"]]
    assert len(expressions) > 25
    for expression in expressions:
        real = expression.replace("$__rate_interval", RANGE)
        wait_until(lambda real=real: len(watched.query(real)) > 0, expression)


def test_the_alerts_name_series_that_exist(watched: Watched) -> None:
    names = httpx.get(f"{watched.prometheus}/api/v1/label/__name__/values", timeout=10).json()["data"]
    text = Path("alerts.yml").read_text() + Path("dashboard.json").read_text()
    words = "".join(character if character.isalnum() or character == "_" else " " for character in text).split()
    used = {word for word in words if word.startswith(("neptun_auth_", "process_"))}
    assert len(used) > 20
    assert used <= set(names), used - set(names)


def test_alerts_fire_on_the_real_service(watched: Watched) -> None:
    assert watched.firing() == set()
    with httpx.Client(base_url=watched.service) as client:
        body = {"username": "thief", "email": "thief@example.com", "password": PASSWORD}
        pair = client.post("/api/sign-up/", json=body).json()
        wait_until(lambda: watched.query("neptun_auth_security_events_total") != [], "no value from before the event")
        newer = pair
        for _ in range(2):
            newer = client.post("/api/token/refresh/", json={"refresh": newer["refresh"]}).json()
        # The first one again, when the owner has used its successor.
        assert client.post("/api/token/refresh/", json={"refresh": pair["refresh"]}).status_code == 401
    wait_until(lambda: watched.firing() == {"NeptunAuthRefreshTokenReused"}, "the stolen token raised no alert")

    watched.process.send_signal(signal.SIGTERM)
    assert watched.process.wait(20) == 0
    wait_until(lambda: "NeptunAuthDown" in watched.firing(), "the end of the service raised no alert")
