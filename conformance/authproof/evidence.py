"""Everything that a run recorded, as the checks read it: no secret, no network, no clock."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from authproof.exchange import Exchange, Handshake, Request, TokenFacts
from authproof.vault import variables
from authproof.verdict import Verdict
from authproof_spec import Application, Contract, Operation

NO_SUCH_OPERATION = frozenset({404, 405, 501})
"""What a server answers that has no such path, or does not take the method there."""


class NotObserved(Exception):
    """A check asked for a probe that was not sent, or had no answer; the message says which."""


class AskedElsewhere(NotObserved):
    """The probe was sent to another application alone, which stands for all."""

    def __init__(self) -> None:
        super().__init__("This is asked of another application alone, which stands for all.")


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
class Role:
    """An account of the profile as it counts for permissions: by its part, or by the name that the profile gives to it.

    permissions: what it holds, by the profile; None where that does not say.
    """

    application: str
    name: str
    permissions: frozenset[str] | None = None


@dataclass(frozen=True)
class Evidence:
    """The exchanges of a run in their order, facts about the secrets in them, and what could not be done.

    outcomes: by script and application; an absent entry means that the script ran to its end.
    hooks: what was done behind the API's back. moved: seconds by which that moved the target's clock.
    url: of the target. handshakes: what was tried of TLS.
    roles: the accounts that differ in what they may do. unasked: ids of the operations that the run was not to ask, since they write.
    """

    contract: Contract
    exchanges: tuple[Exchange, ...]
    facts: Mapping[str, TokenFacts]
    outcomes: Mapping[tuple[str, str], Outcome]
    hooks: tuple[HookRecord, ...] = ()
    moved: float = 0.0
    url: str = ""
    handshakes: tuple[Handshake, ...] = ()
    roles: tuple[Role, ...] = ()
    unasked: frozenset[str] = frozenset()

    def all(self, name: str, operation: Operation | None = None) -> tuple[Exchange, ...]:
        """Every exchange of the probe `name` (at `operation`) that was answered."""
        if operation is None:
            return tuple(exchange for exchange in self.answered if exchange.probe.name == name)
        return tuple(self._by_question.get((name, operation.id), ()))

    def one(self, name: str, operation: Operation | None = None) -> Exchange:
        """The first exchange of the probe `name` (at `operation`). Raises NotObserved, or AskedElsewhere, when there is no answered one."""
        for exchange in self.all(name, operation):
            return exchange
        if operation and self.is_asked_elsewhere(name, operation):
            raise AskedElsewhere
        raise NotObserved(f"The probe {name} was not answered.")

    def is_asked_elsewhere(self, name: str, operation: Operation) -> bool:
        """True when the probe `name` was answered by another application than that of `operation`, which was not asked it."""
        own = self.application_of(operation)
        asked = {application.name for exchange in self.all(name) if (application := self.application_of(self.operation_of(exchange)))}
        unanswered = any(exchange.probe.name == name and exchange.response is None for exchange in self.exchanges)
        return own is not None and bool(asked) and own.name not in asked and not unanswered

    @functools.cached_property
    def answered(self) -> tuple[Exchange, ...]:
        """The exchanges that have a response."""
        return tuple(exchange for exchange in self.exchanges if exchange.response is not None)

    # Checks ask for each operation of a document, so each question is answered without a walk through all exchanges.

    @functools.cached_property
    def _by_operation(self) -> Mapping[str | None, list[Exchange]]:
        found: defaultdict[str | None, list[Exchange]] = defaultdict(list)
        for exchange in self.answered:
            found[exchange.probe.operation].append(exchange)
        return dict(found)

    @functools.cached_property
    def _by_question(self) -> Mapping[tuple[str, str | None], list[Exchange]]:
        found: defaultdict[tuple[str, str | None], list[Exchange]] = defaultdict(list)
        for exchange in self.answered:
            found[exchange.probe.name, exchange.probe.operation].append(exchange)
        return dict(found)

    @functools.cached_property
    def _calls(self) -> Mapping[str, tuple[Exchange, ...]]:
        asked = ((operation, self.on(operation)) for operation in self.contract.operations)
        return {operation.id: tuple(one for one in found if is_call_of(operation, one.probe.request)) for operation, found in asked}

    @functools.cached_property
    def _operations(self) -> Mapping[str, Operation]:
        return {operation.id: operation for operation in self.contract.operations}

    @functools.cached_property
    def _owners(self) -> Mapping[str, Application]:
        """The application of each operation that plays a part in a session."""
        flows = ((operation.id, app) for app in self.contract.applications.values() for operation in flow_operations(app))
        owners: dict[str, Application] = {}
        for identifier, application in flows:
            owners.setdefault(identifier, application)
        return owners

    def on(self, operation: Operation) -> tuple[Exchange, ...]:
        """Every answered exchange with `operation`."""
        return tuple(self._by_operation.get(operation.id, ()))

    def calls(self, operation: Operation) -> tuple[Exchange, ...]:
        """Every answered exchange that called `operation` as the document has it: by its method, at its path, in plain HTTP.

        Of other requests the document says nothing, and the server in front of the application may answer them itself.
        """
        return self._calls.get(operation.id, ())

    def lacks(self, operation: Operation) -> bool:
        """True when everybody who called `operation` was answered as where there is none: such an answer refuses nobody."""
        calls = self.calls(operation)
        return bool(calls) and all(exchange.status in NO_SUCH_OPERATION for exchange in calls)

    def operation_of(self, exchange: Exchange) -> Operation | None:
        """The operation that `exchange` asked."""
        return self._operations.get(exchange.probe.operation or "")

    def application_of(self, operation: Operation | None) -> Application | None:
        """The application that `operation` belongs to: by its tokens, or by the part that it plays."""
        if operation is None:
            return None
        return self.contract.application_of(operation) or self._owners.get(operation.id)

    def tokens_in(self, text: str, kind: str | None = None) -> tuple[str, ...]:
        """The variables of the secrets (of `kind`) that redacted `text` holds."""
        return tuple(name for name in variables(text) if kind in (None, self.facts[name].kind))


def is_call_of(operation: Operation, request: Request) -> bool:
    """True when `request` has the method and the path of `operation`, and was not written verbatim."""
    if request.verbatim or request.method != operation.method:
        return False
    templates, segments = operation.path.split("/"), request.target.partition("?")[0].split("/")
    pairs = zip(templates, segments, strict=False)
    return len(templates) == len(segments) and all(bool(segment) if "{" in template else segment == template for template, segment in pairs)


def flow_operations(application: Application) -> tuple[Operation, ...]:
    """The operations of `application` that give or take a session: logins, second factor, refresh, logout."""
    factor = application.second_factor.operation if application.second_factor else None
    found = (*(login.operation for login in application.logins), factor, application.refresh, application.logout)
    return tuple(operation for operation in found if operation is not None)
