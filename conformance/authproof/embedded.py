"""The embedded mock as a target, with a profile of its own accounts. The command line alone imports it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from authproof.profile import Account, Part, Profile
from authproof_mock.seed import SeedAccount, load_seed
from authproof_mock.server import running_mock
from authproof_spec import Application, Contract


@contextlib.contextmanager
def embedded_mock(contract: Contract) -> Iterator[Profile]:
    """A mock of `contract` on a free loopback port, for as long as the context lasts; gives its profile."""
    with running_mock(contract) as (url, _):
        yield Profile(url, accounts_of(contract, load_seed()))


def accounts_of(contract: Contract, seed: tuple[SeedAccount, ...]) -> tuple[Account, ...]:
    """The seeded accounts that can log in to an application of `contract`, each in the first part that it can play."""
    accounts: dict[tuple[str, Part], Account] = {}
    for application in contract.applications.values():
        for seeded in seed:
            account = Account(application.name, _part(application, seeded, accounts), _attributes(seeded), seeded.totp_secret)
            if application.name in seeded.applications and account.login(application):
                accounts.setdefault((application.name, account.part), account)
    return tuple(accounts.values())


def _part(application: Application, seeded: SeedAccount, taken: dict[tuple[str, Part], Account]) -> Part:
    if seeded.disabled:
        return Part.DISABLED
    if seeded.totp_secret:
        return Part.SECOND_FACTOR
    if seeded.permissions:
        return Part.PRIVILEGED
    return Part.OTHER if (application.name, Part.ORDINARY) in taken else Part.ORDINARY


def _attributes(seeded: SeedAccount) -> dict[str, str]:
    named = {"email": seeded.email, "username": seeded.username, "password": seeded.password, "linkToken": seeded.link_token}
    free = {name: str(value) for name, value in seeded.attributes.items()}
    return {name: value for name, value in named.items() if value is not None} | free
