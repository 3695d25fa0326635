"""Logout, and what lives on after it."""

from __future__ import annotations

from authproof.exchange import Probe
from authproof.lab import MAIN, Blocked, Lab, Missing, Script
from authproof_spec import Application


def logout(lab: Lab, application: Application) -> Script:
    """R1 -> R2, logout with R2, then the access token, R2 and R1; logout again, with garbage and with nothing; beside it another session."""
    if application.logout is None or application.refresh is None:
        raise Missing(f"The contract has no logout, or no refresh to test it with, for {application.name}.")
    account = lab.session(application, *MAIN).account
    session = yield from lab.log_in(application, account)
    bystander = yield from lab.log_in(application, account)
    first = session.refresh_token
    if first is None:
        raise Blocked(f"{application.name}: the login set no refresh cookie.")
    (rotated,) = yield lab.refresh(application, first, "logout.rotate")
    second = lab.refresh_token_of(application, rotated) or first
    session.refresh_token = None
    yield lab.logout(application, second, "logout")
    # First of all, since a used refresh token that comes back may end the access token too.
    if application.identity:
        operation = application.identity.operation
        yield Probe("logout.access_after", lab.call(operation, bearer=session.access_token), operation.id)
    yield lab.refresh(application, second, "logout.refresh_after")
    if second != first:
        yield lab.refresh(application, first, "logout.ancestor_after")
    yield lab.logout(application, second, "logout.again")
    yield lab.logout(application, None, "logout.without_cookie")
    yield lab.logout(application, "x", "logout.garbage")
    (other,) = yield lab.refresh(application, bystander.refresh_token, "logout.other_session")
    bystander.refresh_token = lab.refresh_token_of(application, other) or bystander.refresh_token
