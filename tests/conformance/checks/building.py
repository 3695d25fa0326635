"""Evidence built by hand, so that judgements are tried without a server."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from authproof.checks import CHECKS
from authproof.conformity import misfits_of
from authproof.evidence import Evidence
from authproof.exchange import Exchange, Probe, Request, Response, TokenFacts
from authproof.verdict import Judgement
from authproof_spec import Contract, load_contract
from authproof_spec.contract import Operation

DESIGNS = Path(__file__).parents[3] / "examples" / "designs"
JSON = ("Content-Type", "application/json")
CHALLENGE = ("WWW-Authenticate", 'Bearer realm="api"')
INVALID = ("WWW-Authenticate", 'Bearer error="invalid_token"')
MESSAGE = b'{"message": "No."}'
TOKEN = "${ACCESS_TOKEN_1}"
FACTS = {"ACCESS_TOKEN_1": TokenFacts("access_token", "", 1), "PASSWORD_1": TokenFacts("password", "", 1)}


@cache
def contract() -> Contract:
    return load_contract()


@cache
def design(name: str) -> Contract:
    """The example of a design called `name`, such as api-keys, or the bundled document where it has no name."""
    return load_contract(DESIGNS / f"{name}.yaml") if name else contract()


def operation(name: str, of: Contract | None = None) -> Operation:
    """The operation called `name`, such as `GET /api/user`, or with that id."""
    return next(found for found in (of or contract()).operations if name in {found.name, found.id})


def answer(status: int, body: bytes = MESSAGE, *headers: tuple[str, str]) -> Response:
    return Response(status, headers if headers or not body else (JSON,), body)


def asked(name: str, at: str | None, response: Response | None, variant: str = "", *, of: Contract | None = None, **request: Any) -> Exchange:
    """The exchange of the probe `name` at the operation called `at`; `request` says in what the request differs from a plain one."""
    called = operation(at, of) if at else None
    plain = Request(called.method, called.path.replace("{", "").replace("}", "")) if called else Request("GET", "/")
    probe = Probe(name, replace(plain, **request), called.id if called else None, variant)
    misfits = misfits_of(of or contract(), probe, response) if response else ()
    return Exchange(1, probe, response, None if response else "connection reset", misfits=misfits)


def judge(requirement: str, at: str | Operation, *exchanges: Exchange, of: Contract | None = None, **further: Any) -> Judgement:
    """What the check of `requirement` says of the operation called `at` after `exchanges`; `further` is what else the evidence has."""
    check = next(check for check in CHECKS if check.requirement == requirement)
    return check(evidence(*exchanges, of=of, **further), operation(at, of) if isinstance(at, str) else at)


def evidence(*exchanges: Exchange, of: Contract | None = None, **further: Any) -> Evidence:
    """The evidence of a run with these `exchanges`."""
    numbered = tuple(replace(exchange, number=number) for number, exchange in enumerate(exchanges, 1))
    return Evidence(of or contract(), numbered, further.pop("facts", FACTS), further.pop("outcomes", {}), **further)
