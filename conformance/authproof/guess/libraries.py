"""What well-known libraries do by default and no document of theirs says: their defaults, as their documentation states them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from authproof.guess.survey import Seen, Survey


@dataclass(frozen=True, slots=True)
class Library:
    """The defaults of a library. Lifetimes are seconds; `refusal` is the status of refused credentials, `message` where an error has its sentence."""

    name: str
    recognised: Callable[[Survey, Seen], str | None]
    jwt: bool = True
    algorithm: str = "HS256"
    claims: Mapping[str, str] = field(default_factory=lambda: {"sub": "account", "exp": "expiresAt"})
    audience: tuple[str, ...] = ()
    access_claims: Mapping[str, str] = field(default_factory=dict)
    refresh_claims: Mapping[str, str] = field(default_factory=dict)
    access_lifetime: int | None = None
    refresh_lifetime: int | None = None
    refusal: int | None = None
    message: str | None = None


def library_of(survey: Survey, login: Seen) -> tuple[Library, str] | None:
    """The library that the document looks like, and by what."""
    for library in _LIBRARIES:
        if evidence := library.recognised(survey, login):
            return library, evidence
    return None


def _fastapi_users(_survey: Survey, login: Seen) -> str | None:
    return "the login's example LOGIN_BAD_CREDENTIALS" if "LOGIN_BAD_CREDENTIALS" in login.texts else None


def _dj_rest_auth(survey: Survey, login: Seen) -> str | None:
    if {"rest", "auth"} <= login.words and _has(login, "access", "refresh"):
        return "the path of the login, and its answer's fields access and refresh"
    return "the schema RestAuthDetail" if "RestAuthDetail" in survey.schema_names and _has(login, "access", "refresh") else None


def _simple_jwt(survey: Survey, login: Seen) -> str | None:
    named = next((name for name in sorted(survey.schema_names) if name.startswith("TokenObtain")), None)
    return f"the schema {named}" if named and _has(login, "access", "refresh") else None


def _rest_framework_token(_survey: Survey, login: Seen) -> str | None:
    return "the answer's only field key" if {field.plain for field in login.answer} == {"key"} else None


def _flask_jwt_extended(survey: Survey, login: Seen) -> str | None:
    has_message = any(field.plain == "msg" for operation in survey.operations for field in operation.errors)
    return "the fields access_token, and msg of its errors" if has_message and _has(login, "accesstoken") else None


def _has(operation: Seen, *names: str) -> bool:
    return set(names) <= {field.plain for field in operation.answer}


_SIMPLE_JWT_CLAIMS = {"user_id": "account", "exp": "expiresAt", "iat": "issuedAt", "jti": "identifier"}
_LIBRARIES = (
    Library(
        "FastAPI Users",
        _fastapi_users,
        claims={"sub": "account", "aud": "audience", "exp": "expiresAt"},
        audience=("fastapi-users:auth",),
        access_lifetime=3600,
        refusal=400,
        message="/detail",
    ),
    Library(
        "dj-rest-auth with Simple JWT",
        _dj_rest_auth,
        claims=_SIMPLE_JWT_CLAIMS,
        access_claims={"token_type": "access"},
        refresh_claims={"token_type": "refresh"},
        access_lifetime=300,
        refresh_lifetime=86400,
        refusal=400,
        message="/detail",
    ),
    Library(
        "Simple JWT",
        _simple_jwt,
        claims=_SIMPLE_JWT_CLAIMS,
        access_claims={"token_type": "access"},
        refresh_claims={"token_type": "refresh"},
        access_lifetime=300,
        refresh_lifetime=86400,
        refusal=401,
        message="/detail",
    ),
    Library("the tokens of Django REST framework", _rest_framework_token, jwt=False, refusal=400, message="/detail"),
    Library(
        "Flask-JWT-Extended",
        _flask_jwt_extended,
        claims={"sub": "account", "exp": "expiresAt", "iat": "issuedAt", "jti": "identifier"},
        access_claims={"type": "access"},
        refresh_claims={"type": "refresh"},
        access_lifetime=900,
        refresh_lifetime=2592000,
        message="/msg",
    ),
)
