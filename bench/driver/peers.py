"""Other people's services under the same load, on SQLite, each with the settings it comes with."""

import json
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path

from .measure import CONNECTIONS, Results
from .service import free_port
from .table import markdown, number
from .tools import CORES, JSON_BODY, PASSWORD, ROOT, Load

PROGRAMS = ROOT / "target" / "bench" / "peers"
SOURCES = ROOT / "bench" / "peers"
# At ten sign-ups a second the first of 64 connections is answered again after six seconds.
LEAST_SECONDS = 10


@dataclass
class Peer:
    name: str
    hashing: str
    command: Callable[[int, Path], list[str | Path]]
    sign_up: tuple[str, dict[str, str]]
    log_in: tuple[str, dict[str, str]]
    # Path and headers of a session check, from the answer to a log-in.
    check: Callable[[HTTPMessage, dict], tuple[str, list[list[str]]]]
    prepare: list[str | Path] = field(default_factory=list)


def cookies(headers: HTTPMessage) -> list[list[str]]:
    pairs = [value.partition(";")[0] for value in headers.get_all("set-cookie", [])]
    return [["cookie", "; ".join(pairs)]]


EMAIL, REPEATED = {"email": "user-{n}@example.com"}, {"password": PASSWORD}

PEERS = [
    Peer(
        "PocketBase",
        "bcrypt",
        lambda port, folder: [
            PROGRAMS / "venv/bin/pocketbase",
            "serve",
            f"--http=127.0.0.1:{port}",
            f"--dir={folder}",
        ],
        ("/api/collections/users/records", {**EMAIL, **REPEATED, "passwordConfirm": PASSWORD}),
        ("/api/collections/users/auth-with-password", {"identity": EMAIL["email"], **REPEATED}),
        lambda _, body: (f"/api/collections/users/records/{body['record']['id']}", [["authorization", body["token"]]]),
    ),
    Peer(
        "better-auth",
        "scrypt",
        lambda port, folder: ["node", PROGRAMS / "better-auth.mjs", folder / "auth.db", str(port)],
        ("/api/auth/sign-up/email", {"name": "User", **EMAIL, **REPEATED}),
        ("/api/auth/sign-in/email", {**EMAIL, **REPEATED}),
        lambda headers, _: ("/api/auth/get-session", cookies(headers)),
    ),
    Peer(
        "Django",
        "PBKDF2",
        lambda port, _: [
            PROGRAMS / "venv/bin/gunicorn",
            "--chdir",
            SOURCES,
            "--bind",
            f"127.0.0.1:{port}",
            "--workers",
            str(CORES),
            "--worker-class",
            "gthread",
            "--threads",
            "4",
            "django_app:application",
        ],
        ("/sign-up", {**EMAIL, **REPEATED}),
        ("/log-in", {**EMAIL, **REPEATED}),
        lambda headers, _: ("/check", cookies(headers)),
        prepare=[PROGRAMS / "venv/bin/python", SOURCES / "django_app.py"],
    ),
]


def measure(folder: Path, rounds: int, seconds: float) -> dict[str, Results]:
    all_results = {peer.name: Results() for peer in PEERS}
    for round_number in range(1, rounds + 1):
        for peer in PEERS:
            print(f"{peer.name}, round {round_number} of {rounds}", flush=True)
            home = folder / f"{peer.name}-{round_number}"
            home.mkdir()
            measure_peer(peer, home, max(seconds, LEAST_SECONDS), all_results[peer.name])
    return all_results


def measure_peer(peer: Peer, home: Path, seconds: float, results: Results) -> None:
    port = free_port()
    environment = {**os.environ, "DATABASE_FILE": str(home / "auth.db"), "PYTHONDONTWRITEBYTECODE": "1"}
    if peer.prepare:
        subprocess.run(peer.prepare, env=environment, check=True)
    with open(home / "log", "wb") as log:
        process = subprocess.Popen(peer.command(port, home), env=environment, stdout=log, stderr=log)
    try:
        wait_until_ready(port, process, home / "log")
        address = f"127.0.0.1:{port}"
        shared = {"connections": CONNECTIONS, "seconds": seconds, "warm_up": 1}
        call(port, *numbered(peer.sign_up, 0))
        (path, body), post = peer.sign_up, {"method": "POST", "headers": JSON_BODY}
        sign_ups = Load(address, path=path, body=json.dumps(body), first=1, **post, **shared).finish_with(200)
        results.add("sign_up", sign_ups.per_second)
        (path, body) = peer.log_in
        log_ins = Load(address, path=path, body=json.dumps(body), cycle=max(sign_ups.count, 1), **post, **shared)
        results.add("log_in", log_ins.finish_with(200).per_second)
        path, headers = peer.check(*call(port, *numbered(peer.log_in, 0)))
        checks = Load(address, method="GET", path=path, headers=headers, **shared)
        results.add("check", checks.finish_with(200).per_second)
    finally:
        process.terminate()
        process.wait()


def numbered(request: tuple[str, dict[str, str]], number_of_user: int) -> tuple[str, str]:
    path, body = request
    return path, json.dumps(body).replace("{n}", str(number_of_user))


def wait_until_ready(port: int, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/")
            connection.getresponse()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{process.args[0]} did not start:\n{log.read_text()}") from None
            time.sleep(0.1)
        finally:
            connection.close()


def call(port: int, path: str, body: str) -> tuple[HTTPMessage, dict]:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", path, body, {"content-type": "application/json"})
    response = connection.getresponse()
    text = response.read()
    connection.close()
    if response.status != 200:
        raise SystemExit(f"{path} was answered with {response.status}: {text.decode()}")
    return response.headers, json.loads(text) if text else {}


def render(own: Results, others: dict[str, Results]) -> str:
    """One line for each service."""
    lines = [["SQLite", "hash", "sign-ups", "behind by", "log-ins", "behind by", "session checks", "behind by"]]
    hashing = {"neptun-auth": "Argon2id", **{peer.name: peer.hashing for peer in PEERS}}
    for name, results in {"neptun-auth": own, **others}.items():
        line = [name, hashing[name]]
        for measured in ("sign_up", "log_in", "check"):
            value, best = results.median(measured), own.median(measured)
            line += [
                f"{number(value)} /s",
                f"{number(best / value)} ×" if value and best and results is not own else "",
            ]
        lines.append(line)
    return markdown(lines)
