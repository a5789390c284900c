"""What the document can't say about a request."""

import schemathesis
from schemathesis import Case, HookContext, Response
from schemathesis.core.failures import Failure
from schemathesis.openapi.checks import RejectedPositiveData

# Rules that compare a field with another one or with a list of common passwords. A schema has no words for them.
BEYOND_SCHEMAS = {"mismatch", "same_as_email", "too_common"}


@schemathesis.hook
def filter_failure(context: HookContext, failure: Failure, case: Case, response: Response) -> bool:
    """A request that fits the schema may be refused for these rules, and for nothing else."""
    if not isinstance(failure, RejectedPositiveData) or response.status_code != 400:
        return True
    return not {issue["code"] for issue in response.json()["data"]["issues"]} <= BEYOND_SCHEMAS
