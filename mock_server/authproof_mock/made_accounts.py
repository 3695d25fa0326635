"""Accounts for a document of one's own, for which nobody wrote a seed."""

from __future__ import annotations

from collections.abc import Iterable

from authproof_mock.account_ids import identified
from authproof_mock.seed import SeedAccount, load_seed
from authproof_spec.contract import Application, Contract, ObjectRule
from authproof_spec.pointer import Json

PASSWORD = "correct horse battery staple"  # noqa: S105  # made up, and printed at every start
_TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # noqa: S105  # as above
_NAMED = frozenset({"id", "email", "username", "name", "password", "linkToken", "permissions", "disabled"})


def seed_for(contract: Contract) -> tuple[SeedAccount, ...]:
    """The bundled seed where it serves `contract`; else an administrator, two users, a disabled one and, where there is one, a second factor.

    Their ids have the form in which the contract shows them.
    """
    bundled = load_seed()
    return identified(bundled if _serves(bundled, contract) else _made(contract), contract)


def _serves(seed: Iterable[SeedAccount], contract: Contract) -> bool:
    """True when each application has an account that can log in to it, and each permission somebody who holds it."""
    accounts = tuple(seed)
    held = {permission for account in accounts for permission in account.permissions}
    return permissions_of(contract) <= held and all(
        any(application.name in account.applications and _has(account, application) for account in accounts)
        for application in contract.applications.values()
    )


def _has(account: SeedAccount, application: Application) -> bool:
    held = {"email": account.email, "username": account.username, "name": account.name, "password": account.password, "linkToken": account.link_token}
    asked = application.logins[0].credentials.values()
    return all(held.get(attribute, account.attributes.get(attribute)) is not None for attribute in asked)


def permissions_of(contract: Contract) -> frozenset[str]:
    """Every permission that an operation of `contract` asks for."""
    return frozenset(permission for operation in contract.operations for needed in operation.bearer_schemes.values() for permission in needed)


def _made(contract: Contract) -> Iterable[SeedAccount]:
    everything = tuple(sorted(permissions_of(contract)))
    with_factor = frozenset(name for name, application in contract.applications.items() if application.second_factor)
    yield _account("1", "admin", "Ada Administrator", contract, permissions=everything)
    yield _account("2", "user", "Uma User", contract)
    yield _account("3", "disabled", "Dan Disabled", contract, disabled=True)
    yield _account("4", "other", "Otto Other", contract)
    if with_factor:
        yield _account("5", "mfa", "Mia Multifactor", contract, applications=with_factor, totp_secret=_TOTP_SECRET)


def _account(
    identifier: str,
    word: str,
    name: str,
    contract: Contract,
    *,
    applications: frozenset[str] | None = None,
    permissions: tuple[str, ...] = (),
    disabled: bool = False,
    totp_secret: str | None = None,
) -> SeedAccount:
    return SeedAccount(
        id=identifier,
        applications=applications or frozenset(contract.applications),
        email=f"{word}@example.com",
        username=word,
        name=name,
        password=PASSWORD,
        link_token=f"the-personal-link-of-{word}",
        totp_secret=totp_secret,
        disabled=disabled,
        permissions=permissions,
        attributes=_attributes(identifier, word, contract),
    )


def _attributes(identifier: str, word: str, contract: Contract) -> dict[str, Json]:
    """What the document asks of an account beyond its name: alike for a login, and each account's own where an object belongs to it."""
    asked = {name for app in contract.applications.values() for login in app.logins for name in login.credentials.values()}
    own = {rule.attribute: identifier if _is_number(rule) else f"{rule.attribute}-of-{word}" for rule in contract.object_rules}
    return {name: own.get(name, name) for name in sorted((asked | own.keys()) - _NAMED)}


def _is_number(rule: ObjectRule) -> bool:
    return any(parameter.name == rule.parameter and "integer" in parameter.types for parameter in rule.operation.path_parameters)
