"""Every protected operation as each role of the profile, with requests that are valid.

What only reads is asked as it is. What writes is asked so that a right server changes nothing: about an object that does not exist, or with a
body that the document does not allow; that shows whether the caller is let in. Where it cannot be asked so, it is asked as it is if the profile
itself allows unsafe methods.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace

from authproof.evidence import flow_operations
from authproof.exchange import Probe, Request
from authproof.lab import Lab, Script, Session
from authproof.methods import SAFE
from authproof.producers import producers
from authproof.profile import Part
from authproof.scripts.permissions import refused_body
from authproof.standing import needed
from authproof_spec import Application, Operation

SERVED = ("operation.served", "operation.guessed")
"""Calls by those who may: about something that is known to be there, and about what an example names."""


def lists(lab: Lab, application: Application) -> Script:
    """The operations whose answers tell which objects there are, so that later requests are about one of them."""
    for producer in producers(lab.contract):
        source = producer.source
        is_told = lab.inputs.is_known(producer.operation, producer.parameter)
        if is_told or lab.contract.application_of(producer.operation) is not application or not lab.inputs.names_something(source):
            continue
        session = None if source.is_public else _session_for(lab, application, source)
        if session is None and not source.is_public:
            continue
        live = lab.answers.get(source.id)
        if live is None:
            (exchange,) = yield served(lab, session, source) if session else Probe("operation.list", lab.example_call(source), source.id)
            live = lab.answers[source.id] = exchange.response.json if exchange.response and exchange.response.is_success else None
        value = producer.value(live)
        if value is not None and lab.inputs.allows(producer.operation, producer.parameter, value):
            lab.inputs.learn(producer.operation, producer.parameter, value)


def operations(lab: Lab, application: Application) -> Script:
    """Each operation as each role that may call it; as each role with a name of its own also where it may not. Then a path that nobody declared."""
    for operation in _own(lab, application):
        for session in _roles(lab, application):
            probe = _as_role(lab, session, operation)
            if probe is not None:
                (exchange,) = yield probe
                # Where the operation takes a permission and writes, the 403 of those who lack it shows that it is there.
                if exchange.status == 404 and (probe.name in SERVED or not any(operation.bearer_schemes.values())):
                    lab.not_found[application.name] = probe.request
    if not_found := lab.not_found.get(application.name):
        yield Probe("operation.nowhere", replace(not_found, target=_nowhere(not_found.target), body=None), variant=application.name)


def served(lab: Lab, session: Session, operation: Operation) -> Probe:
    """The call of an operation by somebody who may, which is not asked again."""
    lab.served.add((operation.id, session.account.part))
    own = _own_object(lab, session, operation)
    request = lab.example_call(operation, bearer=session.access_token, path=own)
    aimed = bool(own) or lab.inputs.names_something(operation)
    return Probe(SERVED[0 if aimed else 1], request, operation.id, session.account.part)


def _own(lab: Lab, application: Application) -> Iterator[Operation]:
    """The operations of `application` that no other script asks as those who may."""
    personal, identity = application.personal_access_tokens, application.identity
    asked = {operation.id for operation in flow_operations(application)} | ({identity.operation.id} if identity else set())
    asked |= {personal.list.id, personal.create.id, personal.revoke.id} if personal else set()
    for operation in lab.contract.protected_operations:
        if lab.contract.application_of(operation) is application and operation.id not in asked and lab.may_ask(operation):
            yield operation


def _roles(lab: Lab, application: Application) -> list[Session]:
    """The sessions of the roles that could log in; the ordinary one first."""
    found = [lab.sessions.get((application.name, account.part)) for account in lab.profile.roles(application.name)]
    return sorted((session for session in found if session), key=lambda session: session.account.part != Part.ORDINARY)


def _session_for(lab: Lab, application: Application, operation: Operation) -> Session | None:
    return next((session for session in _roles(lab, application) if may(session, operation)), None)


def may(session: Session, operation: Operation) -> bool:
    """Whether the document lets the account call `operation`, as far as the profile tells what it holds."""
    wanted, account = needed(session.application, operation), session.account
    if wanted is None or account.permissions is not None:
        return wanted is not None and wanted <= (account.permissions or frozenset())
    return not wanted or account.part == Part.PRIVILEGED


def _as_role(lab: Lab, session: Session, operation: Operation) -> Probe | None:
    """The question as that role; None where another script asks it, where another role's answer stands for it, or where it would change something."""
    part, wanted = session.account.part, needed(session.application, operation)
    if wanted is None or (operation.id, part) in lab.served:
        return None
    if not may(session, operation):
        # As the ordinary account the script `permissions` asks.
        own = part != Part.ORDINARY
        return Probe("permission.role", lab.example_call(operation, bearer=session.access_token), operation.id, part) if own else None
    if not wanted and session is not _roles(lab, session.application)[0]:
        return None
    if operation.method in SAFE:
        return served(lab, session, operation)
    request = _without_effect(lab, session, operation)
    if request is None:
        # Whoever says so in so many words lets a right server carry it out.
        return served(lab, session, operation) if lab.profile.unsafe_methods else None
    return Probe("operation.harmless", request, operation.id, part)


def _own_object(lab: Lab, session: Session, operation: Operation) -> dict[str, str]:
    """The path parameters by which an object rule names what belongs to the account."""
    rules = (rule for rule in lab.contract.object_rules if rule.operation == operation)
    return {rule.parameter: value for rule in rules if (value := session.attribute(rule.attribute))}


def _without_effect(lab: Lab, session: Session, operation: Operation) -> Request | None:
    """A call of `operation` that a right server lets in and does not carry out; None where there is none."""
    if (body := refused_body(lab, operation)) is not None:
        return lab.call(operation, bearer=session.access_token, body=body)
    # PUT may create what is not there (RFC 9110 section 9.3.4).
    if operation.method != "PUT" and lab.inputs.aims_at_nothing(operation):
        return lab.example_call(operation, bearer=session.access_token)
    return None


def _nowhere(target: str) -> str:
    """A path beside that of `target`, which nobody declared."""
    above = target.partition("?")[0].rpartition("/")[0]
    return f"{above.rpartition('/')[0]}/authproof-{secrets.token_hex(4)}"
