"""How long an answer takes does not tell whether an address has an account."""

from uuid import uuid4

import pytest
from measure import Client, Difference, Request, compare

# Of the median; more than this, and beyond chance, fails.
LIMIT = 0.05
ACCOUNTS = 330
# This many codes are sent to an address in an hour.
CODES = 3
LOG_INS = 500
PASSWORD = "correct horse battery"


def fresh() -> str:
    return f"{uuid4()}@example.com"


@pytest.fixture(scope="module")
def client() -> Client:
    return Client()


@pytest.fixture(scope="module")
def known(client: Client) -> list[str]:
    addresses = [fresh() for _ in range(ACCOUNTS)]
    for address in addresses:
        assert client.post("/api/auth/sign-up", {"email": address, "password": PASSWORD}) == 200
    return addresses


@pytest.fixture(scope="module")
def unknown() -> list[str]:
    return [fresh() for _ in range(ACCOUNTS)]


def assert_equal(what: str, difference: Difference, limit: float = LIMIT) -> None:
    print(f"\n{what}: {difference}")
    assert not (difference.is_significant and abs(difference.share) > limit), f"{what}: {difference}"


def test_a_reset_request_takes_as_long_for_nobody(client: Client, known: list[str], unknown: list[str]) -> None:
    def asking(address: str) -> Request:
        def ask() -> None:
            assert client.post("/auth/otp", {"action": "create", "email": address}) == 200

        return ask

    pairs = [(asking(one), asking(other)) for one, other in zip(known, unknown, strict=True)] * CODES
    # These answers leave at even times, so the work of an account shows in none of them.
    assert_equal("reset request", compare(pairs), limit=0.01)


def test_a_failing_log_in_takes_as_long_for_nobody(client: Client, known: list[str], unknown: list[str]) -> None:
    def logging_in(address: str) -> Request:
        def log_in() -> None:
            assert client.post("/api/auth/login", {"email": address, "password": "not the password"}) == 401

        return log_in

    pairs = [(logging_in(one), logging_in(other)) for one, other in zip(known, unknown, strict=True)]
    assert_equal("log-in", compare([pairs[turn % ACCOUNTS] for turn in range(LOG_INS)]))
