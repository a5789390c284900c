"""The curl and the Python sample of the token API's published page, run as they stand there."""

import json
import os
import re
import runpy
import subprocess

JOHN = {
    "username": "johndoe",
    "email": "john@example.com",
    "first_name": "John",
    "last_name": "Doe",
    "number_phone": "5551234567",
    "avatar": None,
}


def test_curl_signs_up_once() -> None:
    assert_signed_up(*run_curl_sample())
    assert_taken(*run_curl_sample())


def test_python_signs_up_once() -> None:
    assert_signed_up(*run_python_sample())
    assert_taken(*run_python_sample())


def run_curl_sample() -> tuple[int, dict]:
    sample = subprocess.run(
        ["bash", "sign-up.sh"], check=True, capture_output=True, text=True, env={**os.environ, "CURL_HOME": "."}
    )
    return int(sample.stderr[-3:]), json.loads(sample.stdout)


def run_python_sample() -> tuple[int, dict]:
    sample = runpy.run_path("sign_up.py")
    return sample["response"].status_code, sample["data"]


def assert_signed_up(status: int, answer: dict) -> None:
    assert status == 201
    assert answer.keys() == {"refresh", "access", "user"}
    assert re.fullmatch(r"eyJ[\w-]+\.[\w-]+\.[\w-]+", answer["refresh"])
    assert re.fullmatch(r"eyJ[\w-]+\.[\w-]+\.[\w-]+", answer["access"])
    assert type(answer["user"].pop("id")) is int
    assert answer["user"] == JOHN


def assert_taken(status: int, answer: dict) -> None:
    assert status == 400
    assert answer.keys() == {"username", "email"}
    (username_error,) = answer["username"]
    assert username_error
    assert answer["email"] == ["user with this email already exists."]
