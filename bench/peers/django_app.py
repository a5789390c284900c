"""Django's own accounts and sessions, as its documentation sets them up, with SQLite. A gunicorn application."""

import json
import os

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

settings.configure(
    SECRET_KEY="5a" * 32,
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.environ["DATABASE_FILE"],
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "timeout": 10,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode = WAL",
            },
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

from django.contrib import auth
from django.contrib.auth.models import User


def sign_up(request: HttpRequest) -> HttpResponse:
    fields = json.loads(request.body)
    user = User.objects.create_user(fields["email"], fields["email"], fields["password"])
    auth.login(request, user)
    return HttpResponse()


def log_in(request: HttpRequest) -> HttpResponse:
    fields = json.loads(request.body)
    user = auth.authenticate(request, username=fields["email"], password=fields["password"])
    if user is None:
        return HttpResponse(status=401)
    auth.login(request, user)
    return HttpResponse()


def check(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=200 if request.user.is_authenticated else 401)


urlpatterns = [path("sign-up", sign_up), path("log-in", log_in), path("check", check)]
application = get_wsgi_application()

if __name__ == "__main__":
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
