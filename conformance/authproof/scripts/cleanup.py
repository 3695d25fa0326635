"""The end of a run: nothing that it made stays behind. Raises Missing or Blocked with the reason for what does."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Mapping, Sequence

from authproof.exchange import Exchange, Probe, Response
from authproof.lab import Blocked, Hook, Lab, Missing, PersonalToken, Script, Session, Step, Written
from authproof.methods import removal_of
from authproof.producers import named
from authproof.scripts.operations import may

_DONE = frozenset({200, 202, 204, 404})


def carry_out(hook: Hook) -> Script:
    """Take back what another hook did."""
    yield hook


def revoke(lab: Lab, token: PersonalToken) -> Script:
    """Revoke `token` by the session that created it. Where that is not known, as for one that a forged token created, every account tries."""
    sessions = [token.session] if token.session else [session for session in lab.sessions.values() if session.application is token.application]
    exchange = None
    for session in sessions:
        exchange = yield from _revoked_by(lab, token, session)
        if exchange.response and exchange.response.is_success:
            return
    if exchange is None:
        raise Blocked("nobody knows whose it is")
    _expect_done(exchange)


def _revoked_by(lab: Lab, token: PersonalToken, session: Session) -> Generator[Step, Sequence[Exchange], Exchange]:
    """The answer to a revocation by `session`; where that is over by the token itself, if the document lets it, or by a new session."""
    (exchange,) = yield lab.revocation(token, session.access_token, "cleanup.revoke")
    personal = token.application.personal_access_tokens
    if exchange.status == 401 and personal and personal.kind.scheme.name in personal.revoke.bearer_schemes:
        (exchange,) = yield lab.revocation(token, token.value, "cleanup.revoke")
    if exchange.status == 401:
        fresh = yield from lab.log_in(token.application, session.account, "cleanup.login")
        session.access_token = fresh.access_token  # for the next token of that session
        (exchange,) = yield lab.revocation(token, session.access_token, "cleanup.revoke")
    return exchange


def remove(lab: Lab, written: Written) -> Script:
    """Delete what `written` made, as somebody whom the document lets do so. Nothing is deleted but what the answer itself names."""
    removal = removal_of(lab.contract, written.operation)
    if written.operation.method != "POST" or removal is None:
        raise Missing("the document has no operation that undoes it")
    name = removal.path_parameters[-1].name
    identifier = _told(written.answer, name)
    if identifier is None:
        raise Missing("its answer tells no id")
    application = lab.contract.application_of(removal)
    for session in [session for session in lab.sessions.values() if session.application is application and may(session, removal)]:
        token = session.access_token
        (exchange,) = yield Probe("cleanup.remove", lab.call(removal, bearer=token, path={name: identifier}), removal.id)
        if exchange.status == 401:
            token = (yield from lab.log_in(session.application, session.account, "cleanup.login")).access_token
            (exchange,) = yield Probe("cleanup.remove", lab.call(removal, bearer=token, path={name: identifier}), removal.id)
        _expect_done(exchange)
        return
    raise Missing("nobody of the profile may delete it")


def _told(answer: Response, name: str) -> str | None:
    """The id that the answer of a creation tells: of the object in it, or in its Location."""
    body = answer.json
    objects = [body, *body.values()] if isinstance(body, Mapping) else []
    told = next((value for entry in objects if isinstance(entry, Mapping) and (value := named(entry, name)) is not None), None)
    if isinstance(told, str | int) and not isinstance(told, bool):
        return str(told)
    return (answer.first("location") or "").partition("?")[0].rstrip("/").rpartition("/")[2] or None


def log_out(lab: Lab, session: Session) -> Script:
    """End `session`."""
    (exchange,) = yield lab.logout(session.application, session.key, "cleanup.logout")
    # A session that is known by its access token alone is over when that is refused.
    if exchange.status != 401 or session.application.refresh_token:
        _expect_done(exchange)
    session.refresh_token, session.ended = None, True


def end_everything(lab: Lab) -> Script:
    """Do all of this before the clock leaves the sessions behind: what could not be done then is tried again at the end."""
    for token in lab.personal_tokens.copy():
        with contextlib.suppress(Missing, Blocked):
            yield from revoke(lab, token)
    lab.spare.clear()
    for session in lab.open_sessions:
        if session.key and session.application.logout:
            with contextlib.suppress(Missing, Blocked):
                yield from log_out(lab, session)


def _expect_done(exchange: Exchange) -> None:
    if exchange.status not in _DONE:
        raise Blocked(exchange.describe())
