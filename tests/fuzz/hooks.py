"""Rules for requests that the OpenAPI document can't express."""

import re

import schemathesis
from schemathesis import Case, HookContext, Response
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.openapi.checks import RejectedPositiveData, UnsupportedMethodResponse, UseAfterFree

# Rules that a schema can't express: they compare a field with another one, with a list of common passwords or with
# stored values, or require one of two fields.
BEYOND_SCHEMAS = {
    "mismatch",
    "same_as_email",
    "too_common",
    # The current password is a stored value.
    "incorrect",
    # The same rules in the messages of the token API.
    "user with this username already exists.",
    "Use @ only if the name is your own address.",
    "user with this email already exists.",
    "Password must not be the e-mail address.",
    "Password is among the first that attackers try; choose another.",
}

# Texts of an account that may have any characters but one.
PROFILE = (["first_name"], ["last_name"], ["number_phone"])


@schemathesis.hook
def filter_failure(context: HookContext, failure: Failure, case: Case, response: Response) -> bool:
    """A request that fits the schema may be rejected by these rules, and for no other reason. Three differences from
    the document are meant: null stands for an optional field that is left out, a proxy may ask for a verification with
    the method of any request, and after its elements are deleted a list is there and empty."""
    if isinstance(failure, UseAfterFree):
        return response.json() != []
    if isinstance(failure, AcceptedNegativeData):
        # A body that is too large is refused before it is read.
        return response.status_code != 413 and not is_null_for_nothing(case, failure)
    if isinstance(failure, UnsupportedMethodResponse):
        return case.operation.path != "/api/auth/verify" or failure.failure_reason != "wrong_status"
    if not isinstance(failure, RejectedPositiveData) or response.status_code != 400:
        return True
    return not reasons(case, response.json()) <= BEYOND_SCHEMAS


def is_null_for_nothing(case: Case, failure: AcceptedNegativeData) -> bool:
    """Whether all that is wrong is a null in an optional field."""
    path = place_of_wrong_type(failure.message)
    if path is None:
        return False
    value = case.body
    for name in path:
        if not isinstance(value, dict) or name not in value:
            return False
        value = value[name]
    return value is None


def place_of_wrong_type(message: str) -> list[str] | None:
    """The names that lead to the only invalid field, which the fuzzer writes in two ways."""
    if found := re.search(r"in body - ([\w >-]+): Incorrect type$", message, re.MULTILINE):
        return found[1].split(" -> ")
    if found := re.search(r"in body - violates `type` at ([\w/]+) \(was \w+, became null\)$", message, re.MULTILINE):
        return [name for name in found[1].split("/") if name not in {"", "properties"}]
    return None


def reasons(case: Case, body: dict) -> set[str]:
    if body.get("code") in {"invalid_otp", "challenge_expired", "passkey_not_accepted"}:
        # Made-up codes and answers are wrong.
        return set()
    if "data" in body:
        issues = body["data"]["issues"]
        known = (is_conditional, is_unlisted, is_garbled, is_of_operators)
        return {issue["code"] for issue in issues if not any(rule(case, issue) for rule in known)}
    if case.operation.path == "/api/token" and body == {"username": ["This field is required."]}:
        # Neither a user name nor an address was sent.
        return set()
    return {message for messages in body.values() for message in messages}


def is_conditional(case: Case, issue: dict) -> bool:
    """Whether the issue is a missing field that is required only because of another field's value."""
    second_step = (["attemptId"], ["response"])
    fields = {
        "/auth/otp": (["otp"], ["new_password"]),
        "/api/users/{user_id}": ([],),
        "/api/auth/login/second-factor": ([],),
        "/api/auth/reauthenticate": ([],),
        "/api/auth/webauthn/register": second_step,
        "/api/auth/webauthn/authenticate": second_step,
    }
    return issue["code"] == "required" and issue["path"] in fields.get(case.operation.path, ())


def is_unlisted(case: Case, issue: dict) -> bool:
    """Whether a token was asked for a service that the settings don't list."""
    return case.operation.path == "/api/auth/token" and issue["code"] == "invalid_choice"


def is_garbled(case: Case, issue: dict) -> bool:
    """Whether a text is no base64url, or a name is white space or has control characters."""
    if case.operation.path.startswith("/api/auth/webauthn/"):
        return issue["code"] == "invalid_characters"
    if case.operation.path.startswith("/api/admin/") and issue["path"][-1:] in PROFILE:
        # PostgreSQL has no room for a null character in a text.
        return issue["code"] == "invalid_characters" and "\\x00" in repr(case.body)
    return case.operation.path == "/api/auth/passkeys/{id}" and issue["code"] in {"too_short", "invalid_characters"}


def is_of_operators(case: Case, issue: dict) -> bool:
    """Whether a cursor is from no page, nothing can be like a query, a time is missing, or two fields of an operator's
    request exclude each other."""
    fields = {
        ("GET", "/api/admin/users"): [["before"], ["query"]],
        ("DELETE", "/api/admin/sessions"): [["before"]],
        ("GET", "/api/admin/events"): [["after"], ["since"]],
        ("GET", "/api/admin/webhooks/{id}/deliveries"): [["before"]],
        ("POST", "/api/admin/webhooks"): [["url"], ["types"]],
        ("PATCH", "/api/admin/webhooks/{id}"): [["url"], ["types"], []],
        ("POST", "/api/admin/users"): [["username"]] if "@" in str(case.body) else [],
        ("POST", "/api/admin/invitations"): [["username"]] if "@" in str(case.body) else [],
        ("PATCH", "/api/admin/users/{id}"): [["remove_password"], ["email_verified"], []],
    }
    return issue["path"] in fields.get((case.method.upper(), case.operation.path), [])
