"""Operations that take a permission, asked by a caller who has it and by one who has not."""

from __future__ import annotations

from authproof.exchange import Probe
from authproof.lab import Lab, Script
from authproof.profile import Part
from authproof_spec import Application


def permissions(lab: Lab, application: Application) -> Script:
    """Each operation with a permission as the ordinary account; the safe ones as the privileged one too."""
    ordinary = lab.session(application, Part.ORDINARY)
    for operation in lab.contract.protected_operations:
        if lab.contract.application_of(operation) is application and any(operation.bearer_schemes.values()):
            yield Probe("permission.missing", lab.example_call(operation, bearer=ordinary.access_token), operation.id)
    for rule in lab.contract.object_rules:
        own = ordinary.account.attributes.get(rule.attribute)
        if own is not None and lab.contract.application_of(rule.operation) is application:
            for name, value in (("object.own", own), ("object.foreign", _foreign(lab, application, rule.attribute, own))):
                request = lab.call(rule.operation, bearer=ordinary.access_token, path={rule.parameter: value})
                yield Probe(name, request, rule.operation.id)
    privileged = lab.session(application, Part.PRIVILEGED)
    for operation in lab.contract.protected_operations:
        if lab.contract.application_of(operation) is application and any(operation.bearer_schemes.values()) and operation.method == "GET":
            yield Probe("permission.held", lab.example_call(operation, bearer=privileged.access_token), operation.id)


def _foreign(lab: Lab, application: Application, attribute: str, own: str) -> str:
    """The value of another account of the profile; an invented one when there is none."""
    values = [account.attributes.get(attribute) for account in lab.profile.accounts if account.application == application.name]
    return next((value for value in values if value not in {None, own}), None) or f"{own}-authproof"
