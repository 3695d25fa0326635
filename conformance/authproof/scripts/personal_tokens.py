"""The life of a personal access token: made, used, listed, refused where it must be, revoked."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

from authproof.exchange import Exchange, Probe
from authproof.lab import MAIN, Blocked, Lab, Missing, PersonalToken, Script, Session
from authproof.profile import Part
from authproof_spec import Application
from authproof_spec.contract import PersonalAccessTokens
from authproof_spec.pointer import Json, get, put


def personal_tokens(lab: Lab, application: Application) -> Script:
    """One token of the ordinary account, from creation to after its revocation."""
    personal = application.personal_access_tokens
    if personal is None or application.identity is None:
        raise Missing(f"The contract has no personal access tokens for {application.name}.")
    session = lab.session(application, *MAIN)
    me = application.identity.operation
    (created,) = yield Probe("pat.create", lab.call(personal.create, bearer=session.access_token, body=_body(lab, personal)), personal.create.id)
    token, identifier = _created(lab, personal, session, created)
    path = {personal.revoke.path_parameters[-1].name: identifier}

    yield Probe("pat.use", lab.call(me, bearer=token), me.id)
    yield Probe("pat.list", lab.call(personal.list, bearer=session.access_token), personal.list.id)
    if application.refresh and application.cookie:
        yield Probe("pat.as_refresh", lab.call(application.refresh, cookies={application.cookie.name: token}), application.refresh.id)
    for other in lab.contract.applications.values():
        if other is not application and other.identity:
            yield Probe("pat.elsewhere", lab.call(other.identity.operation, bearer=token), other.identity.operation.id)
    unknown = {personal.revoke.path_parameters[-1].name: _like(identifier)}
    yield Probe("pat.revoke_unknown", lab.call(personal.revoke, bearer=session.access_token, path=unknown), personal.revoke.id)

    stranger = _stranger(lab, application, session)
    if stranger:
        yield Probe("pat.foreign_list", lab.call(personal.list, bearer=stranger.access_token), personal.list.id)
        yield Probe("pat.foreign_revoke", lab.call(personal.revoke, bearer=stranger.access_token, path=path), personal.revoke.id)
        yield Probe("pat.after_foreign_revoke", lab.call(me, bearer=token), me.id)

    yield Probe("pat.revoke", lab.call(personal.revoke, bearer=session.access_token, path=path), personal.revoke.id)
    yield Probe("pat.revoked_use", lab.call(me, bearer=token), me.id)
    yield Probe("pat.list_after", lab.call(personal.list, bearer=session.access_token), personal.list.id)
    (again,) = yield Probe("pat.revoke_again", lab.call(personal.revoke, bearer=session.access_token, path=path), personal.revoke.id)
    if again.status in {204, 404}:
        pass


def _body(lab: Lab, personal: PersonalAccessTokens) -> dict[str, Json]:
    tomorrow = datetime.fromtimestamp(lab.now(), UTC) + timedelta(days=1)
    body: dict[str, Json] = {}
    put(body, personal.request_name, f"authproof {lab.run_id}")
    put(body, personal.request_expires_at, tomorrow.strftime("%Y-%m-%dT%H:%M:%SZ"))
    return body


def _created(lab: Lab, personal: PersonalAccessTokens, session: Session, created: Exchange) -> tuple[str, str]:
    """The token and the id of its record. Raises Blocked when the answer has not both."""
    response = created.response
    if response is None or not response.is_success:
        raise Blocked(f"The creation of a personal access token was answered {created.describe()}.")
    token = response.at(personal.response_token)
    identifier = get(response.at(personal.response_record), personal.record["id"])
    if not isinstance(token, str) or not token or not lab.personal_tokens:
        raise Blocked(f"The creation of a personal access token gave no token at {personal.response_token}, or no id in its record.")
    return lab.secret(token, "personal_access_token"), str(identifier)


def _like(identifier: str) -> str:
    """Another id of the same form: digits for digits, hexadecimal letters for such letters."""
    if identifier.isdecimal():
        return "2147483000"
    return "".join(secrets.choice("0123456789abcdef") if letter in "0123456789abcdef" else letter for letter in identifier)


def _stranger(lab: Lab, application: Application, session: Session) -> Session | None:
    candidates = (lab.sessions.get((application.name, part)) for part in (Part.OTHER, Part.PRIVILEGED))
    return next((candidate for candidate in candidates if candidate and candidate is not session), None)
