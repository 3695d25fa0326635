"""The examples of designs, each read once."""

from __future__ import annotations

from authproof_spec import Contract
from authproof_spec.contract import Application

IN_COOKIE, IN_BODY, KEYS, LOGINS = "access-token-in-cookie", "refresh-token-in-body", "api-keys", "scopes-and-logins"


def first(of: Contract) -> Application:
    """The first application of a contract."""
    return next(iter(of.applications.values()))
