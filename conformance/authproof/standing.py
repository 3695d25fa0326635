"""What the document lets a role do, as far as profile and who-am-I tell what it holds. Pure."""

from __future__ import annotations

from authproof.evidence import Evidence, Role
from authproof.profile import Part
from authproof_spec import Application, Operation
from authproof_spec.pointer import get


def needed(application: Application, operation: Operation) -> frozenset[str] | None:
    """The permissions that `operation` asks of the application's access token; None where it does not take that token."""
    return operation.bearer_schemes.get(application.access_token.scheme.name)


def held(seen: Evidence, role: Role) -> frozenset[str] | None:
    """The permissions of `role`: by the profile, else by its own who-am-I; None where neither says."""
    if role.permissions is not None:
        return role.permissions
    application = seen.contract.applications[role.application]
    pointer = application.identity.fields.get("permissions") if application.identity else None
    if application.identity is None or pointer is None:
        return None
    for exchange in seen.all("identity.control", application.identity.operation):
        told = get(exchange.response.json, pointer) if exchange.response and exchange.probe.variant == role.name else None
        if isinstance(told, list):
            return frozenset(str(entry) for entry in told)
    return None


def is_entitled(seen: Evidence, role: Role, operation: Operation) -> bool | None:
    """Whether the document lets `role` call `operation`; None where the operation takes no access token of its application."""
    wanted = needed(seen.contract.applications[role.application], operation)
    if wanted is None:
        return None
    known = held(seen, role)
    return wanted <= known if known is not None else not wanted or role.name == Part.PRIVILEGED
