"""Token families: rotation, what is no refresh token, reuse, grace, and simultaneous use. No script uses a session that another one needs later."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from urllib.parse import quote

from authproof.exchange import Exchange, Headers, Probe
from authproof.forge import signature
from authproof.lab import Blocked, Lab, Missing, Script, Session, Step, Wait, without
from authproof.scripts.altered import opaque_forgeries
from authproof.vault import decode
from authproof_spec import Application
from authproof_spec.contract import Meaning

RIVALS = (4, 2)
"""How many refreshes race for one token, at the one application that is asked every variant, and at the others."""
LATER = 65
"""Seconds after which an undeclared grace, which nobody makes longer than a minute, is over."""
_ASYNCHRONOUS = 2
_NAMES = ("refreshToken", "refresh_token", "refresh", "token")
_CROSS_SITE: Headers = (("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "cors"))


def refresh(lab: Lab, application: Application) -> Script:
    """A good refresh, and what is none: no token, garbage, other places and methods, forgeries; last the same from another site."""
    session = yield from log_in(lab, application)
    yield from rotate(lab, session, "refresh.first")
    if application.identity:
        operation = application.identity.operation
        yield Probe("refresh.new_access", lab.call(operation, bearer=session.access_token), operation.id)
    garbage = {"a word": "x", "a token's form": "a.b.c", "4 KB": "x" * 4000}
    for variant in garbage if is_asked_all(lab, application) else ("a word",):
        yield replace(lab.refresh(application, garbage[variant], "refresh.garbage"), variant=variant)
    for probe in (*_elsewhere(lab, session), *_by_get(lab, session)):
        (exchange,) = yield probe
        lab.renewed(session, exchange)  # a server that is wrong has rotated it
    for variant, forged in forgeries(lab, application, session.refresh_token or ""):
        (exchange,) = yield replace(lab.refresh(application, forged, "refresh.forged"), variant=variant)
        lab.renewed(session, exchange)
    is_served_elsewhere = application.cookie is not None and (yield from _from_another_site(lab, session))
    if not is_served_elsewhere:
        yield from rotate(lab, session, "refresh.control")
    lab.spare[application.name] = session


def _from_another_site(lab: Lab, session: Session) -> Generator[Step, Sequence[Exchange], bool]:
    """A refresh as a page of another site would send it; True when it was served."""
    application = session.application
    probe = lab.refresh(application, session.refresh_token, "refresh.cross_site")
    bare = without(probe.request, application.csrf.header if application.csrf else "")
    (exchange,) = yield replace(probe, request=replace(bare, headers=(*bare.headers, *_CROSS_SITE)))
    return lab.renewed(session, exchange)


def _elsewhere(lab: Lab, session: Session) -> Iterator[Probe]:
    """The refresh token where the contract has it not. Authorization is a request of its own, since a guard may refuse any bearer token first."""
    application, token = session.application, session.refresh_token or ""
    refresh = application.refresh
    if refresh is None:
        return
    access = session.access_token if refresh.is_protected else None
    copies = dict.fromkeys(_NAMES, token)
    request = lab.call(
        refresh,
        bearer=access,
        cookies=None if application.cookie else copies,
        headers=(("X-Refresh-Token", token),),
        body={} if application.refresh_body else copies,
        query="&".join(f"{name}={quote(token, safe='')}" for name in _NAMES),
    )
    where = "cookies" if application.refresh_body else "the body"
    yield Probe("refresh.elsewhere", request, refresh.id, f"in {where}, in the query and in a header field")
    if access is None and is_asked_all(lab, application):
        request = lab.call(refresh, headers=(("Authorization", f"Bearer {token}"),), body={} if application.refresh_body else None)
        yield Probe("refresh.elsewhere", request, refresh.id, "as a bearer token")


def _by_get(lab: Lab, session: Session) -> Iterator[Probe]:
    if is_asked_all(lab, session.application):
        probe = lab.refresh(session.application, session.refresh_token, "refresh.get")
        yield replace(probe, request=replace(probe.request, method="GET"))


def forgeries(lab: Lab, application: Application, token: str) -> Iterator[tuple[str, str]]:
    """Refresh tokens that were never issued, made from `token`, each under what is wrong with it: all of them at one application."""
    found = [*_jwt_forgeries(lab, token)] if None not in decode(token) else [*opaque_forgeries(token)]
    for variant, forged in found if is_asked_all(lab, application) else found[:1]:
        yield variant, lab.secret(forged, "forged_token")


def _jwt_forgeries(lab: Lab, token: str) -> Iterator[tuple[str, str]]:
    claims = decode(token)[1] or {}
    later = {name: end + 365 * 86400 for name in lab.contract.tokens.claims_meaning(Meaning.EXPIRES_AT) if isinstance(end := claims.get(name), int)}
    yield "unsigned", signature.unsigned(token)[""]
    yield "its signature changed", signature.changed(token)[""]
    yield "its claims changed", signature.claims_changed(token, {"": later or {"authproof": 1}})[""]


def reuse(lab: Lab, application: Application) -> Script:
    """R1 -> R2, then R1 again, once any grace is over, and every newer token; beside it a session that must not be touched."""
    session = yield from log_in(lab, application)
    first = session.refresh_token
    newest = [(yield from rotate(lab, session, "reuse.rotate"))]
    if application.rotation.grace:
        (again,) = yield lab.refresh(application, first, "reuse.in_grace")
        if (child := lab.refresh_token_of(application, again)) and child not in newest:
            newest.append(child)
        yield Wait(application.rotation.grace + 1)
    (returned,) = yield lab.refresh(application, first, "refresh.reuse")
    for token in newest:
        (after,) = yield lab.refresh(application, token, "refresh.after_reuse")
        if child := keep(lab, session, after):
            # Where the family is revoked by a task of its own, that is done by then.
            yield Wait(_ASYNCHRONOUS)
            (late,) = yield lab.refresh(application, child, "refresh.after_reuse_later")
            _forget(lab, child)
            keep(lab, session, late)
    session.refresh_token = None
    if application.identity:
        operation = application.identity.operation
        yield Probe("refresh.access_after_reuse", lab.call(operation, bearer=session.access_token), operation.id)
    if bystander := _bystander(lab, session):
        yield from _beside_a_reuse(lab, application, bystander)
    if keep(lab, session, returned):
        yield from _reuse_later(lab, application)


def _bystander(lab: Lab, session: Session) -> Session | None:
    """An open session that reuse in `session` does not concern: of another account where the document lets it end all of its own account's."""
    candidates = [other for other in lab.sessions.values() if other.application is session.application and other.refresh_token]
    if session.application.rotation.revokes_account:
        candidates = [other for other in candidates if other.account != session.account]
    else:
        candidates = [other for other in candidates if other.account == session.account]
    return candidates[0] if candidates else None


