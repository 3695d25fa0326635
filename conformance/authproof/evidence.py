"""Everything that a run recorded, as the checks read it: no secret, no network, no clock."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

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
        return self._by_name.get(name, ()) if operation is None else self._by_question.get((name, operation.id), ())

    def one(self, name: str, operation: Operation | None = None) -> Exchange:
        """The first exchange of the probe `name` (at `operation`). Raises NotObserved, or AskedElsewhere, when there is no answered one."""
        for exchange in self.all(name, operation):
            return exchange
        if operation and self.is_asked_elsewhere(name, operation):
            raise AskedElsewhere
        raise NotObserved(f"The probe {name} was not answered.")

    def is_asked_elsewhere(self, name: str, operation: Operation) -> bool:
        """True when the probe `name` was answered by another application than that of `operation`, which was not asked it."""
        own, asked = self.application_of(operation), self._asked_at.get(name, set())
        return own is not None and bool(asked) and own.name not in asked and name not in self.unanswered

    @functools.cached_property
    def answered(self) -> tuple[Exchange, ...]:
        """The exchanges that have a response."""
        return tuple(exchange for exchange in self.exchanges if exchange.response is not None)

    # Checks ask for each operation of a document, so each question is answered without a walk through all exchanges.

    @functools.cached_property
    def _by_operation(self) -> Mapping[str | None, tuple[Exchange, ...]]:
        return _grouped(self.answered, lambda exchange: exchange.probe.operation)

    @functools.cached_property
    def _by_name(self) -> Mapping[str, tuple[Exchange, ...]]:
        return _grouped(self.answered, lambda exchange: exchange.probe.name)

    @functools.cached_property
    def _by_question(self) -> Mapping[tuple[str, str | None], tuple[Exchange, ...]]:
        return _grouped(self.answered, lambda exchange: (exchange.probe.name, exchange.probe.operation))

    @functools.cached_property
    def _by_status(self) -> Mapping[int, tuple[Exchange, ...]]:
        places = {operation.id: place for place, operation in enumerate(self.contract.operations)}
        in_order = sorted(self.answered, key=lambda exchange: places.get(exchange.probe.operation or "", len(places)))
        return _grouped(in_order, lambda exchange: exchange.status)

    @functools.cached_property
    def unanswered(self) -> frozenset[str]:
        """The names of the probes of which one had no answer."""
        return frozenset(exchange.probe.name for exchange in self.exchanges if exchange.response is None)

    @functools.cached_property
    def _asked_at(self) -> Mapping[str, set[str]]:
        """By the name of each probe the applications that answered it."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        for exchange in self.answered:
            if application := self.application_of(self.operation_of(exchange)):
                found[exchange.probe.name].add(application.name)
        return dict(found)

    @functools.cached_property
    def _calls(self) -> Mapping[str, tuple[Exchange, ...]]:
        asked = ((operation, self.on(operation)) for operation in self.contract.operations)
        return {operation.id: tuple(one for one in found if is_call_of(operation, one.probe.request)) for operation, found in asked}

    @functools.cached_property
    def _applications(self) -> Mapping[str, Application]:
        """The application of each operation: whose tokens open it, else in whose sessions it plays a part."""
        opened = ((operation.id, self.contract.application_of(operation)) for operation in self.contract.operations)
        found = {identifier: application for identifier, application in opened if application}
        for application in self.contract.applications.values():
            for operation in flow_operations(application):
                found.setdefault(operation.id, application)
        return found

    def on(self, operation: Operation) -> tuple[Exchange, ...]:
        """Every answered exchange with `operation`."""
        return self._by_operation.get(operation.id, ())

    def with_status(self, status: int) -> tuple[Exchange, ...]:
        """Every exchange that was answered `status`, in the order of the document's operations."""
        return self._by_status.get(status, ())

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
        return self.contract.by_id.get(exchange.probe.operation or "")

    def application_of(self, operation: Operation | None) -> Application | None:
        """The application that `operation` belongs to: by its tokens, or by the part that it plays."""
        return None if operation is None else self._applications.get(operation.id)

    @functools.cached_property
    def broke_off(self) -> bool:
        """True when a script of ours failed."""
        return any(outcome.verdict is Verdict.ERROR for outcome in self.outcomes.values())

    def tokens_in(self, text: str, kind: str | None = None) -> tuple[str, ...]:
        """The variables of the secrets (of `kind`) that redacted `text` holds."""
        return tuple(name for name in variables(text) if kind in (None, self.facts[name].kind))


_Key = TypeVar("_Key")


def _grouped(exchanges: Iterable[Exchange], key: Callable[[Exchange], _Key]) -> Mapping[_Key, tuple[Exchange, ...]]:
    """`exchanges` by their `key`, each group in their order."""
    found: defaultdict[_Key, list[Exchange]] = defaultdict(list)
    for exchange in exchanges:
        found[key(exchange)].append(exchange)
    return {value: tuple(group) for value, group in found.items()}


def is_call_of(operation: Operation, request: Request) -> bool:
    """True when `request` has the method and the path of `operation`, and was not written verbatim."""
    if request.verbatim or request.method != operation.method:
        return False
    templates, segments = operation.encoded_path.split("/"), request.target.partition("?")[0].split("/")
    pairs = zip(templates, segments, strict=False)
    return len(templates) == len(segments) and all(bool(segment) if "{" in template else segment == template for template, segment in pairs)


def flow_operations(application: Application) -> tuple[Operation, ...]:
    """The operations of `application` that give or take a session: logins, second factor, refresh, logout."""
    factor = application.second_factor.operation if application.second_factor else None
    found = (*(login.operation for login in application.logins), factor, application.refresh, application.logout)
    return tuple(operation for operation in found if operation is not None)
