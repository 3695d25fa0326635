"""DOC: whether what the document declares is there."""

from __future__ import annotations

from authproof.checks.answers import came_from_elsewhere, response_of
from authproof.checks.registry import EVERYTHING, check, everything
from authproof.evidence import Evidence
from authproof.exchange import Exchange
from authproof.verdict import Judgement, broken, met, undecided, untestable
from authproof_spec import Operation

ENTITLED = frozenset(
    {"public", "identity.control", "permission.held", "operation.entitled", "operation.aimed_at_nothing", "pat.list", "pat.create", "object.own"}
)
"""Probes by a caller whom the document lets in."""
AIMED_AT_NOTHING = "operation.aimed_at_nothing"
_ABSENT, _NOT_OFFERED = frozenset({404, 410}), frozenset({405, 501})
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_NOBODY = "The run had no account that could call this operation."
_NOT_CARRIED_OUT = (
    "It may change something, so it was not asked for by a caller whom the document lets in. "
    "--unsafe-methods, or target.unsafe_methods in the profile, allows that."
)
_NOT_VALID = frozenset({400, 409, 411, 412, 413, 415, 422, 428})


@check("DOC-10", on=everything, reads=EVERYTHING)
def operation_is_there_and_serves(seen: Evidence, operation: Operation) -> Judgement:
    """A declared operation is there, and serves those whom the document lets in (OWASP API9)."""
    calls = [exchange for exchange in seen.calls(operation) if not came_from_elsewhere(response_of(exchange))]
    if served := [exchange for exchange in calls if 200 <= exchange.status < 400]:
        return met(f"The operation is there: answered {served[0].status}.", served[0])
    if reason := seen.unasked.get(operation.id):
        return untestable(reason)
    entitled = [exchange for exchange in calls if exchange.probe.name in ENTITLED]
    if not entitled:
        return untestable(_NOBODY if operation.method in _SAFE else _NOT_CARRIED_OUT)
    return _of_a_caller(operation, entitled[0])


def _of_a_caller(operation: Operation, exchange: Exchange) -> Judgement:
    """What the answer to a caller whom the document lets in tells, which is no success."""
    status, aimed_at_nothing = exchange.status, exchange.probe.name == AIMED_AT_NOTHING
    what = f"a caller whom the document lets in is answered {status}"
    if status in _NOT_OFFERED or (status in _ABSENT and not operation.path_parameters):
        return broken(f"The operation does not exist: {what}.", exchange)
    if status in {401, 403}:
        return broken(f"The operation serves nobody: {what}.", exchange)
    if aimed_at_nothing and status in _ABSENT:
        return untestable("It may change something, so it was asked for an object that does not exist; whether it serves others is not known.")
    if aimed_at_nothing and status in _NOT_VALID:
        return met(f"The operation is there, and lets its caller in: what is not valid is answered {status}.", exchange)
    mend = "Give values of its parameters in the profile (parameters)." if status in _ABSENT | _NOT_VALID else ""
    return undecided(f"{what.capitalize()}, so nothing is known of the operation. {mend}".rstrip(), exchange)
