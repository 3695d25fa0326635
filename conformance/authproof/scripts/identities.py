"""Whose a token is: two accounts beside each other, and one that claims to be the other."""

from __future__ import annotations

from authproof.exchange import Headers, Probe
from authproof.lab import MAIN, Lab, Missing, Script, Session
from authproof.profile import Part
from authproof.scripts.personal_tokens import OWNER_MEMBERS, claimed_owner, created_token, token_body
from authproof_spec import Application
from authproof_spec.contract import Meaning, PersonalAccessTokens
from authproof_spec.pointer import Json, put

OWNER_HEADERS = ("X-User-Id", "X-Account-Id", "X-Authenticated-Userid", "X-Forwarded-User")
"""Header fields by which gateways tell an application who calls."""


def identities(lab: Lab, application: Application) -> Script:
    """Two accounts ask at once who they are; then the first one asks in the name of the second."""
    if application.identity is None:
        raise Missing(f"The contract has no who-am-I operation for {application.name}.")
    me = application.identity.operation
    first = lab.session(application, *MAIN)
    second = _another(lab, application, first)
    tokens = {first.account.part: first.access_token, second.account.part: second.access_token}
    yield tuple(Probe("identity.at_once", lab.call(me, bearer=token), me.id, part) for part, token in tokens.items())
    if second.identifier is not None:
        headers, query = _claimed(second.identifier)
        yield Probe("identity.claimed", lab.call(me, bearer=first.access_token, headers=headers, query=query), me.id, first.account.part)


def ownership(lab: Lab, application: Application) -> Script:
    """A personal access token that the first account makes in the name of the second; the second one looks for it, and tries to revoke it."""
    personal = application.personal_access_tokens
    if personal is None or application.identity is None:
        raise Missing(f"The contract has no personal access tokens for {application.name}.")
    me = application.identity.operation
    owner = lab.session(application, Part.ORDINARY)
    privileged = lab.session(application, Part.PRIVILEGED)
    claims = _claims(lab, personal, privileged)
    create = personal.create
    headers, query = _claimed(privileged.identifier) if privileged.identifier is not None else ((), "")
    body = {**claims, **token_body(lab, personal)}
    (created,) = yield Probe("ownership.create", lab.call(create, bearer=owner.access_token, headers=headers, body=body, query=query), create.id)
    if created.status in {400, 403, 422}:
        # It may refuse to hear of another owner; what follows needs a token all the same.
        (created,) = yield Probe("ownership.plain", lab.call(create, bearer=owner.access_token, body=token_body(lab, personal)), create.id)
    token = created_token(lab, owner, created)
    yield Probe("ownership.use", lab.call(me, bearer=token.value), me.id)
    yield Probe("ownership.list", lab.call(personal.list, bearer=privileged.access_token), personal.list.id)
    yield lab.revocation(token, privileged.access_token, "ownership.revoke")
    tokens = {Part.PRIVILEGED.value: privileged.access_token, "personal": token.value}
    yield tuple(Probe("ownership.at_once", lab.call(me, bearer=value), me.id, whose) for whose, value in tokens.items())
    yield lab.revocation(token, owner.access_token, "ownership.end")


def _another(lab: Lab, application: Application, first: Session) -> Session:
    """The session of another account of the application. Raises Missing."""
    candidates = (lab.sessions.get((application.name, part)) for part in (Part.PRIVILEGED, Part.OTHER))
    found = next((candidate for candidate in candidates if candidate and candidate is not first), None)
    if found is None:
        raise Missing(f"The profile has no second account of the application {application.name} that can log in.")
    return found


def _claimed(identifier: str) -> tuple[Headers, str]:
    """The header fields and the query that name somebody else."""
    return tuple((name, identifier) for name in OWNER_HEADERS), claimed_owner(identifier)


def _claims(lab: Lab, personal: PersonalAccessTokens, other: Session) -> dict[str, Json]:
    """Every member that a server might take for the owner of a new token, with the id of `other`."""
    claims: dict[str, Json] = {}
    if other.identifier is not None:
        for name in (*OWNER_MEMBERS, *lab.contract.tokens.claims_meaning(Meaning.ACCOUNT)):
            claims[name] = other.identifier
        if pointer := personal.record.get("account"):
            put(claims, pointer, other.identifier)
    return claims
