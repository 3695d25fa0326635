"""Objects of the run's own, for probes that a broken server would carry out."""

from __future__ import annotations

from dataclasses import replace

from authproof.exchange import Headers, Probe
from authproof.inputs import nothing_like_text
from authproof.lab import MAIN, Lab, Missing, Script
from authproof.scripts.personal_tokens import create
from authproof_spec import Application, Operation

_MALFORMED = "authproof..malformed"


def objects(lab: Lab, application: Application) -> Script:
    """Without credentials: an object that exists, one that does not, and a malformed id; and a method that a header field overrides."""
    session = lab.session(application, *MAIN)
    for rule in lab.contract.object_rules:
        own = session.attribute(rule.attribute)
        if own is not None and rule.operation.method == "GET" and lab.contract.application_of(rule.operation) is application:
            yield from _without_credentials(lab, rule.operation, rule.parameter, own)
    personal = application.personal_access_tokens
    if personal is None:
        raise Missing(f"The contract has no personal access tokens for {application.name}, so there is no object to try a deletion on.")
    token = yield from create(lab, session, "object.create")
    identifier = token.identifier or ""
    revoke, parameter = personal.revoke, personal.revoke.path_parameters[-1].name
    yield from _without_credentials(lab, revoke, parameter, identifier)
    override = lab.call(revoke, path={parameter: identifier}, query=f"_method={revoke.method}", headers=overrides(revoke.method))
    yield Probe("object.override", replace(override, method="POST"), revoke.id)
    yield lab.revocation(token, session.access_token, "object.revoke")


def _without_credentials(lab: Lab, operation: Operation, parameter: str, known: str) -> Script:
    for variant, value in (("one that exists", known), ("one that does not exist", nothing_like_text(known)), ("a malformed id", _MALFORMED)):
        yield Probe("object.stranger", lab.call(operation, path={parameter: value}), operation.id, variant)


def overrides(method: str) -> Headers:
    """The header fields by which frameworks let a client name another method than the request's."""
    return tuple((name, method) for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"))
