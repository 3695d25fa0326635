"""The matrix of a run: how each operation answered each identity, beside what the document expects. A pure function of what was recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from authproof.evidence import Evidence, Role, is_call_of
from authproof.exchange import Exchange
from authproof.methods import SAFE
from authproof.profile import Part
from authproof.standing import is_entitled
from authproof_spec import Application, Operation

_NOT_ALLOWED = "The method is not safe, and the profile allows no unsafe methods."
_WOULD_WRITE = "A right server would carry out what this account asks for."
_UNKNOWN = frozenset({400, 404, 409, 410, 412, 413, 415, 422, 428})
"""Refusals of what was asked, or of what it was about."""


@dataclass(frozen=True, slots=True)
class Stranger:
    """A caller whom every protected operation refuses.

    probes: the names of the questions that it asks. requirements: which judge them. scripts: which send them.
    """

    name: str
    probes: tuple[str, ...]
    requirements: tuple[str, ...]
    scripts: tuple[str, ...]


STRANGERS = (
    Stranger("nobody", ("bearer.none", "public"), ("BEARER-01", "DOC-06"), ("bearer",)),
    Stranger("garbage", ("bearer.garbage",), ("BEARER-29",), ("bearer",)),
    Stranger(
        "tampered",
        ("jwt.signature_changed", "jwt.claims_changed", "jwt.none", "opaque.altered"),
        ("JWT-13", "JWT-09", "BEARER-28"),
        ("jwt", "opaque"),
    ),
    Stranger("expired", ("minted.expired", "expiry.after"), ("JWT-34",), ("minted", "expiry")),
    Stranger("foreign audience", ("minted.audience", "isolation.access"), ("JWT-40", "APP-01"), ("minted", "isolation")),
    Stranger("revoked", ("pat.revoked_use", "logout.access_after"), ("PAT-07", "LOGOUT-08"), ("personal_tokens", "logout")),
)
_AS_ROLE = frozenset({"identity.control", "operation.served", "operation.guessed", "operation.harmless", "permission.role"})
"""Probes whose variant is the name of the role that asks."""
_AS_ORDINARY = frozenset({"permission.missing"})
_AS_PRIVILEGED = frozenset({"permission.held"})
_AS_MAIN = frozenset({"object.own", "pat.list", "pat.create", "pat.revoke", "logout"})
"""Probes of the account that most questions use."""


class State(StrEnum):
    """What a cell says: the answer is as expected or not, it does not decide, or nobody asked."""

    AS_EXPECTED = "as_expected"
    DEVIATES = "deviates"
    UNDECIDED = "undecided"
    NOT_ASKED = "not_asked"


Judge: TypeAlias = "Callable[[Exchange], tuple[State, str]]"
"""What an answer means to a cell, with a note."""


@dataclass(frozen=True, slots=True)
class Cell:
    """How one operation answered one identity.

    expected: `401`, `403` or `2xx`, by the document; empty where it says nothing of this identity.
    seen: the statuses, those that deviate first. exchanges: their numbers in the run.
    requirements: the ids of those that judge the answer. note: why nobody asked, or what an answer without success means.
    """

    expected: str
    state: State
    seen: tuple[int, ...] = ()
    exchanges: tuple[int, ...] = ()
    requirements: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One operation, with a cell for each identity of the matrix."""

    operation: str
    cells: tuple[Cell, ...]

    @property
    def deviates(self) -> bool:
        """True when an answer is not as expected."""
        return any(cell.state is State.DEVIATES for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Matrix:
    """Operations by identities: the strangers first, then the roles of the profile."""

    identities: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()

    @property
    def summary(self) -> str:
        """How many operations answer an identity otherwise than expected, in words."""
        odd = sum(row.deviates for row in self.rows)
        if odd:
            return f"{odd} of {len(self.rows)} answer an identity otherwise than expected"
        if any(cell.state is State.UNDECIDED for row in self.rows for cell in row.cells):
            return f"none of {len(self.rows)} answers an identity otherwise than expected, and some answers do not decide"
        return f"each of {len(self.rows)} answers every identity that asked as expected"

    def deviations(self) -> Iterator[str]:
        """A line for each operation that answers an identity otherwise than expected."""
        for row in self.rows:
            if row.deviates:
                pairs = zip(self.identities, row.cells, strict=True)
                odd = (f"{name} {words(cell)} where {cell.expected} is due" for name, cell in pairs if cell.state is State.DEVIATES)
                yield f"{row.operation}: {', '.join(odd)}"


def words(cell: Cell) -> str:
    """The statuses of `cell`, such as `200/401`."""
    return "/".join(str(status) for status in cell.seen)


def matrix_of(seen: Evidence) -> Matrix:
    """The matrix of every protected operation, and of every public one that was asked."""
    roles = tuple(dict.fromkeys(role.name for role in sorted(seen.roles, key=_rank)))
    rows = []
    for operation in seen.contract.operations:
        if operation.is_protected or (operation.is_public and seen.all("public", operation)):
            strangers = (_of_stranger(seen, operation, stranger) for stranger in STRANGERS)
            rows.append(Row(operation.name, (*strangers, *(_of_role(seen, operation, name) for name in roles))))
    return Matrix((*(stranger.name for stranger in STRANGERS), *roles), tuple(rows))


def _rank(role: Role) -> int:
    """The ordinary account before the privileged one before the others, which keep their order."""
    parts: list[str] = [Part.ORDINARY, Part.PRIVILEGED]
    return parts.index(role.name) if role.name in parts else len(parts)


def _of_stranger(seen: Evidence, operation: Operation, stranger: Stranger) -> Cell:
    asked = [exchange for name in stranger.probes for exchange in seen.all(name, operation) if is_call_of(operation, exchange.probe.request)]
    if operation.is_public:
        expected = "2xx" if stranger.name == "nobody" else ""
        return _cell(expected, asked, _stranger_is_served, ("DOC-06",), "The operation is public.")
    application = seen.application_of(operation)
    return _cell("401", asked, _is_refused, stranger.requirements, _why_no_stranger(seen, operation, application, stranger))


def _cell(expected: str, asked: list[Exchange], judge: Judge, requirements: tuple[str, ...], note: str) -> Cell:
    """A cell of the answers to `asked`; `note` where there is none."""
    if not asked:
        return Cell(expected, State.NOT_ASKED, requirements=requirements, note=note)
    judged = sorted(((judge(exchange), exchange) for exchange in asked), key=lambda pair: _ORDER.index(pair[0][0]))
    (state, why), _ = judged[0]
    statuses = tuple(dict.fromkeys(exchange.status for _, exchange in judged))
    return Cell(expected, state, statuses, tuple(exchange.number for _, exchange in judged), requirements, why)


_ORDER = (State.DEVIATES, State.UNDECIDED, State.AS_EXPECTED)


def _is_refused(exchange: Exchange) -> tuple[State, str]:
    """What the answer to a stranger means."""
    status, name = exchange.status, exchange.probe.name
    if status == 401:
        return State.AS_EXPECTED, ""
    if status == 400 and name != "bearer.none":
        return State.AS_EXPECTED, "What is no token in form may be answered 400."
    if name == "logout.access_after" and 200 <= status < 300:
        return State.UNDECIDED, "The access token works on after a logout, until it ends."
    if status == 429 or status >= 500:
        return State.UNDECIDED, "It is not let in, and not refused either."
    if status == 404:
        return State.UNDECIDED, "The object is looked up first, or there is no such operation."
    return State.DEVIATES, ""


def _stranger_is_served(exchange: Exchange) -> tuple[State, str]:
    if 200 <= exchange.status < 300:
        return State.AS_EXPECTED, ""
    return (State.DEVIATES, "") if exchange.status in {401, 403} else (State.UNDECIDED, "It is not refused for want of a credential.")


def _why_no_stranger(seen: Evidence, operation: Operation, application: Application | None, stranger: Stranger) -> str:
    if operation.id in seen.unasked:
        return _NOT_ALLOWED
    # Of two ways to come by such a token the last one tells what would have been needed.
    reasons = [
        seen.outcomes[script, application.name].reason for script in stranger.scripts if application and (script, application.name) in seen.outcomes
    ]
    if reasons:
        return reasons[-1]
    if stranger.name == "revoked":
        return "Access tokens outlive the logout here, and no personal access token opens the operation."
    return "The run had no such token for this operation."


def _of_role(seen: Evidence, operation: Operation, name: str) -> Cell:
    application = seen.application_of(operation)
    role = next((role for role in seen.roles if application and (role.application, role.name) == (application.name, name)), None)
    if operation.is_public or role is None:
        return Cell("", State.NOT_ASKED, note="The operation is public." if operation.is_public else "The application has no such account.")
    may = is_entitled(seen, role, operation)
    asked = [exchange for exchange in seen.calls(operation) if _asks_as(seen, exchange, role)]
    if may is None:
        return Cell("", State.NOT_ASKED, note="The operation takes no access token of this kind.")
    if may:
        return _cell("2xx", asked, _is_served, ("DOC-10",), _why_not_asked(seen, operation))
    return _cell("403", asked, _is_forbidden, ("AUTHZ-02",), _NOT_ALLOWED if operation.id in seen.unasked else "The account could not log in.")


def _why_not_asked(seen: Evidence, operation: Operation) -> str:
    if operation.id in seen.unasked:
        return _NOT_ALLOWED
    if any(operation.bearer_schemes.values()):
        return _WOULD_WRITE if operation.method not in SAFE else "The account could not log in."
    return _WOULD_WRITE if operation.method not in SAFE else "The operation takes no permission, so another account stands for this one."


def _asks_as(seen: Evidence, exchange: Exchange, role: Role) -> bool:
    name = exchange.probe.name
    if name in _AS_ROLE:
        return exchange.probe.variant == role.name
    main = Part.ORDINARY if any(r.application == role.application and r.name == Part.ORDINARY for r in seen.roles) else Part.PRIVILEGED
    asked_by: Mapping[str, frozenset[str]] = {Part.ORDINARY: _AS_ORDINARY, Part.PRIVILEGED: _AS_PRIVILEGED}
    return name in asked_by.get(role.name, frozenset()) or (name in _AS_MAIN and role.name == main)


def _is_served(exchange: Exchange) -> tuple[State, str]:
    """What the answer to somebody means whom the document lets in."""
    status = exchange.status
    if 200 <= status < 300:
        return State.AS_EXPECTED, ""
    if exchange.probe.name == "operation.harmless" and status in _UNKNOWN:
        return State.AS_EXPECTED, "It is let in: what was asked changes nothing, and is refused for that."
    if status in {401, 403, 405, 501} and not (status == 403 and exchange.probe.name == "operation.guessed"):
        return State.DEVIATES, ""
    return State.UNDECIDED, "The answer may be about what was asked, and not about who asked."


def _is_forbidden(exchange: Exchange) -> tuple[State, str]:
    if exchange.status == 403:
        return State.AS_EXPECTED, ""
    if exchange.status in _UNKNOWN or exchange.status == 429 or exchange.status >= 500:
        return State.UNDECIDED, "The answer is no refusal for a missing permission."
    return State.DEVIATES, ""
