"""Tokens of one application, offered to another, and tokens of one kind, offered as another."""

from __future__ import annotations

from authproof.exchange import Probe
from authproof.lab import MAIN, Lab, Script
from authproof_spec import Application


def isolation(lab: Lab, application: Application) -> Script:
    """The application's access token at every other who-am-I; its refresh token as bearer; its access token as cookie."""
    session = lab.session(application, *MAIN)
    for other in lab.contract.applications.values():
        if other is not application and other.identity:
            yield Probe("isolation.access", lab.call(other.identity.operation, bearer=session.access_token), other.identity.operation.id)
        if other is not application and other.refresh and session.refresh_token:
            yield lab.refresh(other, session.refresh_token, "isolation.refresh")
    if application.identity and session.refresh_token:
        operation = application.identity.operation
        yield Probe("isolation.refresh_as_bearer", lab.call(operation, bearer=session.refresh_token), operation.id)
    if application.refresh:
        yield lab.refresh(application, session.access_token, "isolation.access_as_refresh")
