"""Hashes of Django, passlib, werkzeug, argon2-cffi and the C library, one JSON object a line."""
import base64
import hashlib
import hmac
import json

import bcrypt
import django
from argon2 import PasswordHasher, Type
from django.conf import settings
from passlib import hash as passlib
from werkzeug.security import generate_password_hash

PLAIN = "correct horse"
# An A with a combining mark, as some keyboards send it, and a digit that NFKC changes.
TYPED = "Pa\u0308ssw\u00b2rd \u00e9"


def show(name, made_by, text, password, **more):
    print(json.dumps({"name": name, "made_by": made_by, "hash": text, "password": password, **more}))


settings.configure(PASSWORD_HASHERS=[
    f"django.contrib.auth.hashers.{name}" for name in (
        "PBKDF2PasswordHasher", "PBKDF2SHA1PasswordHasher", "Argon2PasswordHasher", "BCryptSHA256PasswordHasher",
        "BCryptPasswordHasher", "ScryptPasswordHasher")])
django.setup()
from django.contrib.auth.hashers import get_hasher  # noqa: E402

for algorithm in ("pbkdf2_sha256", "pbkdf2_sha1", "argon2", "bcrypt_sha256", "bcrypt", "scrypt"):
    hasher = get_hasher(algorithm)
    if algorithm.startswith("pbkdf2"):
        hasher.iterations = 20_000
    if algorithm.startswith("bcrypt"):
        hasher.rounds = 5
    if algorithm == "argon2":
        hasher.memory_cost = 1024
    for password in (PLAIN, TYPED):
        show(f"django {algorithm}", "django " + django.__version__, hasher.encode(password, hasher.salt()), password)

made = {
    "passlib bcrypt": passlib.bcrypt.using(rounds=5),
    "passlib bcrypt 2a": passlib.bcrypt.using(rounds=5, ident="2a"),
    "passlib bcrypt_sha256": passlib.bcrypt_sha256.using(rounds=5),
    "passlib pbkdf2_sha1": passlib.pbkdf2_sha1.using(rounds=20_000),
    "passlib pbkdf2_sha256": passlib.pbkdf2_sha256.using(rounds=20_000),
    "passlib pbkdf2_sha512": passlib.pbkdf2_sha512.using(rounds=20_000),
    "passlib scrypt": passlib.scrypt.using(rounds=12),
    "passlib argon2": passlib.argon2.using(memory_cost=1024, rounds=2),
    "sha256_crypt": passlib.sha256_crypt.using(rounds=2000),
    "sha256_crypt, default rounds": passlib.sha256_crypt.using(rounds=5000),
    "sha512_crypt": passlib.sha512_crypt.using(rounds=2000),
    "phpass": passlib.phpass.using(rounds=11),
    "phpass of phpBB": passlib.phpass.using(rounds=11, ident="H"),
}
for name, hasher in made.items():
    for password in (PLAIN, TYPED):
        show(name, "passlib 1.7.4", hasher.hash(password), password)
show("Devise", "passlib 1.7.4", passlib.bcrypt.using(rounds=5, ident="2a").hash(PLAIN + "a pepper of Devise"), PLAIN,
     pepper="a pepper of Devise")

for method in ("scrypt:4096:8:1", "pbkdf2:sha256:20000", "pbkdf2:sha1:20000", "pbkdf2:sha512:20000"):
    show("werkzeug " + method, "werkzeug", generate_password_hash(PLAIN, method), PLAIN)

for kind in (Type.I, Type.D, Type.ID):
    show(f"argon2-cffi {kind.name}", "argon2-cffi",
         PasswordHasher(memory_cost=1024, time_cost=2, parallelism=2, type=kind).hash(TYPED), TYPED)


def keycloak(algorithm, value, salt, **data):
    return {"type": "password", "secretData": json.dumps({"value": value, "salt": salt, "additionalParameters": {}}),
            "credentialData": json.dumps({"algorithm": algorithm, **data})}


salt = bytes(range(16))
for algorithm, digest, size in (("pbkdf2-sha512", "sha512", 64), ("pbkdf2-sha256", "sha256", 64), ("pbkdf2", "sha1", 64)):
    value = hashlib.pbkdf2_hmac(digest, PLAIN.encode(), salt, 20_000, size)
    show("Keycloak " + algorithm, "Python's hashlib, in Keycloak's form",
         keycloak(algorithm, base64.b64encode(value).decode(), base64.b64encode(salt).decode(), hashIterations=20_000,
                  additionalParameters={}), PLAIN)
from argon2.low_level import hash_secret_raw  # noqa: E402

value = hash_secret_raw(PLAIN.encode(), salt, time_cost=5, memory_cost=7168, parallelism=1, hash_len=32, type=Type.ID)
show("Keycloak argon2", "argon2-cffi, in Keycloak's form",
     keycloak("argon2", base64.b64encode(value).decode(), base64.b64encode(salt).decode(), hashIterations=5,
              additionalParameters={"hashLength": ["32"], "memory": ["7168"], "type": ["id"], "version": ["1.3"],
                                    "parallelism": ["1"]}), PLAIN)

# The vector that Firebase publishes with its scrypt (github.com/firebase/scrypt).
show("Firebase", "Firebase's published vector",
     "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==$42xEC+ixf3L2lw==$"
     "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==", "user1password",
     signer_key="jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==")

for name, data in (("md5", hashlib.md5), ("sha1", hashlib.sha1)):
    show(f"unsalted {name}", "Python's hashlib", data(PLAIN.encode()).hexdigest(), PLAIN, wrap=True)
ssha = base64.b64encode(hashlib.sha1(PLAIN.encode() + b"saltsalt").digest() + b"saltsalt").decode()
show("{SSHA}", "Python's hashlib", "{SSHA}" + ssha, PLAIN, wrap=True)
show("md5_crypt", "passlib 1.7.4", passlib.md5_crypt.hash(PLAIN), PLAIN, wrap=True)

prehashed = base64.b64encode(hmac.digest(b"wp-sha384", PLAIN.encode(), "sha384"))
show("WordPress 6.8, by Python", "bcrypt 4.0.1", "$wp" + bcrypt.hashpw(prehashed, bcrypt.gensalt(5)).decode().replace("$2b$", "$2y$"), PLAIN)
