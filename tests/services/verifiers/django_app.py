"""A Django application whose users sign in elsewhere: simplejwt checks their tokens with the service's public key."""

import django
import httpx
import jwt
from accounts import JWKS_URL, SERVICE
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.urls import path


def public_key() -> str:
    (jwk,) = httpx.get(JWKS_URL).raise_for_status().json()["keys"]
    return jwt.PyJWK(jwk).key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


settings.configure(
    ALLOWED_HOSTS=["testserver"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "rest_framework"],
    ROOT_URLCONF="django_app",
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework_simplejwt.authentication.JWTAuthentication"],
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    },
    SECRET_KEY="signs nothing: the tokens come from elsewhere",
    SIMPLE_JWT={
        "ALGORITHM": "ES256",
        "VERIFYING_KEY": public_key(),
        "ISSUER": SERVICE,
        "LEEWAY": 5,  # seconds by which the clocks of two machines may differ
        "USER_ID_FIELD": "id",
        "USER_ID_CLAIM": "user_id",
    },
)
django.setup()

from rest_framework.decorators import api_view  # noqa: E402, Django has to be set up first
from rest_framework.request import Request  # noqa: E402
from rest_framework.response import Response  # noqa: E402


@api_view(["GET"])
def who_am_i(request: Request) -> Response:
    return Response({"id": request.user.id, "username": request.user.username})


urlpatterns = [path("who-am-i/", who_am_i)]
