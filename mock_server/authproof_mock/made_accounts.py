"""The accounts that suit a document: those of a seed, or made for a document for which nobody wrote one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from authproof_mock.account_ids import identified
from authproof_mock.seed import SeedAccount, load_seed, seed_problem
from authproof_spec.contract import Application, Contract, ObjectRule
from authproof_spec.pointer import Json

PASSWORD = "correct horse battery staple"  # noqa: S105  # made up, and printed at every start
_TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # noqa: S105  # as above
_NAMED = frozenset({"id", "email", "username", "name", "password", "linkToken", "permissions", "disabled"})


def seed_for(contract: Contract, path: Path | None = None) -> tuple[SeedAccount, ...]:
    """The accounts of the file at `path`. Raises SeedError when it cannot be used with `contract`.

    Without a path the bundled seed where it serves; else an administrator, two users, a disabled one and, where there is one, a second factor.
    Their ids have the form in which the contract shows them.
    """
    if path is not None:
        return _checked(load_seed(path), str(path), contract)
    bundled = load_seed()
    return identified(bundled if _serves(bundled, contract) else _made(contract), contract)


def _checked(seed: tuple[SeedAccount, ...], source: str, contract: Contract) -> tuple[SeedAccount, ...]:
    """`seed`, each application and permission of which `contract` knows."""
    asked = {permission for operation in contract.operations for way in operation.security for part in way for permission in part.permissions}
    for index, account in enumerate(seed):
        for member, names, known in (
            ("applications", account.applications, contract.applications.keys()),
            ("permissions", account.permissions, asked),
        ):
            if unknown := sorted(set(names) - known):
                what = (
                    f"The document has no application {unknown[0]!r}"
                    if member == "applications"
                    else f"No operation takes the permission {unknown[0]!r}"
                )
                raise seed_problem(source, f"/accounts/{index}/{member}", what, f"name {'one of: ' + ', '.join(sorted(known)) if known else 'none'}.")
    return seed


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
    logins = [login for application in contract.applications.values() for login in application.logins]
    asked: dict[str, Json] = {name: login.told.get(name, name) for login in reversed(logins) for name in login.credentials.values()}
    own = {rule.attribute: identifier if _is_number(rule) else f"{rule.attribute}-of-{word}" for rule in contract.object_rules}
    return {name: value for name, value in sorted((asked | own).items()) if name not in _NAMED}


def _is_number(rule: ObjectRule) -> bool:
    return any(parameter.name == rule.parameter and "integer" in parameter.types for parameter in rule.operation.path_parameters)
