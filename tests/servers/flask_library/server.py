"""A library's API in Flask: ES256 access tokens bound to their session, opaque refresh tokens kept as hashes in SQLite.

Run it as `python server.py PORT`; port 0 takes a free one. `openapi.yaml` beside it is its contract.
"""

# Waitress carries no types.
# mypy: disable-error-code="import-untyped"

from __future__ import annotations

import hashlib
import math
import re
import secrets
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from flask import Flask, Response, g, jsonify, request
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from waitress.server import create_server
from werkzeug.exceptions import HTTPException

ISSUER, AUDIENCE, REALM = "https://library.example.test", "library", "library"
ACCESS_LIFETIME, REFRESH_LIFETIME = 600, 14 * 86400
COOKIE = "__Host-library-session"
KEY = ECKey.import_key((Path(__file__).parent / "signing_key.pem").read_bytes())

Answer: TypeAlias = "Response | tuple[Response, int] | tuple[Response, int, dict[str, str]]"

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 65536
lock = threading.RLock()
database = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
database.row_factory = sqlite3.Row
database.executescript("""
    CREATE TABLE member (id TEXT PRIMARY KEY, name TEXT UNIQUE, salt BLOB, hash BLOB, librarian INTEGER, suspended INTEGER);
    CREATE TABLE session (id TEXT PRIMARY KEY, member TEXT, ended INTEGER DEFAULT 0);
    CREATE TABLE refresh (hash TEXT PRIMARY KEY, session TEXT, expires REAL, used INTEGER DEFAULT 0);
    CREATE TABLE loan (member TEXT, title TEXT);
""")


def query(statement: str, *values: object) -> sqlite3.Row | None:
    with lock:
        row: sqlite3.Row | None = database.execute(statement, values).fetchone()
        return row


class Problem(Exception):
    """An error as RFC 9457 describes it; `headers` go with it."""

    def __init__(self, status: int, title: str, headers: dict[str, str] | None = None, **members: object) -> None:
        super().__init__(title)
        self.status, self.title, self.headers, self.members = status, title, headers or {}, members


@app.errorhandler(Problem)
def answer_problem(problem: Problem) -> Answer:
    body = jsonify(type="about:blank", status=problem.status, title=problem.title, **problem.members)
    body.mimetype = "application/problem+json"
    return body, problem.status, problem.headers


@app.errorhandler(HTTPException)
def answer_http_exception(error: HTTPException) -> Answer:
    headers = {name: value for name, value in error.get_headers() if name in {"Allow", "Location"}}
    return answer_problem(Problem(error.code or 500, error.name, headers))


