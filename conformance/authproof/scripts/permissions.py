"""Operations that take a permission, and objects with an owner, asked for by a caller who has it and by one who has not."""

from __future__ import annotations

from collections.abc import Iterator

from authproof.exchange import Probe
from authproof.lab import MAIN, Lab, Missing, Script
from authproof.methods import SAFE
from authproof.profile import Part
from authproof_spec import Application, Operation
from authproof_spec.contract import MediaType
from authproof_spec.pointer import Json


def permissions(lab: Lab, application: Application) -> Script:
    """Each operation with a permission as the ordinary account, the writing ones in several ways; the reading ones as the privileged account too.

    A broken server carries out what it is asked for: what is written to does not exist, or is the caller's own and stays as it is.
    """
    ordinary = lab.session(application, Part.ORDINARY)
    token = ordinary.access_token
    for operation in restricted(lab, application):
        yield Probe("permission.missing", lab.example_call(operation, bearer=token), operation.id)
        if operation.request_body and operation.method not in SAFE:
            body = refused_body(lab, operation)
            yield Probe("permission.invalid_body", lab.call(operation, bearer=token, body={} if body is None else body), operation.id)
    update = application.accounts.update if application.accounts else None
    if update and update.method == "PATCH" and ordinary.identifier is not None and lab.may_ask(update):
        path = {update.path_parameters[-1].name: ordinary.identifier}
        yield Probe("permission.existing", lab.call(update, bearer=token, body={}, path=path), update.id)
    privileged = lab.session(application, Part.PRIVILEGED)
    for operation in restricted(lab, application):
        if operation.method == "GET" and (operation.id, Part.PRIVILEGED) not in lab.served:
            lab.served.add((operation.id, Part.PRIVILEGED))
            yield Probe("permission.held", lab.example_call(operation, bearer=privileged.access_token), operation.id, Part.PRIVILEGED)


def restricted(lab: Lab, application: Application) -> Iterator[Operation]:
    """The operations of `application` that take a permission, and that the run may ask."""
    for operation in lab.contract.protected_operations:
        if lab.contract.application_of(operation) is application and any(operation.bearer_schemes.values()) and lab.may_ask(operation):
            yield operation


def refused_body(lab: Lab, operation: Operation) -> Json:
    """A body that the document does not allow; None where it allows everything, or declares no body."""
    schemas = [media.schema for media in _contents(operation) if media.schema]
    bodies: tuple[Json, ...] = ({}, [], "authproof")
    return next((body for body in bodies if schemas and not lab.contract.document.request_validator(schemas[0]).is_valid(body)), None)


def _contents(operation: Operation) -> tuple[MediaType, ...]:
    return operation.request_body.content if operation.request_body else ()


def objects(lab: Lab, application: Application) -> Script:
    """Objects that are tied to an attribute of the account, where they are only read: the caller's own, and that of somebody else."""
    session = lab.session(application, *MAIN)
    unknown = []
    for rule in lab.contract.object_rules:
        if rule.operation.method not in SAFE or lab.contract.application_of(rule.operation) is not application:
            continue
        own = session.attribute(rule.attribute)
        if own is None:
            unknown.append(rule.attribute)
            continue
        foreign, kind = _foreign(lab, application, rule.attribute, own)
        request = lab.call(rule.operation, bearer=session.access_token, path={rule.parameter: own})
        lab.served.add((rule.operation.id, session.account.part))
        (exchange,) = yield Probe("object.own", request, rule.operation.id)
        if exchange.status == 404:
            lab.not_found[application.name] = request
        request = lab.call(rule.operation, bearer=session.access_token, path={rule.parameter: foreign})
        yield Probe("object.foreign", request, rule.operation.id, kind)
    if unknown:
        raise Missing(f"The profile's {session.account.part} account has no {unknown[0]}, and who-am-I tells none.")


def _foreign(lab: Lab, application: Application, attribute: str, own: str) -> tuple[str, str]:
    """The value of another account of the profile, and what it is; an invented one when there is none."""
    values = [account.attributes.get(attribute) for account in lab.profile.accounts if account.application == application.name]
    values += [session.attribute(attribute) for session in lab.sessions.values() if session.application is application]
    found = next((value for value in values if value is not None and value != own), None)
    return (found, "of another account") if found else (f"{own}-authproof", "invented")
