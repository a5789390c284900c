"""The generated Python client, used the way its README shows."""

import os
from http import HTTPStatus
from uuid import uuid4

from neptun_auth_client import AuthenticatedClient, Client
from neptun_auth_client.api.account import log_in, log_out, sign_up
from neptun_auth_client.api.sessions import (
    check_session_by_get,
    get_session,
    list_sessions,
    revoke_other_sessions,
    revoke_session,
)
from neptun_auth_client.api.tokens import blacklist_token, get_me, refresh_token, sign_up_with_tokens
from neptun_auth_client.models import (
    ApiError,
    CurrentSessionResponse,
    LogInRequest,
    RefreshRequest,
    SignUpRequest,
    TokenErrorBody,
    TokenPairResponse,
    TokenSignUpRequest,
    TokenSignUpResponse,
)

SERVICE = os.environ["SERVICE_URL"]
PASSWORD = "correct horse battery"


def new_email() -> str:
    return f"{uuid4()}@example.com"


def sign_in(start) -> AuthenticatedClient:
    """Signs up or logs in, then carries the cookie as the credential that the document names."""
    with Client(SERVICE) as client:
        assert start(client).status_code == HTTPStatus.OK
        (cookie,) = (c for c in client.get_httpx_client().cookies.jar if c.name == "neptun-session")
    return AuthenticatedClient(SERVICE, token=f"{cookie.name}={cookie.value}", prefix="", auth_header_name="Cookie")


def sign_up_as(email: str) -> AuthenticatedClient:
    body = SignUpRequest(email=email, password=PASSWORD)
    return sign_in(lambda client: sign_up.sync_detailed(client=client, body=body))


def log_in_as(email: str) -> AuthenticatedClient:
    body = LogInRequest(email=email, password=PASSWORD)
    return sign_in(lambda client: log_in.sync_detailed(client=client, body=body))


def test_a_session_from_sign_up_to_logout() -> None:
    email = new_email()
    client = sign_up_as(email)

    session = get_session.sync(client=client)
    assert isinstance(session, CurrentSessionResponse)
    assert session.user.primary_email == email
    assert session.expires_at > session.logged_in_at

    assert [one.current for one in list_sessions.sync(client=client)] == [True]

    assert log_out.sync(client=client) is True
    afterwards = get_session.sync_detailed(client=client)
    assert afterwards.status_code == HTTPStatus.UNAUTHORIZED
    assert isinstance(afterwards.parsed, ApiError)


def test_one_session_ends_others() -> None:
    email = new_email()
    first, second, third = sign_up_as(email), log_in_as(email), log_in_as(email)

    other = next(one for one in list_sessions.sync(client=second) if not one.current)
    assert revoke_session.sync_detailed(other.id, client=second).status_code == HTTPStatus.NO_CONTENT
    assert revoke_other_sessions.sync(client=second).revoked == 1

    statuses = [check_session_by_get.sync_detailed(client=client).status_code for client in (first, second, third)]
    assert statuses == [HTTPStatus.UNAUTHORIZED, HTTPStatus.NO_CONTENT, HTTPStatus.UNAUTHORIZED]


def test_a_taken_email_and_field_issues_arrive_as_the_typed_error() -> None:
    email = new_email()
    sign_up_as(email)
    with Client(SERVICE) as client:
        taken = sign_up.sync(client=client, body=SignUpRequest(email=email, password=PASSWORD))
        rejected = sign_up.sync(client=client, body=SignUpRequest(email="no-address", password="short"))

    assert isinstance(taken, ApiError)
    assert taken.status_code == HTTPStatus.CONFLICT
    assert taken.code == "email_taken"
    assert isinstance(rejected, ApiError)
    assert sorted(issue.path[0] for issue in rejected.data.issues) == ["email", "password"]


def test_a_token_pair_from_sign_up_to_the_blacklist() -> None:
    body = TokenSignUpRequest(username=str(uuid4()), email=new_email(), password=PASSWORD)
    with Client(SERVICE) as client:
        signed_up = sign_up_with_tokens.sync(client=client, body=body)
        assert isinstance(signed_up, TokenSignUpResponse)
        assert signed_up.user.username == body.username
        assert get_me.sync(client=AuthenticatedClient(SERVICE, token=signed_up.access)) == signed_up.user

        renewed = refresh_token.sync(client=client, body=RefreshRequest(refresh=signed_up.refresh))
        assert isinstance(renewed, TokenPairResponse)
        assert renewed.refresh != signed_up.refresh
        bearer = AuthenticatedClient(SERVICE, token=renewed.access)
        assert get_me.sync_detailed(client=bearer).status_code == HTTPStatus.OK

        presented = RefreshRequest(refresh=renewed.refresh)
        assert blacklist_token.sync_detailed(client=client, body=presented).status_code == HTTPStatus.OK
        rejected = refresh_token.sync_detailed(client=client, body=presented)
        assert rejected.status_code == HTTPStatus.UNAUTHORIZED
        assert isinstance(rejected.parsed, TokenErrorBody)
        assert rejected.parsed.code == "token_not_valid"
        assert get_me.sync_detailed(client=bearer).status_code == HTTPStatus.UNAUTHORIZED
