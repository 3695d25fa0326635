"""Which operations a run asks: those that only read, those of its own sessions and tokens, and, where it may, the rest."""

from __future__ import annotations

from authproof.evidence import flow_operations
from authproof_spec import Contract, Operation

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""The methods that change nothing (RFC 9110 section 9.2.1)."""


def writing_operations(contract: Contract) -> tuple[Operation, ...]:
    """The protected operations whose method is not safe, but for those that give and take sessions and personal access tokens.

    What the contract says of the latter is enough to write to nothing but what a run made for itself. What the others write nobody knows.
    """
    own = {operation.id for application in contract.applications.values() for operation in flow_operations(application)}
    for application in contract.applications.values():
        if personal := application.personal_access_tokens:
            own |= {personal.list.id, personal.create.id, personal.revoke.id}
    return tuple(operation for operation in contract.protected_operations if operation.method not in SAFE and operation.id not in own)
