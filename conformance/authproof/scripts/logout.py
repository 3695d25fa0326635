"""Logout, and what lives on after it."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace

from authproof.exchange import Exchange, Probe
from authproof.lab import MAIN, Lab, Missing, Script, Session, Step
from authproof.scripts.forgeries import elsewhere
from authproof.scripts.refresh import forgeries, is_asked_all, log_in, outlives_a_login, refresh_bystander, rotate
from authproof_spec import Application


def logout(lab: Lab, application: Application) -> Script:
    """R1 -> R2, logout with R2, then the access token, R2 and R1; logout again, with garbage and with nothing; beside it what must live on."""
    if application.logout is None:
        raise Missing(f"The contract has no logout for {application.name}.")
    if application.refresh_token is None:
        yield from _of_access_token(lab, application)
        return
    session, first = yield from _unharmed(lab, application)
    bystander = lab.session(application, *MAIN)
    second, session.refresh_token = session.refresh_token, None
    yield lab.logout(application, second, "logout")
    # First of all, since a used refresh token that comes back may end the access token too.
    if application.identity:
        operation = application.identity.operation
        (after,) = yield Probe("logout.access_after", lab.call(operation, bearer=session.access_token), operation.id)
        yield from _after_logout(lab, session, after)
    yield lab.refresh(application, second, "logout.refresh_after")
    if second != first:
        yield lab.refresh(application, first, "logout.ancestor_after")
    yield lab.logout(application, second, "logout.again")
    if is_asked_all(lab, application):
        yield lab.logout(application, None, "logout.without_cookie")
        yield lab.logout(application, "x", "logout.garbage")
    bystander = yield from _beside_a_logout(lab, application, bystander, "logout.other_session")
    for other in _open_elsewhere(lab, application):
        if other.refresh_token and other.application.refresh:
            yield from _beside_a_logout(lab, application, other, "logout.other_application")
        elif there := other.application.identity:
            yield Probe("logout.other_application", lab.call(there.operation, bearer=other.access_token), there.operation.id)
    yield from _of_personal_token(lab, bystander)


def _of_access_token(lab: Lab, application: Application) -> Script:
    """The same where a session is known by its access token alone, and who-am-I shows whether it lives."""
    if application.identity is None or application.logout is None:
        raise Missing(f"The contract has no who-am-I operation for {application.name}, which alone would show what a logout ends.")
    me, bystander = application.identity.operation, lab.session(application, *MAIN)
    session = yield from lab.log_in(application, bystander.account)
    if application.logout.method != "GET":
        by_get = lab.logout(application, session.access_token, "logout.get")
        yield replace(by_get, request=replace(by_get.request, method="GET"))
    session = yield from _alive(lab, session, "logout.unharmed")
    for variant, forged in [*forgeries(lab, application, session.access_token)][:2]:
        yield replace(lab.logout(application, forged, "logout.forged"), variant=variant)
    session = yield from _alive(lab, session, "logout.unharmed_by_forgery")
    token = session.access_token
    yield lab.logout(application, token, "logout")
    session.ended = True
    (after,) = yield Probe("logout.access_after", lab.call(me, bearer=token), me.id)
    yield from _after_logout(lab, session, after)
    yield lab.logout(application, token, "logout.again")
    yield lab.logout(application, None, "logout.without_cookie")
    yield lab.logout(application, "x", "logout.garbage")
    bystander = lab.sessions[application.name, bystander.account.part] = yield from _alive(lab, bystander, "logout.other_session")
    yield from _of_personal_token(lab, bystander)
    for found in _open_elsewhere(lab, application):
        if there := found.application.identity:
            yield Probe("logout.other_application", lab.call(there.operation, bearer=found.access_token), there.operation.id)


def _alive(lab: Lab, session: Session, name: str) -> Generator[Step, Sequence[Exchange], Session]:
    """Ask who-am-I with the access token of `session`; the session when it lives, a new one when it does not."""
    identity = session.application.identity
    if identity is None:
        return session
    (exchange,) = yield Probe(name, lab.call(identity.operation, bearer=session.access_token), identity.operation.id)
    if exchange.response and exchange.response.is_success:
        return session
    session.ended = exchange.status == 401
    return (yield from lab.log_in(session.application, session.account))


def _after_logout(lab: Lab, session: Session, at_identity: Exchange) -> Iterator[Probe]:
    """The access token at every other operation, where who-am-I refuses it; those that take personal access tokens are asked with a revoked one."""
    personal = session.application.personal_access_tokens
    for operation in elsewhere(lab, session.application) if at_identity.status == 401 else ():
        if personal is None or personal.kind.scheme.name not in operation.bearer_schemes:
            yield Probe("logout.access_after", lab.example_call(operation, bearer=session.access_token), operation.id)


def _of_personal_token(lab: Lab, bystander: Session) -> Script:
    """The personal access token of the account, which lives on, and is then revoked."""
    application = bystander.application
    if application.identity and (token := lab.personal_token(application, bystander.account)):
        operation = application.identity.operation
        yield Probe("logout.personal_token_after", lab.call(operation, bearer=token.value), operation.id)
        yield lab.revocation(token, bystander.access_token, "logout.revoke_token")


def _unharmed(lab: Lab, application: Application) -> Generator[Step, Sequence[Exchange], tuple[Session, str | None]]:
    """A session that was refreshed after attempts to end it by GET and with forged tokens, and its first refresh token.

    Where that session did end, another one shows whether the forged tokens alone do that.
    """
    for attempt in ("logout.unharmed", "logout.unharmed_by_forgery"):
        session = yield from log_in(lab, application)
        if attempt == "logout.unharmed" and application.logout and application.logout.method != "GET" and is_asked_all(lab, application):
            by_get = lab.logout(application, session.refresh_token, "logout.get")
            yield replace(by_get, request=replace(by_get.request, method="GET"))
        first = session.refresh_token
        for variant, forged in [*forgeries(lab, application, first or "")][:2]:
            yield replace(lab.logout(application, forged, "logout.forged"), variant=variant)
        (exchange,) = yield lab.refresh(application, first, attempt)
        if lab.renewed(session, exchange):
            return session, first
    session = yield from log_in(lab, application)
    first = session.refresh_token
    yield from rotate(lab, session, "logout.rotate")
    return session, first


def _beside_a_logout(lab: Lab, application: Application, session: Session, name: str) -> Generator[Step, Sequence[Exchange], Session]:
    """Refresh `session`, that of another client, after a logout; where it is over, a new one after one more logout, since something earlier may have ended it."""
    fresh = yield from refresh_bystander(lab, session, name)
    if fresh is session:
        return session
    leaving = yield from log_in(lab, application)
    if not (yield from outlives_a_login(lab, fresh, f"{name}_before")):
        return lab.sessions[application.name, fresh.account.part]
    yield lab.logout(application, leaving.refresh_token, "logout.once_more")
    leaving.refresh_token = None
    return (yield from refresh_bystander(lab, fresh, name))


def _open_elsewhere(lab: Lab, application: Application) -> Iterator[Session]:
    """The session of each other application that the baseline opened."""
    for other in lab.contract.applications.values():
        session = next((lab.sessions[other.name, part] for part in MAIN if (other.name, part) in lab.sessions), None)
        if other is not application and session:
            yield session