@app.after_request
def protect(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def unauthorized(title: str, error: str = "", *, clear: bool = False) -> Problem:
    parameters = f', error="{error}"' if error else ""
    headers = {"WWW-Authenticate": f'Bearer realm="{REALM}"{parameters}'}
    if clear:
        headers["Set-Cookie"] = cookie("", 0)
    return Problem(401, title, headers)


# Access tokens


def issue(member: str, session: str) -> str:
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": member, "iat": now, "exp": now + ACCESS_LIFETIME}
    extra = {"jti": secrets.token_hex(16), "use": "access", "sid": session}
    return jwt.encode({"alg": "ES256", "typ": "at+jwt"}, {**claims, **extra}, KEY)


def claims_of(token: str) -> dict[str, Any]:
    """The claims of a token of ours. Raises JoseError or ValueError for any other."""
    claims: dict[str, Any] = jwt.decode(token, KEY, algorithms=["ES256"]).claims
    now = time.time()
    times: list[Any] = [claims.get(name, default) for name, default in (("exp", None), ("iat", None), ("nbf", 0))]
    # JSON has numbers that are infinite for Python.
    if not all(type(moment) in {int, float} and math.isfinite(moment) for moment in times):
        raise ValueError("a time is no number")
    expires, issued, not_before = times
    if not (expires > now and issued <= now + 5 and not_before <= now):
        raise ValueError("the token is not valid now")
    if claims.get("iss") != ISSUER or claims.get("aud") not in (AUDIENCE, [AUDIENCE]) or claims.get("use") != "access":
        raise ValueError("the token is not for this API")
    if not all(isinstance(claims.get(name), str) for name in ("sub", "jti", "sid")):
        raise ValueError("a claim is missing")
    return claims


def authenticated(permission: str | None = None) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
    """The operation needs an access token, of a librarian where a permission is named."""

    def decorate(view: Callable[..., Answer]) -> Callable[..., Answer]:
        @wraps(view)
        def guarded(**values: str) -> Answer:
            scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
            if scheme.lower() != "bearer":
                raise unauthorized("Authentication is required")
            try:
                claims = claims_of(rest.strip(" "))
            except (JoseError, ValueError, TypeError, RecursionError):
                raise unauthorized("The access token is not valid", "invalid_token") from None
            statement = "SELECT member.* FROM member JOIN session ON session.member = member.id WHERE session.id = ? AND member.id = ?"
            member = query(f"{statement} AND NOT ended AND NOT suspended", claims["sid"], claims["sub"])
            if member is None:
                raise unauthorized("The access token is not valid", "invalid_token")
            if permission and not member["librarian"]:
                challenge = f'Bearer realm="{REALM}", error="insufficient_scope", scope="{permission}"'
                raise Problem(403, "Only librarians may do this", {"WWW-Authenticate": challenge})
            g.member = member
            return view(**values)

        return guarded

    return decorate


# Refresh tokens


def cookie(value: str, max_age: int) -> str:
    return f"{COOKIE}={value}; Max-Age={max_age}; Path=/; Secure; HttpOnly; SameSite=Strict"


def digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def presented() -> str | None:
    """The one refresh token of the request."""
    found = request.cookies.getlist(COOKIE)
    return found[0] if len(found) == 1 and found[0] else None


def same_site() -> None:
    """Browsers name the page that asks (ASVS 3.5.1); only our own may use the cookie."""
    origin = request.headers.get("Origin")
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"} or (origin and urlsplit(origin).netloc != request.host):
        raise Problem(403, "Another site may not do this")


def tokens(member: str, session: str, status: int) -> Answer:
    token = secrets.token_urlsafe(32)
    query("INSERT INTO refresh (hash, session, expires) VALUES (?, ?, ?)", digest(token), session, time.time() + REFRESH_LIFETIME)
    return jsonify(session={"bearer": issue(member, session)}), status, {"Set-Cookie": cookie(token, REFRESH_LIFETIME)}


@app.post("/v2/session")
def log_in() -> Answer:
    body = request.get_json()
    given = body.get("reader") if isinstance(body, dict) else None
    fields = given if isinstance(given, dict) else {}
    invalid = {f"reader.{name}": "A text is needed." for name in ("name", "passphrase") if not (isinstance(fields.get(name), str) and fields[name])}
    if invalid:
        raise Problem(400, "The request is not valid", invalid=invalid)
    member = query("SELECT * FROM member WHERE name = ?", fields["name"].encode("utf-8", "replace").decode())
    salt, expected = (member["salt"], member["hash"]) if member else (b"nobody's salt 16", b"")
    # The hash is made for unknown names too, so that the time tells nothing.
    if not secrets.compare_digest(passphrase_hash(fields["passphrase"], salt), expected) or member is None or member["suspended"]:
        raise unauthorized("Name or passphrase is wrong")
    session = secrets.token_hex(16)
    query("INSERT INTO session (id, member) VALUES (?, ?)", session, member["id"])
    return tokens(member["id"], session, 201)


@app.post("/v2/session/renewal")
def renew() -> Answer:
    same_site()
    token = presented()
    with lock:
        statement = "SELECT refresh.*, member, ended, suspended FROM refresh JOIN session ON session.id = session JOIN member ON member.id = member"
        row = query(f"{statement} WHERE refresh.hash = ?", digest(token)) if token else None
        if row is None or row["ended"] or row["suspended"] or row["expires"] <= time.time():
            raise unauthorized("The session is over", clear=True)
        if row["used"]:
            query("UPDATE session SET ended = 1 WHERE id = ?", row["session"])
            raise unauthorized("The session is over", clear=True)
        query("UPDATE refresh SET used = 1 WHERE hash = ?", row["hash"])
        return tokens(row["member"], row["session"], 200)


@app.delete("/v2/session")
def log_out() -> Answer:
    same_site()
    if token := presented():
        query("UPDATE session SET ended = 1 WHERE id = (SELECT session FROM refresh WHERE hash = ?)", digest(token))
    return Response(), 204, {"Set-Cookie": cookie("", 0)}


# The library itself


def described(member: sqlite3.Row) -> dict[str, object]:
    return {
        "ref": member["id"],
        "name": member["name"],
        "roles": ["librarian"] if member["librarian"] else [],
        "suspended": bool(member["suspended"]),
    }


@app.get("/v2/reader")
@authenticated()
def reader() -> Answer:
    return jsonify(reader=described(g.member))


@app.get("/v2/readers")
@authenticated("librarian")
def readers() -> Answer:
    with lock:
        return jsonify(readers=[described(row) for row in database.execute("SELECT * FROM member ORDER BY id")])


@app.patch("/v2/readers/<ref>")
@authenticated("librarian")
def change_reader(ref: str) -> Answer:
    body = request.get_json()
    if not isinstance(body, dict) or not isinstance(body.get("suspended"), bool):
        raise Problem(400, "The request is not valid", invalid={"suspended": "True or false is needed."})
    query("UPDATE member SET suspended = ? WHERE id = ?", body["suspended"], ref)
    member = query("SELECT * FROM member WHERE id = ?", ref)
    if member is None:
        raise Problem(404, "There is no such reader")
    return jsonify(reader=described(member))


@app.get("/v2/readers/<ref>/loans")
@authenticated()
def loans(ref: str) -> Answer:
    # Who else borrows here is nobody's business, so another reader is as unknown as one who never was.
    if ref != g.member["id"]:
        raise Problem(404, "There is no such reader")
    with lock:
        return jsonify(loans=[row["title"] for row in database.execute("SELECT title FROM loan WHERE member = ?", (ref,))])


@app.get("/v2/opening-hours")
def opening_hours() -> Answer:
    return jsonify(monday="10-18", sunday="closed")


def passphrase_hash(passphrase: str, salt: bytes) -> bytes:
    return hashlib.scrypt(passphrase.encode("utf-8", "surrogatepass"), salt=salt, n=1024, r=8, p=1)


def seed() -> None:
    people = [("m-1001", "lena", 1, 0), ("m-2001", "mira", 0, 0), ("m-2002", "omar", 0, 0), ("m-2003", "dirk", 0, 1)]
    for identifier, name, librarian, suspended in people:
        salt = re.sub(r"\W", "", identifier).encode()
        hashed = passphrase_hash(f"a passphrase for {name}", salt)
        query("INSERT INTO member VALUES (?, ?, ?, ?, ?, ?)", identifier, name, salt, hashed, librarian, suspended)
        query("INSERT INTO loan VALUES (?, ?)", identifier, f"The book that {name} likes")


def main(port: int) -> None:
    """Serve on 127.0.0.1 until SIGTERM."""
    seed()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server = create_server(app, host="127.0.0.1", port=port, threads=8)
    print(f"listening on http://127.0.0.1:{server.effective_port}", flush=True)  # noqa: T201 - whoever started it waits for this line
    server.run()


if __name__ == "__main__":
    main(int(sys.argv[1]))
