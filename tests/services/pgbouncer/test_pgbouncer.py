"""What the documentation says about PgBouncer, tried with the one that Debian ships."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
from cluster import free_port
from service import Service

POSTGRES = os.environ["POSTGRES_URL"]
PASSWORD = "correct horse battery"
PROGRAM = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"


def query(sql: str, database: str = "postgres") -> str:
    url = POSTGRES.rsplit("/", 1)[0] + f"/{database}"
    done = subprocess.run(["psql", "-XAtc", sql, url], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def database() -> str:
    name = f"pooled_{uuid4().hex}"
    query(f"CREATE DATABASE {name}")
    return name


class Pooler:
    """PgBouncer with its file in deploy/ and few servers, so that clients share them."""

    def __init__(self, mode: str) -> None:
        self.mode = mode
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="pgbouncer-"))
        server = urlsplit(POSTGRES)
        size = 4 if mode == "transaction" else 60
        text = Path("pgbouncer.ini").read_text()
        for published, here in {
            "neptun_auth = host=10.0.0.5 port=5432": f"* = host={server.hostname} port={server.port} user=postgres",
            "listen_addr = 0.0.0.0": "listen_addr = 127.0.0.1\nunix_socket_dir =",
            "listen_port = 6432": f"listen_port = {self.port}",
            "auth_type = scram-sha-256": "auth_type = any",
            "auth_file = /etc/pgbouncer/userlist.txt\n": "",
            "pool_mode = transaction": f"pool_mode = {mode}",
            "default_pool_size = 20": f"default_pool_size = {size}",
        }.items():
            assert published in text
            text = text.replace(published, here)
        (self.folder / "pgbouncer.ini").write_text(text)
        options = {}
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            shutil.chown(self.folder, "postgres")
            options = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        self.log = self.folder / "log"
        with self.log.open("w") as log:
            arguments = [PROGRAM, str(self.folder / "pgbouncer.ini")]
            self._process = subprocess.Popen(arguments, stdout=log, stderr=log, cwd="/tmp", **options)
        deadline = time.monotonic() + 10
        while not self._answers():
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def url(self, database: str) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture(params=["session", "transaction"])
def pooler(request: pytest.FixtureRequest) -> Iterator[Pooler]:
    pooler = Pooler(request.param)
    yield pooler
    pooler.end()


def settings_for(pooler: Pooler, database: str) -> dict[str, str]:
    """Those that docs/scaling.md names for the mode."""
    direct = {"database_direct_url": POSTGRES.rsplit("/", 1)[0] + f"/{database}"}
    return direct | ({"database_prepared_statements": "off"} if pooler.mode == "transaction" else {})


def sign_up_and_out(url: str) -> None:
    email = f"{uuid4()}@example.com"
    with httpx.Client(base_url=url, timeout=20) as http:
        answer = http.post("/api/auth/sign-up", json={"email": email, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        cookie = {"Cookie": answer.headers["Set-Cookie"].split(";")[0]}
        http.cookies.clear()
        assert http.get("/api/auth/check", headers=cookie).status_code == 204
        assert http.get("/api/auth/sessions", headers=cookie).status_code == 200
        wrong = http.post("/api/auth/login", json={"email": email, "password": "wrong horse battery"})
        assert wrong.status_code == 401, wrong.text
        right = http.post("/api/auth/login", json={"email": email, "password": PASSWORD})
        assert right.status_code == 200, right.text
        http.cookies.clear()
        assert http.post("/api/auth/logout", headers=cookie).text == "true"
        assert http.get("/api/auth/check", headers=cookie).status_code == 401


def test_many_users_at_once_and_nothing_is_left_prepared(pooler: Pooler, database: str, tmp_path: Path) -> None:
    settings = settings_for(pooler, database)
    services = [Service(tmp_path, pooler.url(database), **settings) for _ in range(2)]
    try:
        for service in services:
            service.wait_until_ready()
        with ThreadPoolExecutor(12) as threads:
            for done in [threads.submit(sign_up_and_out, services[number % 2].url) for number in range(60)]:
                done.result()
        assert query("SELECT count(*) FROM users", database) == "60"
        sessions = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
        assert query(f"{sessions} AND datname = '{database}'") == "0"
        # Instances hear of each other's changes by the direct address.
        log = services[0].log.read_text()
        assert "can't be noticed" not in log, log
        for service in services:
            assert service.stop() == 0, service.log.read_text()
    finally:
        for service in services:
            service.end()


def test_statements_of_a_transaction_pooler_are_left_unnamed(database: str, tmp_path: Path) -> None:
    pooler = Pooler("transaction")
    service = Service(tmp_path, pooler.url(database), **settings_for(pooler, database))
    try:
        service.wait_until_ready()
        for _ in range(10):
            sign_up_and_out(service.url)
        with httpx.Client() as http:
            assert http.get(f"{service.url}/health/ready").status_code == 200
        # A client of the pooler sees what its servers hold.
        shown = ["psql", "-XAtc", "SELECT count(*) FROM pg_prepared_statements", pooler.url(database)]
        assert subprocess.run(shown, capture_output=True, text=True, timeout=30).stdout.strip() == "0"
    finally:
        service.end()
        pooler.end()


def test_without_the_direct_address_it_serves_and_says_what_is_missing(database: str, tmp_path: Path) -> None:
    pooler = Pooler("transaction")
    first = Service(tmp_path, POSTGRES.rsplit("/", 1)[0] + f"/{database}")
    service = None
    try:
        first.wait_until_ready()
        service = Service(tmp_path, pooler.url(database), database_prepared_statements="off")
        service.wait_until_ready()
        sign_up_and_out(service.url)
        deadline = time.monotonic() + 10
        while "set DATABASE_DIRECT_URL" not in service.log.read_text():
            assert time.monotonic() < deadline, service.log.read_text()
            time.sleep(0.2)
    finally:
        first.end()
        if service:
            service.end()
        pooler.end()
