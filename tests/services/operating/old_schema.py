"""A SQLite database as the first release with whole accounts left it."""

import hashlib
import os
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path

EMAIL = "early@example.com"
PASSWORD = "correct horse battery"
# Users, sessions, signing keys.
MIGRATIONS = 3
# How sqlx remembers what it has done.
DONE = """CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL,
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, checksum BLOB NOT NULL,
    execution_time BIGINT NOT NULL)"""


def old_database(file: Path, migrations: Path) -> None:
    """One account, and nothing that came later."""
    with closing(sqlite3.connect(file)) as database, database:
        database.execute(DONE)
        for migration in sorted(migrations.glob("*.sql"))[:MIGRATIONS]:
            version, _, description = migration.stem.partition("_")
            database.executescript(migration.read_text())
            checksum = hashlib.sha384(migration.read_bytes()).digest()
            row = (int(version), description.replace("_", " "), checksum)
            database.execute("INSERT INTO _sqlx_migrations VALUES (?, ?, CURRENT_TIMESTAMP, TRUE, ?, 0)", row)
        moment = "2025-01-31T12:00:00+00:00"
        row = (os.urandom(16), EMAIL, EMAIL, password_hash(), moment, moment)
        database.execute(
            "INSERT INTO users (id, email, email_canonical, password_hash, first_name, last_name, created_at,"
            " last_log_in_at) VALUES (?, ?, ?, ?, '', '', ?, ?)",
            row,
        )


def password_hash() -> str:
    """As the service makes it, today as then."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {"NEPTUN_AUTH_DATABASE_URL": f"sqlite:{folder}/auth.db"}
        command = [os.environ["SERVICE_BINARY"], "users", "create", EMAIL, "--password-file", "-"]
        subprocess.run(command, env=environment, input=PASSWORD, text=True, check=True, capture_output=True)
        with closing(sqlite3.connect(f"{folder}/auth.db")) as database:
            return database.execute("SELECT password_hash FROM users").fetchone()[0]
