"""Everything that a run recorded, as the checks read it: no secret, no network, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from authproof.exchange import Exchange, TokenFacts
from authproof.vault import variables
from authproof.verdict import Verdict
from authproof_spec import Application, Contract, Operation


class NotObserved(Exception):
    """A check asked for a probe that was not sent, or had no answer; the message says which."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Why a script did not run to its end: `verdict` is what becomes of the checks that read it."""

    verdict: Verdict
    reason: str


@dataclass(frozen=True, slots=True)
class HookRecord:
    """A control hook that was carried out: when, in seconds since the run began, and its output without secrets."""

    name: str
    at: float
    output: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """The exchanges of a run in their order, facts about the secrets in them, and what could not be done.

    outcomes: by script and application; an absent entry means that the script ran to its end.
    hooks: what was done behind the API's back. moved: seconds by which that moved the target's clock.
    """

    contract: Contract
    exchanges: tuple[Exchange, ...]
    facts: Mapping[str, TokenFacts]
    outcomes: Mapping[tuple[str, str], Outcome]
    hooks: tuple[HookRecord, ...] = ()
    moved: float = 0.0

    def all(self, name: str, operation: Operation | None = None) -> tuple[Exchange, ...]:
        """Every exchange of the probe `name` (at `operation`) that was answered."""
        return tuple(exchange for exchange in self.answered if exchange.probe.name == name and operation in (None, self.operation_of(exchange)))

    def one(self, name: str, operation: Operation | None = None) -> Exchange:
        """The first exchange of the probe `name` (at `operation`). Raises NotObserved when there is no answered one."""
        for exchange in self.all(name, operation):
            return exchange
        raise NotObserved(f"The probe {name} was not answered.")

    @property
    def answered(self) -> tuple[Exchange, ...]:
        """The exchanges that have a response."""
        return tuple(exchange for exchange in self.exchanges if exchange.response is not None)

    def on(self, operation: Operation) -> tuple[Exchange, ...]:
        """Every answered exchange with `operation`."""
        return tuple(exchange for exchange in self.answered if exchange.probe.operation == operation.id)

    def operation_of(self, exchange: Exchange) -> Operation | None:
        """The operation that `exchange` asked."""
        return next((operation for operation in self.contract.operations if operation.id == exchange.probe.operation), None)

    def application_of(self, operation: Operation | None) -> Application | None:
        """The application that `operation` belongs to: by its bearer tokens, or by the part that it plays."""
        if operation is None:
            return None
        return self.contract.application_of(operation) or next(
            (app for app in self.contract.applications.values() if operation in flow_operations(app)), None
        )

    def tokens_in(self, text: str, kind: str | None = None) -> tuple[str, ...]:
        """The variables of the secrets (of `kind`) that redacted `text` holds."""
        return tuple(name for name in variables(text) if kind in (None, self.facts[name].kind))


def flow_operations(application: Application) -> tuple[Operation, ...]:
    """The operations of `application` that give or take a session: logins, second factor, refresh, logout."""
    factor = application.second_factor.operation if application.second_factor else None
    found = (*(login.operation for login in application.logins), factor, application.refresh, application.logout)
    return tuple(operation for operation in found if operation is not None)
