"""A run's recording written by hand, and what a check says of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from authproof.exchange import Exchange, Headers, Probe, Request, Response, TokenFacts
from authproof.verdict import Judgement
from authproof_spec import Contract, load_contract
from authproof_spec.pointer import Json
from tests.conformance.checks import building
from tests.conformance.checks.altered import with_application

HTML = ("Content-Type", "text/html")
REFRESH, LOGOUT, ME = "adminRefresh", "adminLogout", "getAdminUser"
LIST, CREATE, REVOKE = "listPersonalAccessTokens", "createPersonalAccessToken", "revokePersonalAccessToken"
COOKIE = "it24a_refresh_token"
NO_ANSWER = 0


@cache
def contract(*changes: tuple[str, str]) -> Contract:
    """The bundled document with some of its text replaced."""
    text = (files("authproof_spec") / "openapi.yaml").read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "openapi.yaml"
        path.write_text(text, "utf-8")
        return load_contract(path)


def altered(**changes: Any) -> Contract:
    """The bundled contract with another admin application."""
    return with_application(contract(), "admin", **changes)


def seen(
    name: str, operation: str, status: int, body: Json = None, *headers: tuple[str, str], variant: str = "", sent: Headers = (), data: Json = None
) -> Exchange:
    """The exchange of the probe `name`; a status of NO_ANSWER is none."""
    content = b"" if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    response = None if status == NO_ANSWER else Response(status, headers, content)
    found = building.operation(operation)
    request = Request(found.method, found.path, sent, None if data is None else json.dumps(data).encode())
    return Exchange(1, Probe(name, request, operation, variant), response, None if response else "connection reset")


def token(name: str, kind: str, **claims: Json) -> tuple[str, TokenFacts]:
    """A secret of the run: its variable without the signs around it, and what is known of it."""
    return name, TokenFacts(kind, "", 1, claims={**claims} or None)


SECRETS = [token(f"REFRESH_TOKEN_{number}", "refresh_token") for number in range(1, 5)]
SECRETS += [token(f"ACCESS_TOKEN_{number}", "access_token") for number in range(1, 4)] + [token("PERSONAL_ACCESS_TOKEN_1", "personal_access_token")]


def sets(value: str, flags: str = "; Path=/api/admin/auth; Max-Age=86400; HttpOnly; Secure; SameSite=Lax") -> tuple[str, str]:
    """A Set-Cookie of the refresh cookie."""
    return "Set-Cookie", f"{COOKIE}={value}{flags}"


def sends(value: str) -> Headers:
    """A Cookie with the refresh token."""
    return (("Cookie", f"{COOKIE}={value}"),)


def judge(
    requirement: str, operation: str, *exchanges: Exchange, of: Contract | None = None, facts: Mapping[str, TokenFacts] | None = None
) -> Judgement:
    """What the check of `requirement` says of `operation` when a run had these `exchanges`, in this order."""
    return building.judge(requirement, operation, *exchanges, of=of or contract(), facts={**dict(SECRETS), **(facts or {})})
