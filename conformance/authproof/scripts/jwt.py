"""Forged access tokens, each with one thing wrong."""

from __future__ import annotations

from collections.abc import Iterator

from authproof import forge
from authproof.exchange import Probe
from authproof.lab import MAIN, Blocked, Lab, Missing, Script
from authproof.vault import decode
from authproof_spec import Application
from authproof_spec.contract import Meaning
from authproof_spec.pointer import Json


def jwt(lab: Lab, application: Application) -> Script:
    """Every forgery at who-am-I; the two plainest ones at every other protected operation, which may have a guard of its own."""
    if application.identity is None:
        raise Missing(f"The contract has no who-am-I operation for {application.name}.")
    operation = application.identity.operation
    token = lab.session(application, *MAIN).access_token
    if None in decode(token):
        raise Blocked("The access token is no signed JWT, so none can be forged from it.")
    for name, variant, forged in _forgeries(lab, application, token):
        yield Probe(name, lab.call(operation, bearer=lab.secret(forged, "forged_token")), operation.id, variant)
    for other in lab.contract.protected_operations:
        if other.id != operation.id and lab.contract.application_of(other) is application:
            for name, forged in (("jwt.none", forge.unsigned(token)), ("jwt.signature_changed", forge.signature_changed(token))):
                yield Probe(name, lab.example_call(other, bearer=lab.secret(forged, "forged_token")), other.id)
    yield Probe("jwt.control", lab.call(operation, bearer=token), operation.id)


def _forgeries(lab: Lab, application: Application, token: str) -> Iterator[tuple[str, str, str]]:
    yield "jwt.none", "", forge.unsigned(token)
    for variant, forged in forge.unsigned_variants(token).items():
        yield "jwt.none_variant", variant, forged
    yield "jwt.none_with_signature", "", forge.unsigned_with_signature(token)
    for variant, forged in forge.signature_removed(token).items():
        yield "jwt.signature_removed", variant, forged
    yield "jwt.signature_changed", "", forge.signature_changed(token)
    for variant, forged in forge.signature_resized(token).items():
        yield "jwt.signature_resized", variant, forged
    for variant, changes in _changes(lab, application, token):
        yield "jwt.claims_changed", variant, forge.claims_changed(token, changes)
    yield "jwt.header_changed", "", forge.header_changed(token)
    if forged_with_other_key := forge.signed_with_other_key(token):
        yield "jwt.other_key", "", forged_with_other_key
    for variant, forged in forge.signed_with_trivial_key(token).items():
        yield "jwt.trivial_key", variant, forged


def _changes(lab: Lab, application: Application, token: str) -> Iterator[tuple[str, dict[str, Json]]]:
    _, claims = decode(token)
    rules = lab.contract.tokens
    if claims is None:
        return
    for name in rules.claims_meaning(Meaning.EXPIRES_AT):
        expiry = claims.get(name)
        if isinstance(expiry, int):
            yield "a later expiry", {name: expiry + 365 * 86400}
    others = [session for (app, _), session in lab.sessions.items() if app == application.name and session.access_token != token]
    stranger = decode(others[-1].access_token)[1] if others else None
    account_claims = rules.claims_meaning(Meaning.ACCOUNT)
    if stranger and any(stranger.get(name) != claims.get(name) for name in account_claims):
        yield "another account", {name: stranger.get(name) for name in account_claims}