def _beside_a_reuse(lab: Lab, application: Application, bystander: Session) -> Script:
    """Refresh `bystander`; where it is over, a new one after one more reuse, since something earlier may have ended it."""
    fresh = yield from refresh_bystander(lab, bystander, "refresh.bystander")
    if fresh is bystander:
        return
    session = yield from log_in(lab, application)
    first = session.refresh_token
    if not (yield from outlives_a_login(lab, fresh, "refresh.bystander_before")):
        return
    yield from rotate(lab, session, "reuse.rotate_again")
    (exchange,) = yield lab.refresh(application, first, "reuse.once_more")
    keep(lab, session, exchange)
    yield from refresh_bystander(lab, fresh, "refresh.bystander")


def outlives_a_login(lab: Lab, session: Session, name: str) -> Generator[Step, Sequence[Exchange], bool]:
    """Refresh `session` after a login of the same account: a server may allow one session for each account."""
    return (yield from refresh_bystander(lab, session, name)) is session


def refresh_bystander(lab: Lab, session: Session, name: str) -> Generator[Step, Sequence[Exchange], Session]:
    """Refresh one of the sessions that the baseline opened. Where it is over, which is the finding, it is opened anew for those that come later."""
    (exchange,) = yield lab.refresh(session.application, session.refresh_token, name)
    if lab.renewed(session, exchange):
        return session
    session.refresh_token = None
    fresh = yield from lab.log_in(session.application, session.account)
    lab.sessions[session.application.name, session.account.part] = fresh
    return fresh


def _reuse_later(lab: Lab, application: Application) -> Script:
    """Whether a server that takes a used token does so for ever."""
    session = yield from log_in(lab, application)
    first = session.refresh_token
    yield from rotate(lab, session, "reuse.rotate_again")
    yield Wait(LATER)
    (late,) = yield lab.refresh(application, first, "refresh.reuse_later")
    keep(lab, session, late)


def ancestor(lab: Lab, application: Application) -> Script:
    """R1 -> R2 -> R3, then R1 again and R3: reuse of an older ancestor, which no grace covers. At one application."""
    lab.only_at_one(application, has_refresh)
    session = yield from log_in(lab, application)
    first = session.refresh_token
    yield from rotate(lab, session, "ancestor.first")
    second = session.refresh_token
    third = yield from rotate(lab, session, "ancestor.second")
    session.refresh_token = None
    # Within a grace the second one might still be answered, unless its family is revoked.
    newer = (third, second) if application.rotation.grace else (third,)
    for name, token in (("ancestor.reuse", first), *(("ancestor.after_reuse", token) for token in newer)):
        (exchange,) = yield lab.refresh(application, token, name)
        keep(lab, session, exchange)


