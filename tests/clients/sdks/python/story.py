"""What the client of OpenAPI Generator has to do."""

import os
import re
from uuid import uuid4

from openapi_client import AccountApi, ApiClient, Configuration, LogInRequest, SessionsApi, SignUpRequest
from openapi_client.exceptions import ApiException

configuration = Configuration(host=os.environ["SERVICE_URL"])
client = ApiClient(configuration)
email, password = f"{uuid4()}@example.com", "correct horse battery"

answer = AccountApi(client).sign_up_with_http_info(SignUpRequest(email=email, password=password))
client.cookie = re.search("neptun-session=[^;]+", answer.headers["set-cookie"])[0]
configuration.api_key["sessionCookie"] = client.cookie
assert SessionsApi(client).get_session().user.id == answer.data.user.id
try:
    AccountApi(client).log_in(LogInRequest(email=email, password="not the password"))
except ApiException as error:
    assert error.data.code == "invalid_credentials"
else:
    raise AssertionError("logged in")
