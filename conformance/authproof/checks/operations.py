"""DOC: every documented operation is there, and serves those whom the document lets call it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from authproof.checks.answers import came_from_elsewhere, does_not_decide, response_of
from authproof.checks.registry import EVERYTHING, NOT_ASKED_TO_WRITE, check, protected, readable
from authproof.evidence import NO_SUCH_OPERATION, Evidence, Role
from authproof.exchange import Exchange
from authproof.methods import SAFE
from authproof.standing import held, is_entitled, needed
from authproof.verdict import Judgement, Verdict, broken, met, undecided, untestable, weak, worst
from authproof_spec import Operation

ROLE_PROBES = ("identity.control", "permission.held", "operation.served", "operation.guessed", "operation.harmless")
"""The probes that ask as a role which the document lets in; their variant is its name."""
OWN_PROBES = ("object.own", "pat.list", "pat.create", "pat.revoke", "bearer.control", "logout")
"""The same, as the account that most probes use."""
_UNKNOWN = frozenset({400, 404, 409, 410, 412, 413, 415, 422, 428})
"""Refusals of what was asked, or of what it was about, by a server that has let the caller in."""
_MEND = "Mend: name one in the profile's table [parameters]."


def entitled_calls(seen: Evidence, operation: Operation) -> list[Exchange]:
    """The answered calls of `operation` by accounts whom the document lets in."""
    application = seen.application_of(operation)
    roles = {role.name: role for role in seen.roles if application and role.application == application.name}
    asked = [exchange for name in ROLE_PROBES for exchange in seen.all(name, operation)]
    found = [e for e in asked if e.probe.variant not in roles or is_entitled(seen, roles[e.probe.variant], operation)]
    return [*found, *(exchange for name in OWN_PROBES for exchange in seen.all(name, operation))]


@check("DOC-10", on=protected, reads=EVERYTHING)
def operation_serves_whom_the_document_lets_in(seen: Evidence, operation: Operation) -> Judgement:
    """A caller whom the document lets in is served (OpenAPI, Security Requirement Object)."""
    calls = entitled_calls(seen, operation)
    if served := next((exchange for exchange in calls if response_of(exchange).is_success), None):
        return met(f"{_who(served)} is served: answered {served.status}.", served)
    if not calls:
        return untestable(_why_nobody(seen, operation))
    return next((j for j in (_let_in(seen, operation, call) for call in calls) if j.verdict is Verdict.PASS), None) or worst(
        *(_let_in(seen, operation, call) for call in calls)
    )


def _let_in(seen: Evidence, operation: Operation, call: Exchange) -> Judgement:
    """What an answer without success says to a caller whom the document lets in."""
    status, who = call.status, _who(call)
    if status in {401, 403} and not came_from_elsewhere(response_of(call)):
        return _shut_out(seen, operation, call)
    if does_not_decide(call):
        return undecided(f"{who} is answered {status}, which does not decide.", call)
    if call.probe.name == "operation.harmless" and status in _UNKNOWN:
        return met(f"{who} is let in: what was asked so that it changes nothing is answered {status}.", call)
    if str(status) in operation.responses and 300 <= status < 400:
        return met(f"{who} is answered {status}, as declared.", call)
    if status in NO_SUCH_OPERATION and operation.path_parameters and call.probe.name == "operation.guessed":
        return untestable(f"{who} is answered {status}, and nothing tells of which object the operation would tell. {_MEND}")
    return untestable(f"{who} is answered {status} to a request that is valid by the document, so nobody was seen to be served.")


def _shut_out(seen: Evidence, operation: Operation, call: Exchange) -> Judgement:
    what = f"The operation serves nobody: {_who(call)} is answered {call.status}, whom the document lets in"
    if call.status == 401:
        return broken(f"{what}.", call)
    if operation.path_parameters and call.probe.name not in {"operation.harmless", "object.own"}:
        return untestable(f"{_who(call)} is answered {call.status}, which may be for the object that was asked for. {_MEND}")
    application = seen.application_of(operation)
    own = (role for role in seen.roles if application and role.application == application.name)
    role = next((role for role in own if role.name == call.probe.variant), None)
    if role and _takes_permission(seen, role, operation) and held(seen, role) is None:
        return weak(f"{what} as far as the profile says. Or the account lacks the permission; the profile may tell its permissions.", call)
    return broken(f"{what}.", call)


def _takes_permission(seen: Evidence, role: Role, operation: Operation) -> bool:
    return bool(needed(seen.contract.applications[role.application], operation))


def _who(exchange: Exchange) -> str:
    """The caller of `exchange` in words."""
    return f"The {exchange.probe.variant} account" if exchange.probe.name in ROLE_PROBES else "The caller"


def _why_nobody(seen: Evidence, operation: Operation) -> str:
    if operation.id in seen.unasked:
        return NOT_ASKED_TO_WRITE
    if operation.method not in SAFE:
        return "A right server would carry out what an account asks for here, so none asks."
    return "The profile has no account that the document lets call this operation."


@check("DOC-11", on=readable, reads=EVERYTHING)
def operation_exists(seen: Evidence, operation: Operation) -> Judgement:
    """The operation is there: not everybody is answered 404 or 405 (OpenAPI, Paths Object)."""
    calls = seen.calls(operation)
    if found := next((e for e in calls if e.status not in {*NO_SUCH_OPERATION, 401, 429} and e.status < 500), None):
        return met(f"The operation is there: it is answered {found.status}.", found)
    known = entitled_calls(seen, operation) if operation.is_protected else list(calls)
    absent = [exchange for exchange in known if exchange.status in NO_SUCH_OPERATION]
    if not absent:
        what = "Nobody gets past the authentication, so nothing shows what is behind it." if known else _why_nobody(seen, operation)
        return untestable(what)
    without_method = next((exchange for exchange in absent if exchange.status in {405, 501}), None)
    if without_method:
        return broken(f"The operation is documented, and is answered {without_method.status} to everybody: it does not exist.", without_method)
    return _not_found(seen, operation, absent)


def _not_found(seen: Evidence, operation: Operation, absent: list[Exchange]) -> Judgement:
    """What 404 to everybody means: it is told by the answer at a path that nobody declared, and by whether an object was asked for that exists."""
    exchange = absent[0]
    application = seen.application_of(operation)
    nowhere = [other for other in seen.all("operation.nowhere") if application is None or other.probe.variant == application.name]
    if nowhere and not _are_alike(nowhere[0], exchange):
        return met("The operation is there: its 404 differs from that of a path that nobody declared.", exchange, nowhere[0])
    aimed = [other for other in absent if other.probe.name in {"operation.served", "object.own", "identity.control", "permission.held"}]
    if not operation.path_parameters and (nowhere or "404" not in operation.responses):
        return broken("The operation is documented, and is answered 404 to everybody: it does not exist.", exchange, *nowhere[:1])
    if nowhere and any(other.probe.name in {"operation.served", "object.own"} for other in aimed):
        return broken("The operation is documented, and is answered like a path that nobody declared: it does not exist.", aimed[0], nowhere[0])
    return untestable(f"The operation is answered 404, which may be for the object that was asked for. {_MEND}")


def _are_alike(one: Exchange, other: Exchange) -> bool:
    """True when nothing but the path and numbers tells the two answers apart."""
    return one.status == other.status and _form(one) == _form(other)


def _form(exchange: Exchange) -> tuple[str, str]:
    response = response_of(exchange)
    text = response.body.decode("utf-8", "replace")
    for part in _parts(exchange.probe.request.target):
        text = text.replace(part, "")
    # Times, and the ids of requests.
    return response.media_type, re.sub(
        r"(?i)\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b[0-9a-z]{13}:[0-9a-f]{8}\b|[0-9a-f]{8,}|[0-9]+", "", text
    )


def _parts(target: str) -> Iterable[str]:
    path = target.partition("?")[0]
    return (target, path, *(segment for segment in path.split("/") if segment))
