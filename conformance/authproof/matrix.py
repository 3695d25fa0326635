"""The matrix of a run: every operation, and how it answered each kind of caller. A pure function of what was recorded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from authproof.checks.existence import AIMED_AT_NOTHING
from authproof.evidence import Evidence
from authproof.exchange import Exchange
from authproof_spec import Operation

# Who asks, by the name of the probe; an account's part is the probe's variant, where it is not said here.
_CALLERS: Mapping[str, str] = {
    "public": "nobody",
    "bearer.none": "nobody",
    "bearer.garbage": "garbage",
    "jwt.none": "tampered",
    "jwt.signature_changed": "tampered",
    "jwt.claims_changed": "tampered",
    "opaque.altered": "tampered",
    "minted.expired": "expired",
    "expiry.after": "expired",
    "minted.audience": "foreign audience",
    "isolation.access": "foreign audience",
    "pat.revoked_use": "revoked",
    "permission.missing": "ordinary",
    "permission.missing_to_other": "other",
}
_ACCOUNTS = frozenset({"identity.control", "permission.held", "operation.entitled", AIMED_AT_NOTHING, "object.own", "pat.list", "pat.create"})
IDENTITIES = ("nobody", "garbage", "tampered", "expired", "foreign audience", "revoked", "ordinary", "other", "privileged")
"""The columns, in their order."""
_REQUIREMENTS = {
    "nobody": "BEARER-01",
    "garbage": "BEARER-05",
    "tampered": "JWT-13",
    "expired": "JWT-34",
    "foreign audience": "JWT-40",
    "revoked": "PAT-07",
    "ordinary": "AUTHZ-02",
    "other": "AUTHZ-02",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """How an operation answered one kind of caller.

    expected: `401`, `403` or `2xx`, by the document. seen: the statuses, the most telling first; empty: it was not asked.
    as_expected: None when it was not asked, or when the answer is about the request and not about its caller.
    requirement: the id of the one that judges it.
    """

    expected: str
    seen: tuple[int, ...] = ()
    as_expected: bool | None = None
    requirement: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One operation, with a cell for each identity of the matrix. note: why it was not asked."""

    operation: str
    cells: tuple[Cell, ...]
    note: str = ""

    @property
    def deviates(self) -> bool:
        """True when an answer is not as expected."""
        return any(cell.as_expected is False for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Matrix:
    """Operations by identities: those that asked at all."""

    identities: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()


def matrix_of(seen: Evidence) -> Matrix:
    """The matrix of every protected operation, and of every public one that was asked for."""
    found = {operation.id: _by_identity(seen, operation) for operation in seen.contract.operations}
    identities = tuple(name for name in IDENTITIES if any(name in asked for asked in found.values()))
    rows = (
        _row(seen, operation, identities, found[operation.id])
        for operation in seen.contract.operations
        if operation.is_protected or found[operation.id]
    )
    return Matrix(identities, tuple(rows))


def _by_identity(seen: Evidence, operation: Operation) -> Mapping[str, list[Exchange]]:
    asked: defaultdict[str, list[Exchange]] = defaultdict(list)
    for exchange in seen.on(operation):
        name = _caller(exchange)
        if name in IDENTITIES:
            asked[name].append(exchange)
    return asked


def _caller(exchange: Exchange) -> str:
    probe = exchange.probe
    return (probe.variant or "ordinary") if probe.name in _ACCOUNTS else _CALLERS.get(probe.name, "")


def _row(seen: Evidence, operation: Operation, identities: tuple[str, ...], asked: Mapping[str, list[Exchange]]) -> Row:
    cells = (_cell(operation, identity, asked.get(identity, [])) for identity in identities)
    return Row(operation.name, tuple(cells), seen.unasked.get(operation.id, ""))


def _cell(operation: Operation, identity: str, exchanges: list[Exchange]) -> Cell:
    expected = _expected(operation, identity)
    judged = [(exchange.status, _is_as_expected(expected, exchange)) for exchange in exchanges]
    judged.sort(key=lambda pair: (pair[1] is not False, pair[1] is None))
    as_expected = judged[0][1] if judged else None
    requirement = _REQUIREMENTS.get(identity, "DOC-10") if expected != "2xx" else "DOC-06" if operation.is_public else "DOC-10"
    return Cell(expected, tuple(dict.fromkeys(status for status, _ in judged)), as_expected, requirement)


def _expected(operation: Operation, identity: str) -> str:
    if operation.is_public:
        return "2xx"
    if identity not in {"ordinary", "other", "privileged"}:
        return "401"
    return "403" if any(operation.bearer_schemes.values()) and identity != "privileged" else "2xx"


def _is_as_expected(expected: str, exchange: Exchange) -> bool | None:
    if expected != "2xx":
        return str(exchange.status) == expected
    if 200 <= exchange.status < 300:
        return True
    # Any other refusal may be one of what was asked for, and not of who asked.
    return False if exchange.status in {401, 403, 405, 501} else None


def deviations(matrix: Matrix) -> Iterator[str]:
    """A line for each operation that answers a caller otherwise than expected."""
    for row in matrix.rows:
        if row.deviates:
            odd = (
                f"{identity} {'/'.join(map(str, cell.seen))} for {cell.expected}"
                for identity, cell in zip(matrix.identities, row.cells, strict=True)
                if cell.as_expected is False
            )
            yield f"{row.operation}: {', '.join(odd)}"
