"""PostgreSQL servers that replicate, and can fail in every way that hosts do."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

PROGRAMS = Path(
    os.environ.get("POSTGRES_PROGRAMS")
    or max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def as_postgres(program: str, *arguments: str, **options) -> subprocess.CompletedProcess:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() == 0:
        account = pwd.getpwnam("postgres")
        options |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    done = subprocess.run(
        [PROGRAMS / program, *arguments], cwd="/tmp", capture_output=True, text=True, timeout=60, **options
    )
    assert done.returncode == 0, f"{program} {arguments}: {done.stdout}{done.stderr}"
    return done


class Server:
    def __init__(self, folder: Path, name: str) -> None:
        self.data = folder / name
        self.log = folder / f"{name}.log"
        self.port = free_port()
        self._options = f"-p {self.port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=200"

    def initialise(self) -> "Server":
        arguments = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"]
        as_postgres("initdb", f"--pgdata={self.data}", *arguments)
        return self

    def copy(self, primary: "Server") -> "Server":
        """Becomes a standby of `primary`, which has not started yet."""
        subprocess.run(["cp", "--archive", primary.data, self.data], check=True)
        self._follow(primary)
        return self

    @property
    def connection(self) -> str:
        return f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres"

    def start(self, *options: str) -> "Server":
        """`options` hold until the next start."""
        arguments = " ".join([self._options, *options])
        # Not its output: the server would keep the pipe open.
        try:
            as_postgres("pg_ctl", "start", f"--pgdata={self.data}", "--wait", "--silent", f"--log={self.log}",
                        f"--options={arguments}")  # fmt: skip
        except AssertionError as error:
            raise AssertionError(f"{error}{self.log.read_text()[-2000:]}") from None
        return self

    def stop(self) -> None:
        """In order: a standby that is there gets everything."""
        as_postgres("pg_ctl", "stop", f"--pgdata={self.data}", "--mode=fast", "--wait", "--silent")

    def promote(self) -> None:
        as_postgres("pg_ctl", "promote", f"--pgdata={self.data}", "--wait", "--silent")

    def promote_alone(self) -> None:
        """As a cluster's manager does: no commit waits for a standby that is gone."""
        self.promote()
        self.query("ALTER SYSTEM RESET synchronous_standby_names")
        self.query("SELECT pg_reload_conf()")

    def follow(self, primary: "Server") -> None:
        """A primary that was stopped in order comes back as a standby."""
        self._follow(primary)
        self.start()

    def copy_anew(self, primary: "Server") -> None:
        """Becomes a standby of `primary` after a kill: what only this server had written goes."""
        self.end()
        self.wait_until_ended()
        shutil.rmtree(self.data)
        # A killed process that no parent has waited for still counts as the one that holds the lock.
        for lock in self.data.parent.glob(f".s.PGSQL.{self.port}*"):
            lock.unlink()
        as_postgres("pg_basebackup", f"--pgdata={self.data}", f"--dbname={primary.connection}", "--checkpoint=fast",
                    "--wal-method=stream", "--no-sync")  # fmt: skip
        self.follow(primary)

    def wait_until_ended(self) -> None:
        """A killed server's processes give its port back a moment later."""
        deadline = time.monotonic() + 20
        while self._listens():
            assert time.monotonic() < deadline, "a killed server still listens"
            time.sleep(0.05)

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def _follow(self, primary: "Server") -> None:
        with (self.data / "postgresql.auto.conf").open("a") as settings:
            settings.write(f"primary_conninfo = '{primary.connection}'\n")
        (self.data / "standby.signal").touch()

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def query(self, sql: str) -> list[str]:
        arguments = ["--no-psqlrc", "--tuples-only", "--no-align", f"--command={sql}", self.connection]
        done = subprocess.run(["psql", *arguments], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    def end(self) -> None:
        if (self.data / "postmaster.pid").exists():
            self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        """To the server and all its processes, as if it were the host's fate."""
        main = int((self.data / "postmaster.pid").read_text().split()[0])
        for process in [main, *children(main)]:
            try:
                os.kill(process, number)
            except ProcessLookupError:
                pass  # It has ended by itself.


def children(parent: int) -> list[int]:
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == parent:
            found.append(int(status.parent.name))
    return found


class Cluster:
    """A primary and its standby. With `synchronous`, a commit is acknowledged when both have it."""

    def __init__(self, synchronous: bool) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="failover-"))
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
        self.primary = Server(self.folder, "one").initialise()
        self.standby = Server(self.folder, "two").copy(self.primary)
        self.primary.start(*(["-c synchronous_standby_names=*"] if synchronous else []))
        self.standby.start()

    def wait_until_replicating(self) -> None:
        deadline = time.monotonic() + 20
        while self.primary.query("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'") != ["1"]:
            assert time.monotonic() < deadline, "the standby does not follow"
            time.sleep(0.1)

    def swap(self) -> None:
        """After a failover the roles are those of the other server."""
        self.primary, self.standby = self.standby, self.primary

    def demand_two_copies(self) -> None:
        """From now on a commit is acknowledged when both servers have it, and both have all that came before."""
        self.primary.query("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.primary.query("SELECT pg_reload_conf()")
        deadline = time.monotonic() + 30
        while self.primary.query("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") != ["1"]:
            assert time.monotonic() < deadline, "the standby is not synchronous"
            time.sleep(0.1)

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, *_) -> None:
        self.primary.end()
        self.standby.end()
        time.sleep(0.2)
        shutil.rmtree(self.folder, ignore_errors=True)


class Address:
    """A TCP address that moves from one server to another. Connections that are open stay with their server."""

    def __init__(self, port: int) -> None:
        self.target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.target), timeout=5)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            for here, there in [(client, server), (server, client)]:
                threading.Thread(target=carry, args=(here, there), daemon=True).start()


def carry(here: socket.socket, there: socket.socket) -> None:
    try:
        while data := here.recv(65536):
            there.sendall(data)
    except OSError:
        pass  # Either end has gone; both are closed below.
    for end in (here, there):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # It was closed already.
