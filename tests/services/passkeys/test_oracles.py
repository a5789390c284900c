"""The service and two libraries judge the same answers of a software authenticator."""

import json
import os
import random
import subprocess
from uuid import uuid4

import httpx
import pytest
from authenticator import (
    BACKED_UP,
    ELIGIBLE,
    EXTENSIONS,
    PRESENT,
    VERIFIED,
    Answer,
    Passkey,
    decode,
    encode,
)
from webauthn import verify_authentication_response, verify_registration_response
from webauthn.helpers.cose import COSEAlgorithmIdentifier

SERVICE = os.environ["SERVICE_URL"]
RP_ID = "localhost"
ALGORITHMS = [-7, -8, -257]

# What is wrong with an answer; nothing is with the first.
CHANGES = {
    "right": {},
    "synced": {"flags": PRESENT | VERIFIED | ELIGIBLE},
    "extensions": {"flags": PRESENT | VERIFIED | EXTENSIONS, "rest": b"\xa1\x61a\xf5"},
    "members of a newer browser": {"client": {"crossOrigin": False, "extra": {"a": 1}}},
    "no user verification": {"flags": PRESENT},
    "no user presence": {"flags": VERIFIED},
    "backed up without being eligible": {"flags": PRESENT | VERIFIED | BACKED_UP},
    "bytes that follow": {"rest": b"\x00"},
    "another type": {"type": "webauthn.other"},
    "another challenge": {"challenge": encode(bytes(32))},
    "another origin": {"origin": "https://localhost.evil.example"},
    "another scheme": {"origin": SERVICE.replace("http:", "https:")},
    "another relying party": {"rp_id": "example.com"},
}
RIGHT = {"right", "synced", "extensions", "members of a newer browser"}


class Account:
    def __init__(self) -> None:
        self.browser = httpx.Client(base_url=SERVICE)
        body = {"email": f"{uuid4()}@example.com", "password": "correct horse battery"}
        user = self.browser.post("/api/auth/sign-up", json=body).raise_for_status().json()["user"]
        self.handle = bytes.fromhex(user["id"].replace("-", ""))

    def begin(self, kind: str) -> tuple[str, Answer]:
        begun = self.browser.post(f"/api/auth/webauthn/{kind}", json={"verify": False}).raise_for_status().json()
        options = begun.get("creationOptions") or begun["requestOptions"]
        client_type = "webauthn.create" if kind == "register" else "webauthn.get"
        return begun["attemptId"], Answer(client_type, options["challenge"], SERVICE, RP_ID)

    def finish(self, kind: str, attempt: str, response: dict) -> bool:
        body = {"verify": True, "attemptId": attempt, "response": response}
        answer = self.browser.post(f"/api/auth/webauthn/{kind}", json=body)
        assert answer.status_code in {200, 400}, answer.text
        return answer.status_code == 200


def simplewebauthn(kind: str, response: dict, challenge: str, cose: bytes, sign_count: int) -> bool:
    case = {
        "kind": kind,
        "response": response,
        "challenge": challenge,
        "origin": SERVICE,
        "rpId": RP_ID,
        "publicKey": encode(cose),
        "signCount": sign_count,
    }
    judged = subprocess.run(
        ["node", "judge.mjs"], input=json.dumps([case]), capture_output=True, text=True, check=True, timeout=60
    )
    return json.loads(judged.stdout) == [True]


def py_webauthn(kind: str, response: dict, challenge: str, cose: bytes, sign_count: int) -> bool:
    expected = {
        "credential": response,
        "expected_challenge": decode(challenge),
        "expected_rp_id": RP_ID,
        "expected_origin": SERVICE,
        "require_user_verification": True,
    }
    try:
        if kind == "register":
            algorithms = [COSEAlgorithmIdentifier(number) for number in ALGORITHMS]
            verify_registration_response(**expected, supported_pub_key_algs=algorithms)
        else:
            verify_authentication_response(
                **expected, credential_public_key=cose, credential_current_sign_count=sign_count
            )
    except Exception:  # noqa: BLE001: a library may fail in any way at what is malformed
        return False
    return True


def judge(kind: str, account: Account, attempt: str, response: dict, challenge: str, cose: bytes) -> dict[str, bool]:
    return {
        "service": account.finish(kind, attempt, response),
        "simplewebauthn": simplewebauthn(kind, response, challenge, cose, 0),
        "py_webauthn": py_webauthn(kind, response, challenge, cose, 0),
    }


def changed(answer: Answer, change: dict) -> Answer:
    return Answer(**(vars(answer) | change))


@pytest.mark.parametrize("name", CHANGES)
def test_all_agree_on_registrations(name: str) -> None:
    account, passkey = Account(), Passkey(ALGORITHMS[list(CHANGES).index(name) % 3])
    attempt, answer = account.begin("register")
    response = passkey.attestation(changed(answer, CHANGES[name]))
    verdicts = judge("register", account, attempt, response, answer.challenge, passkey.cose())
    check(name, verdicts)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_all_agree_on_uses(algorithm: int) -> None:
    account, passkey = Account(), Passkey(algorithm)
    attempt, answer = account.begin("register")
    assert account.finish("register", attempt, passkey.attestation(answer))
    for name, change in CHANGES.items():
        if name == "synced":
            # Whether a passkey can be synced never changes.
            continue
        attempt, answer = account.begin("authenticate")
        response = passkey.assertion(changed(answer, change), account.handle)
        verdicts = judge("authenticate", account, attempt, response, answer.challenge, passkey.cose())
        check(f"{name} with {algorithm}", verdicts)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_changed_bit_is_refused_by_all(algorithm: int) -> None:
    chance = random.Random(f"bits {algorithm}")
    account, passkey = Account(), Passkey(algorithm)
    attempt, answer = account.begin("register")
    assert account.finish("register", attempt, passkey.attestation(answer))
    for part in ("authenticatorData", "clientDataJSON", "signature"):
        attempt, answer = account.begin("authenticate")
        response = passkey.assertion(answer, account.handle)
        changed_part = bytearray(decode(response["response"][part]))
        changed_part[chance.randrange(len(changed_part))] ^= 1 << chance.randrange(8)
        response["response"][part] = encode(bytes(changed_part))
        verdicts = judge("authenticate", account, attempt, response, answer.challenge, passkey.cose())
        assert not any(verdicts.values()), f"{part}: {verdicts}"


def test_algorithms_that_were_not_offered_are_refused_at_registration() -> None:
    account, passkey = Account(), Passkey(-35)
    attempt, answer = account.begin("register")
    verdicts = judge("register", account, attempt, passkey.attestation(answer), answer.challenge, passkey.cose())
    assert not any(verdicts.values()), verdicts


def test_short_rsa_keys_are_refused() -> None:
    account, passkey = Account(), Passkey(-257, bits=1024)
    attempt, answer = account.begin("register")
    assert not account.finish("register", attempt, passkey.attestation(answer))


def check(name: str, verdicts: dict[str, bool]) -> None:
    is_right = name.split(" with ")[0] in RIGHT
    assert set(verdicts.values()) == {is_right}, f"{name}: {verdicts}"
