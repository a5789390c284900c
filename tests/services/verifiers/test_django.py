"""A Django application with simplejwt takes the service's access tokens, and nothing else, for its own users'."""

import django_app  # noqa: F401, sets Django up for the imports below
import forgery
import pytest
from accounts import TokenAccount, sign_up_for_tokens
from django.contrib.auth.models import User
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client


@pytest.fixture(scope="module", autouse=True)
def database() -> None:
    call_command("migrate", verbosity=0)


@pytest.fixture(scope="module")
def account() -> TokenAccount:
    """A user whom the application knows by the service's integer id."""
    account = sign_up_for_tokens()
    User.objects.create(id=account.number, username="john")
    return account


def who_am_i(token: str) -> HttpResponse:
    return Client().get("/who-am-i/", headers={"Authorization": f"Bearer {token}"})


def test_an_access_token_signs_its_owner_in(account: TokenAccount) -> None:
    answer = who_am_i(account.access)
    assert answer.status_code == 200, answer.content
    assert answer.json() == {"id": account.number, "username": "john"}


def test_the_application_has_to_know_the_owner() -> None:
    answer = who_am_i(sign_up_for_tokens().access)
    assert (answer.status_code, answer.json()["code"]) == (401, "user_not_found")


def test_nothing_but_an_access_token_signs_anybody_in(account: TokenAccount) -> None:
    assert Client().get("/who-am-i/").status_code == 401
    for token in [
        account.refresh,
        forgery.tampered(account.access, jti="another"),
        forgery.with_another_signature(account.access),
        forgery.signed_by_a_stranger(account.access),
    ]:
        answer = who_am_i(token)
        assert (answer.status_code, answer.json()["code"]) == (401, "token_not_valid")
