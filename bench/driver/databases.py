"""The databases that the service is measured on, and filling them without asking the service.

Rows are copies of a row that the service wrote, with another identity: so this needs to know the few columns that make
an account and a session unique, and nothing else of the tables.
"""

import base64
import hashlib
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from .service import free_port

TEMPLATE = "template@example.com"


def filled_email(number: str) -> str:
    return f"filled-{number}@example.com"


def secret(number: int) -> bytes:
    """The secret of a filled-in session: one that can be computed again for the load."""
    return hashlib.md5(str(number).encode()).digest()


def cookie_value(number: int) -> str:
    return base64.urlsafe_b64encode(secret(number)).rstrip(b"=").decode()


class Sqlite:
    name = "SQLite"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def close(self) -> None:
        shutil.rmtree(self.folder)

    def create(self, name: str) -> str:
        """The address of a new database."""
        self.file = self.folder / f"{name}.db"
        return f"sqlite:{self.file}"

    def fill(self, first: int, last: int) -> None:
        """Adds the accounts `first` to `last` and a live session for each."""
        users = {
            "id": "identity(n)",
            "email": "'filled-' || n || '@example.com'",
            "email_canonical": "'filled-' || n || '@example.com'",
        }
        sessions = {"id": "identity(n)", "user_id": "identity(n)", "secret_hash": "secret_hash(n)"}
        with closing(sqlite3.connect(self.file)) as database, database:
            database.execute("PRAGMA synchronous = OFF")
            database.create_function("identity", 1, lambda n: n.to_bytes(16, "big"), deterministic=True)
            database.create_function("secret_hash", 1, lambda n: hashlib.sha256(secret(n)).digest(), deterministic=True)
            for table, new, template in [
                ("users", users, "email_canonical = ?"),
                ("sessions", sessions, "user_id = (SELECT id FROM users WHERE email_canonical = ?)"),
            ]:
                names = [row[1] for row in database.execute(f"PRAGMA table_info({table})") if row[1] != "number"]
                database.execute(
                    f"WITH RECURSIVE numbers(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n < {last}) "
                    f"INSERT INTO {table} ({', '.join(names)}) "
                    f"SELECT {', '.join(new.get(name, 't.' + name) for name in names)} FROM numbers, "
                    f"(SELECT * FROM {table} WHERE {template}) AS t",
                    [TEMPLATE],
                )
        with closing(sqlite3.connect(self.file)) as database:
            database.execute("ANALYZE")
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def spread_last_use(self, last: int) -> None:
        """Makes the sessions up to `last` used some time within the last five minutes."""
        moment = "strftime('%Y-%m-%dT%H:%M:%S+00:00', 'now', '-' || (abs(random()) % 300) || ' seconds')"
        with closing(sqlite3.connect(self.file)) as database, database:
            database.execute(f"UPDATE sessions SET last_seen_at = {moment} WHERE id <= ?", [last.to_bytes(16, "big")])


class Postgres:
    """A server of its own with the settings that PostgreSQL comes with: what it acknowledges survives a power cut."""

    name = "PostgreSQL"

    def __init__(self, folder: Path, owner: str | None) -> None:
        self.folder = folder
        self.owner = owner
        self.port = free_port()
        folder.mkdir()
        if owner:
            shutil.chown(folder, owner)
        programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
        self.programs = programs[-1]
        self.run("initdb", "--pgdata=data", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale")
        options = f"-p {self.port} -k {folder} -c listen_addresses=127.0.0.1 -c max_connections=300"
        self.run("pg_ctl", "start", "--pgdata=data", "--wait", "--silent", "--log=log", f"--options={options}")

    def close(self) -> None:
        self.run("pg_ctl", "stop", "--pgdata=data", "--mode=immediate", "--wait", "--silent")
        shutil.rmtree(self.folder)

    def run(self, program: str, *arguments: str) -> None:
        """Runs one of the server's programs, as its owner: it refuses to run as root."""
        command = [self.programs / program, *arguments]
        done = subprocess.run(
            command,
            cwd=self.folder,
            user=self.owner,
            check=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        if done.returncode != 0:
            raise SystemExit(f"PostgreSQL's {program} failed:\n{done.stderr}")

    def sql(self, statement: str, database: str = "") -> str:
        command = ["psql", f"--dbname={self.url(database or self.database)}", "--no-psqlrc", "--quiet"]
        command += ["--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1", f"--command={statement}"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def url(self, database: str) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"

    def create(self, name: str) -> str:
        self.database = name
        self.sql(f"CREATE DATABASE {name}", "postgres")
        return self.url(name)

    def fill(self, first: int, last: int) -> None:
        identity = "lpad(to_hex(n), 32, '0')::uuid"
        users = {
            "id": identity,
            "email": "'filled-' || n || '@example.com'",
            "email_canonical": "'filled-' || n || '@example.com'",
        }
        sessions = {"id": identity, "user_id": identity, "secret_hash": "sha256(decode(md5(n::text), 'hex'))"}
        for table, new, template in [
            ("users", users, f"email_canonical = '{TEMPLATE}'"),
            ("sessions", sessions, f"user_id = (SELECT id FROM users WHERE email_canonical = '{TEMPLATE}')"),
        ]:
            columns = f"SELECT column_name FROM information_schema.columns WHERE table_name = '{table}'"
            names = self.sql(f"{columns} AND table_schema = 'public' AND is_identity = 'NO'").split()
            self.sql(
                f"INSERT INTO {table} ({', '.join(names)}) "
                f"SELECT {', '.join(new.get(name, 't.' + name) for name in names)} "
                f"FROM generate_series({first}, {last}) AS n, (SELECT * FROM {table} WHERE {template}) AS t"
            )
        self.sql("VACUUM ANALYZE")
        self.sql("CHECKPOINT")

    def spread_last_use(self, last: int) -> None:
        moment = "date_trunc('second', now() - random() * interval '300 s')"
        self.sql(f"UPDATE sessions SET last_seen_at = {moment} WHERE id <= lpad(to_hex({last}), 32, '0')::uuid")
        self.sql("VACUUM sessions")
        self.sql("CHECKPOINT")