def fork(lab: Lab, application: Application) -> Script:
    """Within a grace: R1 -> R2 and R1 -> R2', then what comes of both, as long as both are answered."""
    if application.refresh is None or not application.rotation.grace:
        raise Missing(f"The contract has no grace for used refresh tokens of {application.name}.")
    session = yield from log_in(lab, application)
    first = session.refresh_token
    second = yield from rotate(lab, session, "fork.rotate")
    session.refresh_token = None
    (again,) = yield lab.refresh(application, first, "fork.again")
    tips = list(dict.fromkeys((second, lab.refresh_token_of(application, again) or second)))
    yield from _grow(lab, session, tips, ("fork.leaf", "fork.outlived"))


def race(lab: Lab, application: Application) -> Script:
    """Several refreshes with one token at the same moment, and what comes of their successors."""
    session = yield from log_in(lab, application)
    count = RIVALS[0 if is_asked_all(lab, application) else 1]
    yield lab.refresh(application, None, "refresh.missing")
    rivals = yield tuple(lab.refresh(application, session.refresh_token, "race") for _ in range(count))
    session.refresh_token = None
    winners = [token for rival in rivals if rival.response and rival.response.is_success and (token := lab.refresh_token_of(application, rival))]
    yield from _grow(lab, session, list(dict.fromkeys(winners)), ("race.successor", "race.outlived"))


def _grow(lab: Lab, session: Session, tips: Sequence[str], names: tuple[str, str]) -> Generator[Step, Sequence[Exchange], None]:
    """Refresh with each of `tips`. Where a grace may answer several of them, refresh what came of them again once it is over."""
    application = session.application
    grown = []
    for token in tips:
        (after,) = yield lab.refresh(application, token, names[0])
        grown.append(keep(lab, session, after))
    living = [token for token in grown if token]
    if application.rotation.grace and len(living) > 1:
        yield Wait(application.rotation.grace + 1)
        for token in living:
            (after,) = yield lab.refresh(application, token, names[1])
            keep(lab, session, after)


def is_asked_all(lab: Lab, application: Application) -> bool:
    """True for the application that is asked every variant of a question about refreshes; the others are asked one of each kind."""
    return application is lab.representative(has_refresh)


def has_refresh(application: Application) -> bool:
    """True when sessions of `application` can be refreshed."""
    return application.refresh is not None


def _forget(lab: Lab, token: str) -> None:
    """A used `token` ends nothing any more: its successor, if there is one, is what the clean-up needs."""
    for session in lab.open_sessions:
        if session.refresh_token == token:
            session.refresh_token = None


def keep(lab: Lab, session: Session, exchange: Exchange) -> str | None:
    """The refresh token that `exchange` gave against expectation, to be ended with the rest; None when it gave none."""
    token = lab.refresh_token_of(session.application, exchange)
    if token:
        lab.open_sessions.append(replace(session, refresh_token=token))
    return token


def log_in(lab: Lab, application: Application) -> Generator[Step, Sequence[Exchange], Session]:
    """A session with a refresh token, spare or new. Raises Missing or Blocked when there is none to have."""
    if application.refresh is None:
        raise Missing(f"The contract has no refresh for {application.name}.")
    session = yield from lab.spare_or_new(application)
    if session.refresh_token is None:
        raise Blocked(f"{application.name}: the login gave no refresh token.")
    return session


def leave(lab: Lab, session: Session, name: str) -> Script:
    """Refresh `session`, which is spare if that shows that it lives."""
    application = session.application
    if application.refresh and session.refresh_token:
        (exchange,) = yield lab.refresh(application, session.refresh_token, name)
        if lab.renewed(session, exchange):
            lab.spare[application.name] = session


def rotate(lab: Lab, session: Session, name: str) -> Generator[Step, Sequence[Exchange], str]:
    """Refresh `session`; its next refresh token. Raises Blocked when none comes."""
    (exchange,) = yield lab.refresh(session.application, session.refresh_token, name)
    if not lab.renewed(session, exchange) or session.refresh_token is None:
        raise Blocked(
            f"{session.application.name}: a refresh with a good refresh token was answered {exchange.describe()}, and no next one was given."
        )
    return session.refresh_token
