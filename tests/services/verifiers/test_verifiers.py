"""The programs of examples/verify, run as they stand there."""

import subprocess
import time
from collections.abc import Callable, Iterator

import forgery
import pytest
from accounts import JWKS_URL, SERVICE, TokenAccount, sign_up_and_mint, sign_up_for_tokens
from forgery import Issuer

PROGRAMS = {"python": ["python", "verify.py"], "node": ["node", "verify.mjs"], "rust": ["./verify"]}


class Verifier:
    def __init__(self, program: list[str]) -> None:
        self._program = program

    def accepts(self, token: str, jwks_url: str = JWKS_URL, issuer: str = SERVICE) -> str:
        """The account of the token."""
        answer = self._run(token, jwks_url, issuer)
        assert answer.returncode == 0, answer.stderr
        return answer.stdout.strip()

    def refuses(self, token: str, jwks_url: str = JWKS_URL, issuer: str = SERVICE) -> bool:
        """Whether the program rejects the token as invalid, not because something else failed."""
        answer = self._run(token, jwks_url, issuer)
        return answer.returncode == 1 and answer.stdout == "" and answer.stderr.startswith("refused: ")

    def _run(self, token: str, jwks_url: str, issuer: str) -> subprocess.CompletedProcess:
        command = [*self._program, jwks_url, issuer]
        return subprocess.run(command, input=token, capture_output=True, text=True, timeout=30)


@pytest.fixture(params=PROGRAMS)
def verifier(request: pytest.FixtureRequest) -> Verifier:
    return Verifier(PROGRAMS[request.param])


@pytest.fixture(scope="module")
def account() -> TokenAccount:
    return sign_up_for_tokens()


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with Issuer() as issuer:
        yield issuer


def test_a_token_from_sign_up_is_its_owners(verifier: Verifier, account: TokenAccount) -> None:
    assert verifier.accepts(account.access) == account.user_id


def test_a_token_minted_from_a_cookie_is_the_sessions(verifier: Verifier) -> None:
    user_id, token = sign_up_and_mint()
    assert verifier.accepts(token) == user_id


def test_a_refresh_token_opens_nothing(verifier: Verifier, account: TokenAccount) -> None:
    assert verifier.refuses(account.refresh)


@pytest.mark.parametrize(
    "forge",
    [
        lambda token: forgery.tampered(token, sub="01890000-0000-7000-8000-000000000000"),
        lambda token: forgery.tampered(token, exp=int(time.time()) + 86_400),
        forgery.with_another_signature,
        forgery.signed_by_a_stranger,
        lambda token: token[:-1],
        lambda token: token.rsplit(".", 1)[0],
        lambda token: "",
    ],
    ids=["another subject", "a later end", "another signature", "a foreign key", "cut short", "two parts", "nothing"],
)
def test_no_change_to_a_real_token_goes_unnoticed(
    verifier: Verifier, account: TokenAccount, forge: Callable[[str], str]
) -> None:
    assert verifier.refuses(forge(account.access))


def test_another_issuers_tokens_open_nothing(verifier: Verifier, account: TokenAccount, issuer: Issuer) -> None:
    assert verifier.refuses(account.access, issuer="https://auth.example.com")
    assert verifier.refuses(account.access, issuer=f"{SERVICE}/")
    assert verifier.refuses(issuer.sign(issuer.claims(iss=SERVICE)))


# What the service itself can't be made to sign, under a key that is published as the service publishes its own.


def test_a_token_like_the_services_is_accepted(verifier: Verifier, issuer: Issuer) -> None:
    claims = issuer.claims()
    assert verifier.accepts(issuer.sign(claims), issuer.jwks_url, issuer.url) == claims["sub"]


def test_clocks_may_differ_by_a_few_seconds(verifier: Verifier, issuer: Issuer) -> None:
    """The verifier's clock is behind at a new token, and ahead at one that has almost expired."""
    now = int(time.time())
    for times in ({"iat": now + 3, "exp": now + 303}, {"iat": now - 302, "exp": now - 2}):
        claims = issuer.claims(**times)
        assert verifier.accepts(issuer.sign(claims), issuer.jwks_url, issuer.url) == claims["sub"]


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": int(time.time()) - 7},
        {"exp": None},
        {"iss": "https://auth.example.com"},
        {"iss": None},
        {"sub": None},
        {"token_type": "refresh"},
        {"token_type": None},
    ],
    ids=["expired", "without end", "other issuer", "no issuer", "unknown account", "refresh token", "no type"],
)
def test_a_signature_alone_is_not_enough(verifier: Verifier, issuer: Issuer, changes: dict) -> None:
    assert verifier.refuses(issuer.sign(issuer.claims(**changes)), issuer.jwks_url, issuer.url)


def test_no_other_algorithm_is_accepted(verifier: Verifier, issuer: Issuer) -> None:
    assert verifier.refuses(forgery.unsigned(issuer), issuer.jwks_url, issuer.url)
    assert verifier.refuses(forgery.signed_with_the_public_key(issuer), issuer.jwks_url, issuer.url)


def test_no_key_counts_that_the_token_brings_along(verifier: Verifier, issuer: Issuer) -> None:
    with Issuer() as stranger:
        token = stranger.sign(issuer.claims(), jwk=stranger.jwk(), jku=stranger.jwks_url)
        renamed = stranger.sign(issuer.claims(), kid="another", jwk=stranger.jwk(), jku=stranger.jwks_url)
        assert verifier.refuses(token, issuer.jwks_url, issuer.url)
        assert verifier.refuses(renamed, issuer.jwks_url, issuer.url)
