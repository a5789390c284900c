"""The curl and the Python sample of the published page, run as they stand there."""

import asyncio
import json
import subprocess

import httpx
import pytest
from sign_up import SignUpResponse, sign_up


def test_curl_signs_up_once() -> None:
    answer = SignUpResponse(**run_curl_sample())
    assert answer.user.primary_email == "user@example.com"
    assert answer.loggedInAt.tzinfo is not None

    assert run_curl_sample()["statusCode"] == 409


def run_curl_sample() -> dict:
    sample = subprocess.run(["bash", "sign-up.sh"], check=True, capture_output=True, text=True)
    return json.loads(sample.stdout)


def test_python_signs_up() -> None:
    answer = asyncio.run(sign_up("python@example.com", "yourpassword"))
    assert answer.user.primary_email == "python@example.com"


@pytest.mark.parametrize(
    ("email", "password", "status"),
    [("taken@example.com", "yourpassword", 409), ("no-address", "yourpassword", 400), ("new@example.com", "", 400)],
)
def test_python_raises_what_the_page_says(email: str, password: str, status: int) -> None:
    if status == 409:
        asyncio.run(sign_up(email, password))
    with pytest.raises(httpx.HTTPStatusError) as error:
        asyncio.run(sign_up(email, password))
    assert error.value.response.status_code == status
