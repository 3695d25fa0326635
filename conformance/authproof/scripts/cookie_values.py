"""How exactly token cookies are read: values that are almost the token, and two cookies of one name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from authproof.exchange import Headers, Probe
from authproof.lab import Blocked, Lab, Missing, Script, Session
from authproof.scripts.altered import altered_values
from authproof.scripts.refresh import leave
from authproof_spec import Application

GARBAGE = "authproof-garbage"


def cookie_values(lab: Lab, application: Application) -> Script:
    """Both token cookies, those that there are; at one application, for all read theirs alike."""
    if not application.token_cookies:
        raise Missing(f"No token of {application.name} travels in a cookie.")
    lab.only_at_one(application, lambda one: bool(one.token_cookies))
    session = yield from lab.spare_or_new(application)
    yield from _access_cookie(lab, session)
    yield from _refresh_cookie(lab, session)
    yield from leave(lab, session, "cookie.afterwards")


def _access_cookie(lab: Lab, session: Session) -> Script:
    """Who-am-I with the access token's cookie as it is, with each altered value, and with two cookies in either order."""
    cookie, identity = session.application.access_cookie, session.application.identity
    if cookie is None or identity is None:
        return
    me, token = identity.operation, session.access_token
    yield Probe("cookie.control", lab.call(me, cookies={cookie.name: token}), me.id)
    for variant, value in altered_values(token):
        yield Probe("cookie.altered", lab.call(me, cookies={cookie.name: lab.secret(value, "altered_access_token")}), me.id, variant)
    yield Probe("cookie.quoted", lab.call(me, cookies={cookie.name: f'"{token}"'}), me.id)
    for place, headers in _twice(cookie.name, token):
        yield Probe("cookie.twice", lab.call(me, headers=headers), me.id, place)


def _refresh_cookie(lab: Lab, session: Session) -> Script:
    """The same with the refresh cookie at the refresh, of which each success gives another token."""
    application = session.application
    cookie, refresh = application.cookie, application.refresh
    if cookie is None or refresh is None:
        return
    if session.refresh_token is None:
        raise Blocked(f"{application.name}: the login set no refresh cookie.")
    (control,) = yield lab.refresh(application, session.refresh_token, "cookie.control")
    session.refresh_token = lab.refresh_token_of(application, control) or session.refresh_token
    for variant, value in altered_values(session.refresh_token):
        probe = lab.refresh(application, lab.secret(value, "altered_refresh_token"), "cookie.altered")
        (answer,) = yield replace(probe, variant=variant)
        session.refresh_token = lab.refresh_token_of(application, answer) or session.refresh_token
    (answer,) = yield lab.refresh(application, f'"{session.refresh_token}"', "cookie.quoted")
    session.refresh_token = lab.refresh_token_of(application, answer) or session.refresh_token
    for place in ("first", "last"):
        headers = dict(_twice(cookie.name, session.refresh_token))[place]
        (answer,) = yield Probe("cookie.twice", lab.call(refresh, headers=headers), refresh.id, place)
        session.refresh_token = lab.refresh_token_of(application, answer) or session.refresh_token


def _twice(name: str, token: str) -> Iterator[tuple[str, Headers]]:
    """Where the good one of two cookies stands, and the field that has both."""
    yield "first", (("Cookie", f"{name}={token}; {name}={GARBAGE}"),)
    yield "last", (("Cookie", f"{name}={GARBAGE}; {name}={token}"),)
