"""Which operations a run asks: those that only read, those of its own sessions and tokens, and, where it may, the rest."""

from __future__ import annotations

import re

from authproof.evidence import flow_operations
from authproof_spec import Contract, Operation

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""The methods that change nothing (RFC 9110 section 9.2.1)."""


_NAMED = 20
"""Operations of which a notice tells the names."""


def notice(contract: Contract) -> str:
    """What a run may make a target write that asks every operation: to be said before it begins."""
    names = [operation.name for operation in writing_operations(contract)]
    if not names:
        return "Unsafe methods are allowed, and every one of the document is of a session or of a personal access token."
    further = f", and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"Unsafe methods are allowed: a server that does not refuse what it should may write by {', '.join(names[:_NAMED])}{further}."


def writing_operations(contract: Contract) -> tuple[Operation, ...]:
    """The protected operations whose method is not safe, but for those that give and take sessions and personal access tokens.

    What the contract says of the latter is enough to write to nothing but what a run made for itself. What the others write nobody knows.
    """
    own = {operation.id for application in contract.applications.values() for operation in flow_operations(application)}
    for application in contract.applications.values():
        if personal := application.personal_access_tokens:
            own |= {personal.list.id, personal.create.id, personal.revoke.id}
    return tuple(operation for operation in contract.protected_operations if operation.method not in SAFE and operation.id not in own)


def removal_of(contract: Contract, operation: Operation) -> Operation | None:
    """The operation that deletes what `operation` creates: DELETE of one object in the collection that it adds to; None when the document has none."""
    above = operation.path.rstrip("/")
    return next(
        (other for other in contract.operations if other.method == "DELETE" and re.fullmatch(re.escape(above) + r"/\{[^/]*\}/?", other.path)), None
    )
