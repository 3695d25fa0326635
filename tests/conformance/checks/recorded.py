"""A run built by hand: its target, what was tried of TLS, and a front end on an origin of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cache

from authproof.exchange import Exchange, Handshake, TokenFacts
from authproof.verdict import Judgement
from authproof_spec import Contract, load_contract
from authproof_spec.contract import Operation
from tests.conformance.checks import building

PAGE = ("Content-Type", "text/html")
OWN = "https://app.example.test"


@cache
def contract() -> Contract:
    """The bundled contract with a front end on an origin of its own."""
    return replace(load_contract(), cors_origins=(OWN,))


@dataclass(frozen=True, slots=True)
class Recorded:
    """Everything but the exchanges: what a judgement rests on besides."""

    url: str = "http://127.0.0.1:1"
    handshakes: tuple[Handshake, ...] = ()
    facts: dict[str, TokenFacts] = field(default_factory=lambda: {"ACCESS_TOKEN_1": TokenFacts("access_token", "", 1)})
    of: Contract = field(default_factory=contract)
    unasked: frozenset[str] = frozenset()

    def judge(self, requirement: str, at: str | Operation, exchanges: Iterable[Exchange]) -> Judgement:
        """What the check of `requirement` says of the operation called `at`, or of one that another contract has."""
        known = {"facts": self.facts, "url": self.url, "handshakes": self.handshakes, "unasked": self.unasked}
        return building.judge(requirement, at, *exchanges, of=self.of, **known)


def judge(requirement: str, at: str, *exchanges: Exchange) -> Judgement:
    return Recorded().judge(requirement, at, exchanges)
