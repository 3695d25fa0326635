"""Evidence built by hand, so that judgements are tried without a server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from authproof.checks import CHECKS, Check
from authproof.conformity import misfits_of
from authproof.evidence import Evidence, HookRecord
from authproof.exchange import Exchange, Probe, Request, Response, TokenFacts
from authproof.verdict import Judgement
from authproof_spec import Contract, load_contract
from authproof_spec.contract import Operation

JSON = ("Content-Type", "application/json")
CHALLENGE = ("WWW-Authenticate", 'Bearer realm="api"')
INVALID = ("WWW-Authenticate", 'Bearer error="invalid_token"')
MESSAGE = b'{"message": "No."}'
TOKEN = "${ACCESS_TOKEN_1}"
FACTS = {"ACCESS_TOKEN_1": TokenFacts("access_token", "", 1), "PASSWORD_1": TokenFacts("password", "", 1)}


@cache
def contract() -> Contract:
    return load_contract()


def operation(name: str, of: Contract | None = None) -> Operation:
    """The operation called `name`, such as `GET /api/user`."""
    return next(found for found in (of or contract()).operations if found.name == name)


def checks_of(requirement: str) -> Check:
    return next(check for check in CHECKS if check.requirement == requirement)


def answer(status: int, body: bytes = MESSAGE, *headers: tuple[str, str]) -> Response:
    return Response(status, headers if headers or not body else (JSON,), body)


def asked(name: str, at: str, response: Response | None, *, variant: str = "", of: Contract | None = None, **request: object) -> Exchange:
    """The exchange of the probe `name` at the operation called `at`; `request` says in what the request differs from a plain one."""
    called = operation(at, of)
    plain = Request(called.method, called.path.replace("{", "").replace("}", ""))
    probe = Probe(name, replace(plain, **request), called.id, variant)  # type: ignore[arg-type]
    misfits = misfits_of(of or contract(), probe, response) if response else ()
    return Exchange(1, probe, response, None if response else "connection reset", misfits=misfits)


def judge(
    requirement: str, at: str, *exchanges: Exchange, of: Contract | None = None, hooks: tuple[HookRecord, ...] = (), **further: Any
) -> Judgement:
    """What the check of `requirement` says of the operation called `at` after `exchanges`; `further` is what else the evidence has."""
    return checks_of(requirement)(evidence(*exchanges, of=of, hooks=hooks, **further), operation(at, of))


def evidence(*exchanges: Exchange, of: Contract | None = None, **further: Any) -> Evidence:
    """The evidence of a run with these `exchanges`."""
    numbered = tuple(replace(exchange, number=number) for number, exchange in enumerate(exchanges, 1))
    facts: Mapping[str, TokenFacts] = FACTS
    return Evidence(of or contract(), numbered, facts, further.pop("outcomes", {}), **further)
