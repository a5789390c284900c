"""Two PostgreSQL servers under Patroni, as deploy/ configures it, and the etcd that it votes with."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import httpx
import yaml
from cluster import PROGRAMS, children, free_port

# Quicker than in deploy/. Patroni wants ttl >= loop_wait + 2 * retry_timeout, and no less than these.
TIMES = {"ttl": 20, "loop_wait": 2, "retry_timeout": 3}


class Node:
    """One server, and the Patroni that keeps it."""

    def __init__(self, folder: Path, name: str, etcd_port: int) -> None:
        self.name = name
        self.port, self._rest = free_port(), free_port()
        self.log = folder / f"{name}.log"
        self.config = folder / f"{name}.yml"
        self.config.write_text(yaml.safe_dump(self._configuration(folder, etcd_port)))
        self._process: subprocess.Popen | None = None

    def _configuration(self, folder: Path, etcd_port: int) -> dict:
        published = yaml.safe_load(Path("patroni.yml").read_text())
        published["name"] = self.name
        published["etcd3"]["hosts"] = f"127.0.0.1:{etcd_port}"
        published["bootstrap"]["dcs"] |= TIMES
        here, rest = f"127.0.0.1:{self.port}", f"127.0.0.1:{self._rest}"
        published["restapi"] |= {"listen": rest, "connect_address": rest, "allowlist": ["127.0.0.1"]}
        self._credentials = tuple(published["restapi"]["authentication"].values())
        published["postgresql"] |= {
            "listen": here,
            "connect_address": here,
            "data_dir": str(folder / self.name),
            "bin_dir": str(PROGRAMS),
            "pg_hba": [f"{kind} trust" for kind in ("local all all", *self._networks())],
            "parameters": {"unix_socket_directories": str(folder), "fsync": "off"},
        }
        return published

    @staticmethod
    def _networks() -> list[str]:
        return [f"host {database} all 127.0.0.1/32" for database in ("all", "replication")]

    def start(self) -> None:
        options = {}
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            options = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.config.parent)}
        command = ["/usr/bin/patroni", self.config]
        with self.log.open("a") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd="/tmp", env=environment, start_new_session=True, **options
            )

    def is_primary(self) -> bool:
        return self._asked("/primary") == 200

    def is_synchronous_standby(self) -> bool:
        return self._asked("/synchronous") == 200

    def _asked(self, path: str) -> int | None:
        try:
            return httpx.get(f"http://127.0.0.1:{self._rest}{path}", timeout=5).status_code
        except httpx.TransportError:
            return None

    def hand_over_to(self, other: "Node") -> None:
        """What `patronictl switchover` asks for."""
        body = {"leader": self.name, "candidate": other.name}
        address = f"http://127.0.0.1:{self._rest}/switchover"
        assert httpx.post(address, json=body, timeout=60).status_code == 401
        answer = httpx.post(address, json=body, auth=self._credentials, timeout=60)
        assert answer.status_code == 200, answer.text

    def kill(self) -> None:
        """The fate of a host: nothing on it has time for anything."""
        for process in [self._process.pid, *descendants(self._process.pid)]:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                pass  # It has ended by itself.
        # PostgreSQL is no child of Patroni.
        pid_file = Path(yaml.safe_load(self.config.read_text())["postgresql"]["data_dir"]) / "postmaster.pid"
        if pid_file.exists():
            main = int(pid_file.read_text().split()[0])
            for process in [main, *children(main)]:
                try:
                    os.kill(process, signal.SIGKILL)
                except ProcessLookupError:
                    pass  # It has ended by itself.
            pid_file.unlink()
        self._process.wait()

    def end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()


def descendants(process: int) -> list[int]:
    found = children(process)
    return found + [below for child in found for below in descendants(child)]


class Patroni:
    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="patroni-"))
        if os.geteuid() == 0:
            shutil.chown(self._folder, "postgres")
        self._etcd_port = free_port()
        self._etcd: subprocess.Popen | None = None
        self.nodes = [Node(self._folder, name, self._etcd_port) for name in ("one", "two")]

    def _start_etcd(self) -> subprocess.Popen:
        client, peer = f"http://127.0.0.1:{self._etcd_port}", f"http://127.0.0.1:{free_port()}"
        command = [
            "etcd",
            f"--data-dir={self._folder / 'etcd'}",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            "--unsafe-no-fsync",
        ]
        with (self._folder / "etcd.log").open("w") as log:
            return subprocess.Popen(command, stdout=log, stderr=log)

    def __enter__(self) -> "Patroni":
        try:
            self._start()
        except BaseException:
            self.end()
            raise
        return self

    def _start(self) -> None:
        self._etcd = self._start_etcd()
        one, two = self.nodes
        one.start()
        self.wait_until(one.is_primary, "the first server is the primary")
        two.start()
        self.wait_until(two.is_synchronous_standby, "the second server follows")

    def __exit__(self, *_) -> None:
        self.end()

    def end(self) -> None:
        for node in self.nodes:
            node.end()
        if self._etcd is not None:
            self._etcd.kill()
            self._etcd.wait()
        time.sleep(0.2)
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)
        return f"postgres://postgres@{hosts}/postgres?target_session_attrs=read-write"

    def wait_until(self, condition, what: str, seconds: float = 90) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            logs = "".join(node.log.read_text()[-3000:] for node in self.nodes if node.log.exists())
            assert time.monotonic() < deadline, f"not within {seconds} s: {what}\n{logs}"
            time.sleep(0.1)
