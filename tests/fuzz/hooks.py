"""Rules for requests that the OpenAPI document can't express."""

import schemathesis
from schemathesis import Case, HookContext, Response
from schemathesis.core.failures import Failure
from schemathesis.openapi.checks import RejectedPositiveData

# Rules that a schema can't express: they compare a field with another one, with a list of common passwords or with
# stored values, or require one of two fields.
BEYOND_SCHEMAS = {
    "mismatch",
    "same_as_email",
    "too_common",
    # The same rules in the messages of the token API.
    "user with this username already exists.",
    "user with this email already exists.",
    "Password must not be the e-mail address.",
    "Password is among the first that attackers try; choose another.",
}


@schemathesis.hook
def filter_failure(context: HookContext, failure: Failure, case: Case, response: Response) -> bool:
    """A request that fits the schema may be rejected by these rules, and for no other reason."""
    if not isinstance(failure, RejectedPositiveData) or response.status_code != 400:
        return True
    return not reasons(case, response.json()) <= BEYOND_SCHEMAS


def reasons(case: Case, body: dict) -> set[str]:
    if body.get("code") == "invalid_otp":
        # Made-up codes are wrong.
        return set()
    if "data" in body:
        return {issue["code"] for issue in body["data"]["issues"] if not is_conditional(case, issue)}
    if case.operation.path == "/api/token" and body == {"username": ["This field is required."]}:
        # Neither a user name nor an address was sent.
        return set()
    return {message for messages in body.values() for message in messages}


def is_conditional(case: Case, issue: dict) -> bool:
    """Whether the issue is a missing field that is required only because of another field's value."""
    fields = {"/auth/otp": (["otp"], ["new_password"]), "/api/users/{user_id}": ([],)}
    return issue["code"] == "required" and issue["path"] in fields.get(case.operation.path, ())
