"""A bank's API in aiohttp: EdDSA without a JWT library, refresh tokens that are JWTs, and a second factor.

Run it as `python server.py PORT`; port 0 takes a free one. `openapi.yaml` beside it is its contract.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import math
import re
import secrets
import signal
import struct
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import Any, TypeAlias, cast

from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

KEY = cast("Ed25519PrivateKey", load_pem_private_key((Path(__file__).parent / "signing_key.pem").read_bytes(), None))
PUBLIC_KEY = KEY.public_key()
ISSUER, ACCESS, REFRESH = "urn:bank.example", "bank", "bank/session"
LIFETIMES = {ACCESS: 120, REFRESH: 3600}
COOKIE, COOKIE_PATH = "bank_session", "/session"
CHALLENGE_LIFETIME, WRONG_CODES, STEP = 180, 5, 30

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Customer:
    name: str
    password: bytes
    iban: str
    approver: bool = False
    closed: bool = False
    totp_key: bytes = b""
    last_step: int = 0


@dataclass
class Session:
    """`newest` is the identifier of the one refresh token that may still be used."""

    customer: Customer
    newest: str = ""
    ended: bool = False


@dataclass
class Challenge:
    customer: Customer
    expires: float
    wrong: int = 0


@dataclass
class State:
    customers: dict[str, Customer] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    challenges: dict[str, Challenge] = field(default_factory=dict)


STATE: web.AppKey[State] = web.AppKey("state", State)


def said(status: int, message: str, challenge: str = "") -> web.Response:
    headers = {"WWW-Authenticate": challenge} if challenge else {}
    return web.json_response({"message": message}, status=status, headers=headers)


class Refused(Exception):
    """Ends a request with `answer`."""

    def __init__(self, answer: web.Response) -> None:
        super().__init__(answer.status)
        self.answer = answer


def unauthorized(message: str = "Please log in.") -> Refused:
    return Refused(said(401, message, "Bearer"))


# Tokens (RFC 7515, RFC 8037), written out


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """The bytes that `text` stands for. Raises ValueError unless it is their only spelling."""
    data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if encoded(data) != text:
        raise ValueError("another spelling")
    return data


def once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in members}) < len(members):
        raise ValueError("a member stands twice")
    return dict(members)


def signed(audience: str, session: str, customer: Customer, identifier: str) -> str:
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": [audience], "sub": customer.name, "iat": now, "exp": now + LIFETIMES[audience]}
    parts = {"alg": "EdDSA"}, {**claims, "jti": identifier, "session": session}
    text = ".".join(encoded(json.dumps(part).encode()) for part in parts)
    return f"{text}.{encoded(KEY.sign(text.encode()))}"


def verified(token: str, audience: str) -> dict[str, Any]:
    """The claims of a valid token for `audience`. Raises ValueError for everything else."""
    try:
        text, _, signature = token.rpartition(".")
        header, claims = (json.loads(decoded(part), object_pairs_hook=once) for part in text.split("."))
        PUBLIC_KEY.verify(decoded(signature), text.encode("ascii"))
    except (InvalidSignature, RecursionError) as error:
        raise ValueError("no token of ours") from error
    if header != {"alg": "EdDSA"}:
        raise ValueError("another header")
    numbers = [claims.get(name) for name in ("exp", "iat")] + [claims.get("nbf", 0)]
    # JSON has numbers that are infinite for Python.
    if not all(type(number) in {int, float} and math.isfinite(number) for number in numbers):
        raise ValueError("a time is no number")
    expires, issued, not_before = numbers
    if not (max(issued, not_before) <= time.time() + 2 and time.time() < expires):
        raise ValueError("not now")
    if claims.get("iss") != ISSUER or claims.get("aud") not in ([audience], audience) or not isinstance(claims.get("jti"), str):
        raise ValueError("not for us")
    return cast("dict[str, Any]", claims)


def live_session(state: State, claims: dict[str, Any]) -> Session | None:
    session = state.sessions.get(claims["session"]) if isinstance(claims.get("session"), str) else None
    if session is None or session.ended or session.customer.closed or session.customer.name != claims.get("sub"):
        return None
    return session


def caller(request: web.Request) -> Customer:
    fields = request.headers.getall("Authorization", [])
    if not fields:
        raise unauthorized()
    if len(fields) > 1:
        raise Refused(said(400, "There are two Authorization fields."))
    scheme, _, credentials = fields[0].partition(" ")
    if scheme.lower() != "bearer" and credentials:
        raise unauthorized()
    token = re.fullmatch(r" *([A-Za-z0-9._~+/-]+=*)", credentials)
    if token is None:
        raise Refused(said(400, "The Authorization field is malformed."))
    try:
        session = live_session(request.app[STATE], verified(token.group(1), ACCESS))
    except ValueError:
        session = None
    if session is None:
        raise unauthorized("This token is not valid, or no longer.")
    return session.customer


# Sessions


def with_cookie(answer: web.Response, value: str, expires: float) -> web.Response:
    # Expires alone, as servers have written it since long before Max-Age.
    answer.headers["Set-Cookie"] = (
        f"{COOKIE}={value}; expires={formatdate(expires, usegmt=True)}; path={COOKIE_PATH}; secure; httponly; samesite=strict"
    )
    return answer


def cleared(answer: web.Response) -> web.Response:
    return with_cookie(answer, "", 946684800)


def tokens(identifier: str, session: Session) -> web.Response:
    session.newest = secrets.token_hex(16)
    refresh_token = signed(REFRESH, identifier, session.customer, session.newest)
    answer = web.json_response({"token": signed(ACCESS, identifier, session.customer, secrets.token_hex(16))})
    return with_cookie(answer, refresh_token, time.time() + LIFETIMES[REFRESH])


def opened(state: State, customer: Customer) -> web.Response:
    identifier = secrets.token_hex(16)
    session = state.sessions[identifier] = Session(customer)
    return tokens(identifier, session)


async def texts(request: web.Request, *names: str) -> list[str]:
    """The members `names` of the body, each a text."""
    if request.content_type != "application/json":
        raise Refused(said(415, "JSON is needed."))
    try:
        body = json.loads(await request.text())
    except (ValueError, LookupError, RecursionError):
        raise Refused(said(400, "The body is no JSON.")) from None
    values = [body.get(name) if isinstance(body, dict) else None for name in names]
    wrong = {name: "A text is needed." for name, value in zip(names, values, strict=True) if not isinstance(value, str) or not value}
    if wrong:
        raise Refused(web.json_response({"message": "The request is not valid.", "errors": wrong}, status=400))
    return [value.encode("utf-8", "replace").decode() for value in values if value]


def hashed(password: str, name: str) -> bytes:
    return hashlib.scrypt(password.encode(), salt=name.encode(), n=1024, r=8, p=1)


async def log_in(request: web.Request) -> web.StreamResponse:
    state = request.app[STATE]
    name, password = await texts(request, "user", "pin")
    customer = state.customers.get(name)
    right = hmac.compare_digest(hashed(password, name), customer.password if customer else b"")
    if customer is None or not right or customer.closed:
        return said(403, "User or pin is wrong.")
    if not customer.totp_key:
        return opened(state, customer)
    identifier = secrets.token_urlsafe(24)
    state.challenges[identifier] = Challenge(customer, time.time() + CHALLENGE_LIFETIME)
    return web.json_response({"next": {"challenge": identifier, "kind": "totp"}}, status=202)


def totp(key: bytes, step: int) -> str:
    """The one-time code of `step` (RFC 6238, RFC 4226 section 5.3)."""
    mac = hmac.digest(key, struct.pack(">Q", step), "sha1")
    (number,) = struct.unpack_from(">I", mac, mac[-1] & 15)
    return f"{(number & 0x7FFFFFFF) % 10**6:06}"


async def confirm(request: web.Request) -> web.StreamResponse:
    state = request.app[STATE]
    identifier, code = await texts(request, "challenge", "code")
    challenge = state.challenges.get(identifier)
    if challenge is None or challenge.expires <= time.time() or challenge.wrong >= WRONG_CODES or challenge.customer.closed:
        raise unauthorized("Challenge or code is wrong.")
    customer, now = challenge.customer, int(time.time()) // STEP
    # The step before is still good, and no step is good twice (RFC 6238 section 5.2).
    steps = (
        step for step in (now, now - 1) if step > customer.last_step and hmac.compare_digest(totp(customer.totp_key, step).encode(), code.encode())
    )
    step = next(steps, None)
    if step is None:
        challenge.wrong += 1
        raise unauthorized("Challenge or code is wrong.")
    customer.last_step = step
    del state.challenges[identifier]
    return opened(state, customer)


def presented(request: web.Request) -> tuple[str, Session, bool] | None:
    """The live session of the refresh token in the request, its identifier, and whether the token is its newest one."""
    try:
        claims = verified(request.cookies.get(COOKIE, ""), REFRESH)
    except ValueError:
        return None
    session = live_session(request.app[STATE], claims)
    return (claims["session"], session, claims["jti"] == session.newest) if session else None


async def refresh(request: web.Request) -> web.StreamResponse:
    found = presented(request)
    if found is None:
        return cleared(said(401, "The session is over.", "Bearer"))
    identifier, session, is_newest = found
    if not is_newest:
        session.ended = True
        return cleared(said(401, "The session is over.", "Bearer"))
    return tokens(identifier, session)


async def log_out(request: web.Request) -> web.StreamResponse:
    if found := presented(request):
        found[1].ended = True
    return cleared(web.Response(status=200))


# The bank itself


async def whoami(request: web.Request) -> web.StreamResponse:
    customer = caller(request)
    return web.json_response({"user": customer.name, "iban": customer.iban, "approver": customer.approver})


async def balance(request: web.Request) -> web.StreamResponse:
    customer = caller(request)
    if request.match_info["iban"] != customer.iban:
        return said(403, "This account is not yours.")
    return web.json_response({"cents": 1234567})


async def pending(request: web.Request) -> web.StreamResponse:
    if not caller(request).approver:
        return said(403, "Approvers alone may see this.")
    return web.json_response({"pending": []})


@web.middleware
async def answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        answer = await handler(request)
    except Refused as refused:
        answer = refused.answer
    except web.HTTPException as error:
        # A method that is not offered is as unknown as a path that is not.
        status = 404 if error.status == 405 else error.status
        answer = said(status, "There is nothing here." if status == 404 else error.reason)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    # In place of the versions of Python and aiohttp.
    answer.headers["Server"] = "bank"
    return answer


def application() -> web.Application:
    app = web.Application(middlewares=[answered], client_max_size=65536)
    app[STATE] = State()
    key = base64.b32decode("KRUGS4ZANFZSA3TPOQQGCIDTMVRXEZLU")
    customers = [
        Customer("carla", hashed("carla counts her coins", "carla"), "XX0001"),
        Customer("cosmo", hashed("cosmo counts his coins", "cosmo"), "XX0002"),
        Customer("bert", hashed("bert approves of coins", "bert"), "XX0003", approver=True),
        Customer("dead", hashed("dead men count no coins", "dead"), "XX0004", closed=True),
        Customer("tilda", hashed("tilda counts with a token", "tilda"), "XX0005", totp_key=key),
    ]
    app[STATE].customers.update({customer.name: customer for customer in customers})
    app.router.add_post("/session", log_in)
    app.router.add_post("/session/confirm", confirm)
    app.router.add_post("/session/next", refresh)
    app.router.add_post("/session/end", log_out)
    for path, handler in (("/whoami", whoami), ("/accounts/{iban}/balance", balance), ("/payments/pending", pending)):
        app.router.add_get(path, handler, allow_head=False)
    return app


async def main(port: int) -> None:
    """Serve on 127.0.0.1 until SIGTERM."""
    runner = web.AppRunner(application())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    print(f"listening on http://127.0.0.1:{runner.addresses[0][1]}", flush=True)  # noqa: T201 - whoever started it waits for this line
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
