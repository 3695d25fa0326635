"""A small Django project that serves dj-rest-auth and Simple JWT, in the secure settings that they document.

Run it as `python server.py PORT`; port 0 takes a free one. `openapi.yaml` beside it is its contract.
"""

# Django's parts can be imported only once its settings stand.
# ruff: noqa: E402
# Neither Django nor the libraries on it carry types.
# mypy: disable-error-code="import-untyped,misc"

from __future__ import annotations

import signal
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import django
from django.conf import settings

# Threads do not share an in-memory database without locking each other out, so it is a file.
_directory = tempfile.TemporaryDirectory(prefix="django-rest-auth-")

settings.configure(
    SECRET_KEY="c41a9d0e7f6b4b0f9be3f7d6a25817e0c3de5fa1",
    ALLOWED_HOSTS=["127.0.0.1", "localhost"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": Path(_directory.name, "database.sqlite3"),
            "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"},
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "rest_framework",
        "rest_framework_simplejwt",
        "rest_framework_simplejwt.token_blacklist",
        "dj_rest_auth",
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    # Django's advice for tests: its own hashers take a good part of a second each time, on purpose.
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    REST_FRAMEWORK={
        # What dj-rest-auth recommends. Without JWT_AUTH_COOKIE it reads the Authorization header alone.
        "DEFAULT_AUTHENTICATION_CLASSES": ["dj_rest_auth.jwt_auth.JWTCookieAuthentication"],
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
        # An API of JSON alone. The documented throttle (100 an hour) is left out, for a certification logs in more often.
        "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.LimitOffsetPagination",
        "PAGE_SIZE": 100,
    },
    REST_AUTH={
        "USE_JWT": True,
        "TOKEN_MODEL": None,
        "SESSION_LOGIN": False,
        # The access token travels in the body and the header, the refresh token in the cookie.
        "JWT_AUTH_COOKIE": None,
        "JWT_AUTH_REFRESH_COOKIE": "refresh-token",
        # The documented example, /api/auth/token/refresh/, would keep the cookie from logout.
        "JWT_AUTH_REFRESH_COOKIE_PATH": "/dj-rest-auth/",
        "JWT_AUTH_HTTPONLY": True,
        "JWT_AUTH_SECURE": True,
        "JWT_AUTH_SAMESITE": "Lax",
    },
    SIMPLE_JWT={
        "ACCESS_TOKEN_LIFETIME": timedelta(minutes=5),
        "REFRESH_TOKEN_LIFETIME": timedelta(days=1),
        "ROTATE_REFRESH_TOKENS": True,
        "BLACKLIST_AFTER_ROTATION": True,
        "ALGORITHM": "HS256",
        "SIGNING_KEY": "3b1f6c0d92e84a57b7d05e1c8f2a6943d1e7405b9c6f",
        "AUDIENCE": "members-api",
        "ISSUER": "https://members.example.test",
    },
)
django.setup()

import dj_rest_auth.urls
from dj_rest_auth.serializers import UserDetailsSerializer
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from django.urls import include, path
from rest_framework.generics import ListAPIView
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class Greeting(APIView):
    """For every authenticated caller."""

    def get(self, request: Request) -> Response:
        return Response({"greeting": f"Hello, {request.user.get_username()}"})


class Accounts(ListAPIView):
    """For staff alone."""

    queryset = get_user_model().objects.order_by("pk")
    serializer_class = UserDetailsSerializer
    permission_classes = (IsAdminUser,)


# The library's own routes, without those of passwords (they need e-mail) and token/verify.
_served = {"rest_login", "rest_logout", "rest_user_details", "token_refresh"}
urlpatterns = [
    path("dj-rest-auth/", include([route for route in dj_rest_auth.urls.urlpatterns if route.name in _served])),
    path("api/greeting/", Greeting.as_view()),
    path("api/accounts/", Accounts.as_view()),
]
# DRF's answers in JSON to what fails outside its views.
handler400 = "rest_framework.exceptions.bad_request"
handler500 = "rest_framework.exceptions.server_error"


def main(port: int) -> None:
    """Serve on 127.0.0.1 until SIGTERM."""
    call_command("migrate", verbosity=0)
    create = get_user_model().objects.create_user
    create("olivia", "olivia@example.com", "olivia's long password")
    create("oscar", "oscar@example.com", "oscar's long password")
    create("stella", "stella@example.com", "stella's long password", is_staff=True)
    create("dora", "dora@example.com", "dora's long password", is_active=False)

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with _directory, ThreadedWSGIServer(("127.0.0.1", port), WSGIRequestHandler) as server:
        server.daemon_threads = True
        server.set_app(get_wsgi_application())
        print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]))
