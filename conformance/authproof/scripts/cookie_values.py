"""How exactly the refresh reads its cookie: values that are almost the token, and two cookies of one name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from authproof.exchange import Probe
from authproof.lab import MAIN, Blocked, Lab, Missing, Script
from authproof_spec import Application

GARBAGE = "authproof-garbage"
_HEXADECIMAL = frozenset("0123456789abcdef-")


def cookie_values(lab: Lab, application: Application) -> Script:
    """A refresh with the token as it is, and with each altered value; then with two cookies in either order; at one application, for all read theirs alike."""
    cookie, refresh = application.cookie, application.refresh
    if cookie is None or refresh is None:
        raise Missing(f"The contract has no refresh cookie for {application.name}.")
    lab.only_at_one(application, lambda one: one.cookie is not None and one.refresh is not None)
    session = yield from lab.log_in(application, lab.session(application, *MAIN).account)
    if session.refresh_token is None:
        raise Blocked(f"{application.name}: the login set no refresh cookie.")
    (control,) = yield lab.refresh(application, session.refresh_token, "cookie.control")
    session.refresh_token = lab.refresh_token_of(application, control) or session.refresh_token
    for variant, value in _altered(session.refresh_token):
        probe = lab.refresh(application, lab.secret(value, "altered_refresh_token"), "cookie.altered")
        (answer,) = yield replace(probe, variant=variant)
        session.refresh_token = lab.refresh_token_of(application, answer) or session.refresh_token
    (answer,) = yield lab.refresh(application, f'"{session.refresh_token}"', "cookie.quoted")
    session.refresh_token = lab.refresh_token_of(application, answer) or session.refresh_token
    for place, template in (("first", "{0}={1}; {0}={2}"), ("last", "{0}={2}; {0}={1}")):
        headers = (("Cookie", template.format(cookie.name, session.refresh_token, GARBAGE)),)
        (answer,) = yield Probe("cookie.twice", lab.call(refresh, headers=headers), refresh.id, place)
        session.refresh_token = lab.refresh_token_of(application, answer) or session.refresh_token


def _altered(token: str) -> Iterator[tuple[str, str]]:
    """What was done to `token`, and what became of it."""
    head, dot, tail = token.rpartition(".")
    # A signature in base64url is cut to whole bytes, which every reader of it can decode.
    yield "its end missing", token[: -(len(tail) % 4 or 4)] if dot else token[:-1]
    yield "one character more", f"{token}x"
    # Hexadecimal digits are the same number in either case.
    if not set(tail.lower()) <= _HEXADECIMAL:
        # The last character of a signature may have bits that stand for nothing.
        yield "its letters in the other case", f"{head}{dot}{tail[:-1].swapcase()}{tail[-1:]}"
