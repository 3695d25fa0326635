"""Logout, and what lives on after it."""

from __future__ import annotations

from authproof.exchange import Probe
from authproof.lab import MAIN, Blocked, Lab, Missing, Script
from authproof_spec import Application


def logout(lab: Lab, application: Application) -> Script:
    """R1 -> R2, logout with R2, then R2, R1 and the access token; logout again, with garbage and with nothing."""
    if application.logout is None or application.refresh is None:
        raise Missing(f"The contract has no logout, or no refresh to test it with, for {application.name}.")
    main = lab.session(application, *MAIN)
    session = yield from lab.log_in(application, main.account)
    first = session.refresh_token
    if first is None:
        raise Blocked(f"{application.name}: the login set no refresh cookie.")
    (rotated,) = yield lab.refresh(application, first, "logout.rotate")
    second = lab.refresh_token_of(application, rotated) or first
    session.refresh_token = None
    yield lab.logout(application, second, "logout")
    yield lab.refresh(application, second, "logout.refresh_after")
    if second != first:
        yield lab.refresh(application, first, "logout.ancestor_after")
    if application.identity:
        operation = application.identity.operation
        yield Probe("logout.access_after", lab.call(operation, bearer=session.access_token), operation.id)
    yield lab.logout(application, second, "logout.again")
    yield lab.logout(application, None, "logout.without_cookie")
    yield lab.logout(application, "x", "logout.garbage")
    if main.refresh_token:
        (other,) = yield lab.refresh(application, main.refresh_token, "logout.other_session")
        main.refresh_token = lab.refresh_token_of(application, other) or main.refresh_token
