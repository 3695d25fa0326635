"""A clinic's API in FastAPI over TLS: stateless RS256 access tokens with roles, refresh with a grace interval, opaque API keys.

Run it as `python server.py PORT`; port 0 takes a free one. `openapi.yaml` beside it is its contract, and `ca.pem` made its certificate.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import socket
import sys
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, cast

import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictStr
from starlette.exceptions import HTTPException as RoutingError
from starlette.middleware.base import RequestResponseEndpoint

HERE = Path(__file__).parent
KEY = (HERE / "signing_key.pem").read_text("ascii")
PUBLIC_KEY = cast("RSAPublicKey", load_pem_private_key(KEY.encode(), None).public_key())
ISSUER, AUDIENCE, KID = "https://clinic.example", "clinic-api", "2026-a"
ACCESS_LIFETIME, REFRESH_LIFETIME, GRACE = 300, 30 * 86400, 10
COOKIE, COOKIE_PATH = "__Secure-clinic-refresh", "/auth"
PEPPER = secrets.token_bytes(32)


@dataclass
class Person:
    id: str
    email: str
    password: str
    roles: list[str]
    disabled: bool = False


@dataclass
class ApiKey:
    id: str
    owner: Person
    label: str
    created: datetime
    expires: datetime
    used: datetime | None = None
    revoked: bool = False


@dataclass
class Family:
    """What one login began. `newest` is the digest of the only unused refresh token; `parent` was traded for it at `traded`."""

    person: Person
    newest: str
    expires: float
    parent: str = ""
    traded: float = 0.0
    ended: bool = False


@dataclass
class State:
    """All that the server knows. Every operation runs on the one event loop without a pause, so none sees half a change."""

    people: dict[str, Person] = field(default_factory=dict)
    families: dict[str, Family] = field(default_factory=dict)
    keys: dict[str, ApiKey] = field(default_factory=dict)


state = State()


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def password_hash(password: str, email: str) -> str:
    return hashlib.scrypt(password.encode("utf-8", "surrogatepass"), salt=PEPPER + email.encode("utf-8", "surrogatepass"), n=1024, r=8, p=1).hex()


@asynccontextmanager
async def seeded(_: FastAPI) -> AsyncIterator[None]:
    for name, roles, disabled in (("Nora", ["nurse"], False), ("Piet", ["nurse"], False), ("Ada", ["nurse", "admin"], False), ("Gone", [], True)):
        email = f"{name.lower()}@clinic.example"
        state.people[email] = Person(str(uuid.uuid4()), email, password_hash(f"{name} sleeps well", email), roles, disabled)
    yield


app = FastAPI(lifespan=seeded, openapi_url=None, redirect_slashes=False)


@app.exception_handler(RequestValidationError)
async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
    # FastAPI's own answer repeats the input, and with it a password.
    fields = {".".join(str(step) for step in problem["loc"][1:]): problem["msg"] for problem in error.errors()}
    return JSONResponse({"error": "The request is not valid.", "fields": fields}, 422)


@app.exception_handler(RoutingError)
async def refused(_: Request, error: RoutingError) -> JSONResponse:
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)


@app.middleware("http")
async def harden(request: Request, call_next: RequestResponseEndpoint) -> Response:
    response = await call_next(request)
    response.headers["Strict-Transport-Security"] = "max-age=31536000"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response


app.add_middleware(
    CORSMiddleware,
    allow_origins=["https://desk.clinic.example"],
    allow_credentials=True,
    allow_methods=["GET", "POST", "DELETE"],
    allow_headers=["Authorization", "Content-Type"],
    expose_headers=["WWW-Authenticate"],
)


def unauthorized(error: str = "", headers: dict[str, str] | None = None) -> HTTPException:
    parameters = f', error="{error}"' if error else ""
    return HTTPException(401, "Authentication is required.", {"WWW-Authenticate": f'Bearer realm="clinic"{parameters}', **(headers or {})})


# Who is calling


@dataclass
class Caller:
    person: Person
    roles: list[str]
    by_key: bool


def caller(request: Request) -> Caller:
    """The caller by the one Authorization field: an access token, or an API key."""
    given = request.headers.getlist("authorization")
    if not given:
        raise unauthorized()
    scheme, _, token = given[0].partition(" ")
    if len(given) > 1 or scheme.lower() != "bearer":
        raise unauthorized()
    token = token.lstrip(" ")
    found = by_api_key(token) if token.startswith("clinic_") else by_access_token(token)
    if found is None:
        raise unauthorized("invalid_token")
    return found


def by_api_key(token: str) -> Caller | None:
    key = state.keys.get(digest(token))
    now = datetime.now(UTC)
    if key is None or key.revoked or key.expires <= now or key.owner.disabled:
        return None
    key.used = now
    return Caller(key.owner, key.owner.roles, by_key=True)


def by_access_token(token: str) -> Caller | None:
    options: Any = {"require": ["iss", "aud", "sub", "iat", "exp", "jti"], "strict_aud": True}
    try:
        if jwt.get_unverified_header(token).get("kid") != KID:
            return None
        claims = jwt.decode(token, PUBLIC_KEY, algorithms=["RS256"], audience=AUDIENCE, issuer=ISSUER, options=options)
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
        return None
    # PyJWT reads numeric texts as times.
    numbers = all(type(claims[name]) in {int, float} for name in ("iat", "exp")) and type(claims.get("nbf", 0)) in {int, float}
    person = next((person for person in state.people.values() if person.id == claims["sub"] and not person.disabled), None)
    if not numbers or claims.get("kind") != "access" or person is None:
        return None
    return Caller(person, claims["roles"], by_key=False)


Anyone = Annotated[Caller, Depends(caller)]


def in_person(who: Anyone) -> Caller:
    """API keys administer no API keys."""
    if who.by_key:
        raise unauthorized("invalid_token")
    return who


def administrator(who: Anyone) -> Caller:
    if "admin" not in who.roles:
        raise HTTPException(403, "An administrator may do this.", {"WWW-Authenticate": 'Bearer realm="clinic", error="insufficient_scope"'})
    return who


InPerson = Annotated[Caller, Depends(in_person)]
Administrator = Annotated[Caller, Depends(administrator)]


# Sessions


class Credentials(BaseModel):
    model_config = ConfigDict(strict=True)
    email: StrictStr = Field(min_length=1, max_length=200)
    password: StrictStr = Field(min_length=1, max_length=200)


def tokens(person: Person, refresh_token: str, expires: float) -> JSONResponse:
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": person.id, "iat": now, "exp": now + ACCESS_LIFETIME, "jti": str(uuid.uuid4())}
    access_token = jwt.encode({**claims, "kind": "access", "roles": person.roles}, KEY, "RS256", {"kid": KID})
    answer = JSONResponse({"access_token": access_token, "token_type": "Bearer", "expires_in": ACCESS_LIFETIME})
    left = int(expires - time.time())
    ends = datetime.fromtimestamp(expires, UTC)
    answer.set_cookie(COOKIE, refresh_token, left, ends, COOKIE_PATH, secure=True, httponly=True, samesite="lax")
    return answer


def cleared(answer: Response) -> Response:
    answer.delete_cookie(COOKIE, COOKIE_PATH, secure=True, httponly=True, samesite="lax")
    return answer


@app.post("/auth/login")
async def log_in(given: Credentials) -> Response:
    person = state.people.get(given.email.lower())
    right = hmac.compare_digest(password_hash(given.password, given.email.lower()), person.password if person else "")
    if not right or person is None or person.disabled:
        raise unauthorized()
    token = secrets.token_urlsafe(32)
    family = Family(person, digest(token), time.time() + REFRESH_LIFETIME)
    state.families[family.newest] = family
    return tokens(person, token, family.expires)


@app.post("/auth/refresh")
async def refresh(request: Request) -> Response:
    token = request.cookies.get(COOKIE, "")
    family = state.families.get(digest(token))
    if family is None or family.ended or family.person.disabled or family.expires <= time.time():
        return cleared(await refused(request, unauthorized()))
    # The next token is a function of this one, so that the same one can be given again and none is kept.
    successor = hmac.new(PEPPER, token.encode("utf-8", "surrogatepass"), hashlib.sha384).hexdigest()
    if digest(token) == family.newest:
        family.parent, family.newest, family.traded = family.newest, digest(successor), time.time()
        state.families[family.newest] = family
    elif digest(token) != family.parent or time.time() > family.traded + GRACE:
        family.ended = True
        return cleared(await refused(request, unauthorized()))
    return tokens(family.person, successor, family.expires)


@app.post("/auth/logout")
async def log_out(request: Request) -> Response:
    if family := state.families.get(digest(request.cookies.get(COOKIE, ""))):
        family.ended = True
    return cleared(JSONResponse({"done": True}))


# API keys


class NewKey(BaseModel):
    model_config = ConfigDict(strict=True)
    label: StrictStr = Field(min_length=3, max_length=64)
    valid_until: Annotated[AwareDatetime, Field(strict=False)]


def shown(key: ApiKey) -> dict[str, object]:
    return {
        "id": key.id,
        "owner": key.owner.id,
        "label": key.label,
        "created": key.created.isoformat(),
        "last_used": key.used and key.used.isoformat(),
        "valid_until": key.expires.isoformat(),
        "revoked": key.revoked,
    }


@app.get("/me/keys")
async def list_keys(who: InPerson) -> Response:
    own = [shown(key) for key in state.keys.values() if key.owner is who.person]
    return JSONResponse({"keys": own, "count": len(own)})


@app.post("/me/keys")
async def create_key(who: InPerson, given: NewKey) -> Response:
    now = datetime.now(UTC)
    if not now < given.valid_until <= now + timedelta(days=365):
        return JSONResponse({"error": "The request is not valid.", "fields": {"valid_until": "A time within the next year is needed."}}, 422)
    secret = f"clinic_{secrets.token_urlsafe(32)}"
    key = state.keys[digest(secret)] = ApiKey(str(uuid.uuid4()), who.person, given.label, now, given.valid_until)
    return JSONResponse({"secret": secret, "key": shown(key)}, 201)


@app.delete("/me/keys/{key_id}")
async def revoke_key(key_id: str, who: InPerson) -> Response:
    key = next((key for key in state.keys.values() if key.id == key_id and key.owner is who.person and not key.revoked), None)
    if key is None:
        raise HTTPException(404, "There is no such key.")
    key.revoked = True
    return Response(status_code=204)


# The clinic itself


def described(person: Person) -> dict[str, object]:
    return {"id": person.id, "email": person.email, "roles": person.roles}


@app.get("/me")
async def me(who: Anyone) -> Response:
    return JSONResponse(described(who.person))


@app.get("/staff")
async def staff(_: Administrator) -> Response:
    return JSONResponse({"staff": [described(person) for person in state.people.values()]})


@app.get("/.well-known/jwks.json")
async def jwks() -> Response:
    public = jwt.algorithms.RSAAlgorithm.to_jwk(PUBLIC_KEY, as_dict=True)
    return JSONResponse({"keys": [{"kid": KID, "use": "sig", "alg": "RS256", **{name: public[name] for name in ("kty", "n", "e")}}]})


def main(port: int) -> None:
    """Serve on 127.0.0.1 until SIGTERM."""
    listener = socket.create_server(("127.0.0.1", port))
    config = uvicorn.Config(app, log_level="warning", ssl_certfile=HERE / "certificate.pem", server_header=False)
    print(f"listening on https://127.0.0.1:{listener.getsockname()[1]}", flush=True)  # noqa: T201 - whoever started it waits for this line
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(int(sys.argv[1]))
