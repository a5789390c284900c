"""Accounts of the live service, and the tokens that they hold."""

import os
from dataclasses import dataclass
from functools import cached_property
from uuid import uuid4

import httpx

SERVICE = os.environ["SERVICE_URL"]
JWKS_URL = f"{SERVICE}/.well-known/jwks.json"
PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class TokenAccount:
    """An account that signed up for a token pair."""

    access: str
    refresh: str
    number: int

    @cached_property
    def user_id(self) -> str:
        """The account that the service itself finds for the access token."""
        answer = httpx.get(f"{SERVICE}/api/auth/verify", headers={"Authorization": f"Bearer {self.access}"})
        assert answer.status_code == 204
        return answer.headers["X-Auth-User-Id"]


def sign_up_for_tokens() -> TokenAccount:
    name = str(uuid4())
    body = {"username": name, "email": f"{name}@example.com", "password": PASSWORD}
    answer = httpx.post(f"{SERVICE}/api/sign-up/", json=body)
    assert answer.status_code == 201, answer.text
    pair = answer.json()
    return TokenAccount(pair["access"], pair["refresh"], pair["user"]["id"])


def sign_up_and_mint() -> tuple[str, str]:
    """Signs up with the cookie and gets a token. Returns the account's id and the token."""
    with httpx.Client(base_url=SERVICE) as browser:
        body = {"email": f"{uuid4()}@example.com", "password": PASSWORD}
        session = browser.post("/api/auth/sign-up", json=body).raise_for_status().json()
        minted = browser.post("/api/auth/token").raise_for_status().json()
    return session["user"]["id"], minted["access"]
