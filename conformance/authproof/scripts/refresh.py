"""Token families: rotation, reuse, and simultaneous use. Each script opens sessions of its own."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from authproof.exchange import Exchange, Probe
from authproof.lab import MAIN, Blocked, Lab, Missing, Script, Session, Step, Wait
from authproof_spec import Application

RIVALS = 5
"""How many refreshes race for one token."""


def refresh(lab: Lab, application: Application) -> Script:
    """R1 -> R2, R1 again, R2; beside it another family that must not be touched, and cookies that are none."""
    session = yield from _log_in(lab, application)
    bystander = yield from _log_in(lab, application)
    first = session.refresh_token
    second = yield from _rotate(lab, application, session, "refresh.first")
    if application.identity:
        operation = application.identity.operation
        yield Probe("refresh.new_access", lab.call(operation, bearer=session.access_token), operation.id)
    if application.rotation.grace:
        yield Wait(application.rotation.grace + 1)
    yield lab.refresh(application, first, "refresh.reuse")
    (after,) = yield lab.refresh(application, second, "refresh.after_reuse")
    session.refresh_token = lab.refresh_token_of(application, after)
    if application.identity:
        yield Probe("refresh.access_after_reuse", lab.call(operation, bearer=session.access_token), operation.id)
    yield lab.refresh(application, None, "refresh.missing")
    for variant, garbage in (("a word", "x"), ("a token's form", "a.b.c"), ("4 KB", "x" * 4000)):
        probe = lab.refresh(application, garbage, "refresh.garbage")
        yield Probe(probe.name, probe.request, probe.operation, variant)
    yield from _rotate(lab, application, bystander, "refresh.bystander")


def ancestor(lab: Lab, application: Application) -> Script:
    """R1 -> R2 -> R3, then R1 again and R3: reuse of an older ancestor."""
    session = yield from _log_in(lab, application)
    first = session.refresh_token
    yield from _rotate(lab, application, session, "ancestor.first")
    third = yield from _rotate(lab, application, session, "ancestor.second")
    yield lab.refresh(application, first, "ancestor.reuse")
    (after,) = yield lab.refresh(application, third, "ancestor.after_reuse")
    session.refresh_token = lab.refresh_token_of(application, after)


def race(lab: Lab, application: Application) -> Script:
    """Several refreshes with one token at the same moment."""
    session = yield from _log_in(lab, application)
    # Open the connections first, so that the refreshes truly meet.
    yield tuple(lab.refresh(application, None, "race.warm_up") for _ in range(RIVALS))
    rivals = yield tuple(lab.refresh(application, session.refresh_token, "race") for _ in range(RIVALS))
    winners = [token for rival in rivals if rival.status == 200 and (token := lab.refresh_token_of(application, rival))]
    session.refresh_token = winners[-1] if winners else None
    if application.rotation.grace:
        # A declared grace may give all of them the same successor, or several that live until it is over.
        winners = list(dict.fromkeys(winners))
        if len(winners) > 1:
            yield Wait(application.rotation.grace + 1)
    for token in winners:
        (after,) = yield lab.refresh(application, token, "race.successor")
        session.refresh_token = lab.refresh_token_of(application, after) or session.refresh_token


def _log_in(lab: Lab, application: Application) -> Generator[Step, Sequence[Exchange], Session]:
    if application.refresh is None:
        raise Missing(f"The contract has no refresh for {application.name}.")
    account = lab.session(application, *MAIN).account
    session = yield from lab.log_in(application, account)
    if session.refresh_token is None:
        raise Blocked(f"{application.name}: the login set no refresh cookie.")
    return session


def _rotate(lab: Lab, application: Application, session: Session, name: str) -> Generator[Step, Sequence[Exchange], str]:
    """Refresh with the session's token and keep what comes. Raises Blocked when no next token comes."""
    (exchange,) = yield lab.refresh(application, session.refresh_token, name)
    token = lab.refresh_token_of(application, exchange)
    if exchange.response is None or not exchange.response.is_success or token is None:
        raise Blocked(f"{application.name}: a refresh with a good cookie was answered {exchange.describe()}, and no next cookie was set.")
    access = exchange.response.at(application.access_token_field)
    if isinstance(access, str):
        session.access_token = lab.secret(access, "access_token")
    session.refresh_token = token
    return token
