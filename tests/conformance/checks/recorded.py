"""A run built by hand, so that judgements are tried without a server: its exchanges, its target and what was tried of TLS."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cache

from authproof.checks import CHECKS
from authproof.evidence import Evidence
from authproof.exchange import Exchange, Handshake, Probe, Request, Response, TokenFacts
from authproof.verdict import Judgement
from authproof_spec import Contract, load_contract
from authproof_spec.contract import Operation

JSON = ("Content-Type", "application/json")
PAGE = ("Content-Type", "text/html")
OWN = "https://app.example.test"


@cache
def contract() -> Contract:
    """The bundled contract with a front end on an origin of its own."""
    return replace(load_contract(), cors_origins=(OWN,))


def operation(name: str) -> Operation:
    """The operation called `name`, such as `GET /api/user`."""
    return next(found for found in contract().operations if found.name == name)


def answer(status: int, body: bytes = b'{"message": "No."}', *headers: tuple[str, str]) -> Response:
    return Response(status, headers or (JSON,), body)


def asked(name: str, at: str | None, response: Response | None, variant: str = "", **request: object) -> Exchange:
    """The exchange of the probe `name` at the operation called `at`; `request` says in what the request differs from a plain one."""
    called = operation(at) if at else None
    plain = Request(called.method, called.path) if called else Request("GET", "/")
    probe = Probe(name, replace(plain, **request), called.id if called else None, variant)  # type: ignore[arg-type]
    return Exchange(1, probe, response, None if response else "connection reset")


@dataclass(frozen=True, slots=True)
class Recorded:
    """Everything but the exchanges: what a judgement rests on besides."""

    url: str = "http://127.0.0.1:1"
    handshakes: tuple[Handshake, ...] = ()
    facts: dict[str, TokenFacts] = field(default_factory=lambda: {"ACCESS_TOKEN_1": TokenFacts("access_token", "", 1)})
    of: Contract = field(default_factory=contract)
    unasked: frozenset[str] = frozenset()

    def judge(self, requirement: str, at: str, exchanges: Iterable[Exchange]) -> Judgement:
        """What the check of `requirement` says of the operation called `at`."""
        return self.judge_operation(requirement, operation(at), exchanges)

    def judge_operation(self, requirement: str, of: Operation, exchanges: Iterable[Exchange]) -> Judgement:
        """The same of an operation that another contract has."""
        numbered = tuple(replace(exchange, number=number) for number, exchange in enumerate(exchanges, 1))
        check = next(check for check in CHECKS if check.requirement == requirement)
        return check(Evidence(self.of, numbered, self.facts, {}, url=self.url, handshakes=self.handshakes, unasked=self.unasked), of)


def judge(requirement: str, at: str, *exchanges: Exchange) -> Judgement:
    return Recorded().judge(requirement, at, exchanges)
