"""The examples of designs, each read once."""

from __future__ import annotations

from functools import cache

from authproof_spec import Contract, load_contract
from authproof_spec.contract import Application
from tests.conformance.checks.building import contract

IN_COOKIE, IN_BODY, KEYS, LOGINS = "access-token-in-cookie", "refresh-token-in-body", "api-keys", "scopes-and-logins"


@cache
def design(name: str) -> Contract:
    """The example called `name`, or the bundled document where it has no name."""
    return load_contract(f"examples/designs/{name}.yaml") if name else contract()


def first(of: Contract) -> Application:
    """The first application of a contract."""
    return next(iter(of.applications.values()))
