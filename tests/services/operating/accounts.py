"""The files of two other systems, whose accounts all have one password."""

import json
from pathlib import Path

import django
from django.conf import settings

settings.configure(INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"])
django.setup()

from django.contrib.auth.hashers import PBKDF2PasswordHasher  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core import serializers  # noqa: E402

PASSWORD = "correct horse"
# Hashes that differ. One for each account would take hours to make.
DISTINCT = 4
# All but the groups and permissions, which would need a database.
FIELDS = [field.name for field in User._meta.concrete_fields]


def dump_of_django(file: Path, users: int, rounds: int | None) -> None:
    """What `manage.py dumpdata auth.user` writes, with hashes of `rounds`, or of as many as Django has today."""
    hasher = PBKDF2PasswordHasher()
    hashes = [hasher.encode(PASSWORD, hasher.salt(), rounds) for _ in range(DISTINCT)]
    all_users = (
        User(pk=n, username=f"user{n}", email=f"user{n}@example.com", password=hashes[n % DISTINCT])
        for n in range(1, users + 1)
    )
    with file.open("w") as stream:
        serializers.serialize("json", all_users, stream=stream, fields=FIELDS)


def lines_with_bcrypt(file: Path, users: int, vectors: Path) -> None:
    """Accounts of an app that kept bcrypt hashes, here those that PHP made."""
    made = json.loads(vectors.read_text())
    hashes = [row["hash"] for row in made if row["name"] == "Laravel bcrypt" and row["password"] == PASSWORD]
    with file.open("w") as stream:
        for n in range(1, users + 1):
            row = {"email": f"member{n}@example.com", "email_verified": True, "password_hash": hashes[n % len(hashes)]}
            stream.write(json.dumps(row) + "\n")
