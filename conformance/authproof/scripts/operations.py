"""Every protected operation, asked for by callers who may: is it there, does it serve them, and which objects are there to ask for."""

from __future__ import annotations

from collections.abc import Iterator

from authproof.exchange import Exchange, Probe
from authproof.lab import MAIN, SAFE, Lab, Missing, Script, Session
from authproof.profile import Part
from authproof_spec import Application, Operation
from authproof_spec.pointer import Json


def operations(lab: Lab, application: Application) -> Script:
    """Each operation that plays no part in a session, by a caller with the permission that it takes: lists first, whose records the others need.

    What changes something is carried out where the profile says so alone; else it is aimed at nothing.
    """
    own = lab.session(application, *MAIN)
    if application.identity and own.identifier:
        lab.values.found.update(dict.fromkeys(lab.values.members_beside(application.identity.operation), own.identifier))
    for operation in sorted(_to_ask(lab, application), key=lambda operation: len(operation.path_parameters)):
        session = entitled(lab, application, operation)
        if session is None:
            continue
        if operation.method in SAFE:
            name = "permission.held" if any(operation.bearer_schemes.values()) else "operation.entitled"
            request = lab.example_call(operation, bearer=session.access_token)
            (exchange,) = yield Probe(name, request, operation.id, session.account.part)
            lab.values.note(operation, exchange.response)
        elif lab.profile.unsafe_methods:
            request = lab.whole_call(operation, bearer=session.access_token)
            (exchange,) = yield Probe("operation.entitled", request, operation.id, session.account.part)
            yield from _taken_back(lab, session, operation, exchange)
        elif lab.aims_at_nothing(operation):
            body: dict[str, Json] | None = {} if operation.request_body else None
            yield Probe("operation.aimed_at_nothing", lab.call(operation, bearer=session.access_token, body=body), operation.id, session.account.part)


def _to_ask(lab: Lab, application: Application) -> Iterator[Operation]:
    """The application's protected operations that no other script asks for as their caller."""
    personal, identity = application.personal_access_tokens, application.identity
    known = {operation.id for operation in (application.refresh, application.logout, identity and identity.operation) if operation}
    known |= {operation.id for operation in (personal.list, personal.create, personal.revoke)} if personal else set()
    known |= {rule.operation.id for rule in lab.contract.object_rules}
    for operation in lab.contract.protected_operations:
        if lab.contract.application_of(operation) is application and operation.id not in known:
            yield operation


def entitled(lab: Lab, application: Application, operation: Operation) -> Session | None:
    """The session of an account that `operation` serves; None where the profile has none."""
    parts = (Part.PRIVILEGED,) if any(operation.bearer_schemes.values()) else MAIN
    try:
        return lab.session(application, *parts)
    except Missing:
        return None


def _taken_back(lab: Lab, session: Session, operation: Operation, exchange: Exchange) -> Script:
    """Delete what `exchange` created, where the document has an operation for that; else it is left behind."""
    if operation.method != "POST" or exchange.response is None or exchange.response.status != 201:
        return
    created = lab.values.identifier_of(operation, exchange.response)
    deletion = next((one for one in lab.contract.protected_operations if one.method == "DELETE" and created and one.id in created), None)
    if deletion is None or created is None:
        lab.leftovers.append(f"what {operation.name} created, for which the document has no deletion")
        return
    request = lab.call(deletion, bearer=session.access_token, path={deletion.path_parameters[-1].name: created[deletion.id]})
    (deleted,) = yield Probe("operation.taken_back", request, deletion.id)
    if deleted.response is None or not deleted.response.is_success:
        lab.leftovers.append(f"what {operation.name} created (its deletion was answered {deleted.describe()})")
