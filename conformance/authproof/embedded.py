"""The embedded mock as a target, with a profile of its own accounts, its key and hooks. The command line alone imports it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping

from authproof.hooks import HookFailed, Hooks
from authproof.keys import new_key
from authproof.profile import Account, Part, Profile
from authproof_mock.backend import Backend
from authproof_mock.made_accounts import seed_for
from authproof_mock.seed import SeedAccount
from authproof_mock.server import running_mock
from authproof_spec import Application, Contract
from authproof_spec.pointer import Json


@contextlib.contextmanager
def embedded_mock(contract: Contract) -> Iterator[tuple[Profile, Hooks]]:
    """A mock of `contract` on a free loopback port, for as long as the context lasts; gives its profile and its hooks."""
    key = new_key(contract.tokens.algorithm) if contract.tokens.algorithm else None
    with running_mock(contract, signing_key=key) as (url, backend):
        yield Profile(url, accounts_of(contract, seed_for(contract)), signing_key=key), BackendHooks(backend)


class BackendHooks:
    """The control hooks of a mock in this process."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._hooks: Mapping[str, Callable[[Mapping[str, Json]], str | None]] = {
            "advance_clock": self._advance,
            "disable_account": lambda values: self._change(values, {"disabled": True}),
            "enable_account": lambda values: self._change(values, {"disabled": False}),
            "read_log": lambda _: backend.journal.text(),
            "set_permissions": lambda values: self._change(values, {"permissions": values["permissions"]}),
        }

    def offers(self, name: str) -> bool:
        """True for what a mock can be told to do."""
        return name in self._hooks

    def call(self, name: str, values: Mapping[str, Json]) -> str:
        """Change the mock. Raises HookFailed when there is no such account."""
        with self._backend.lock:
            return self._hooks[name](values) or ""

    def _advance(self, values: Mapping[str, Json]) -> None:
        self._backend.clock.advance(float(str(values["seconds"])))

    def _change(self, values: Mapping[str, Json], changes: Mapping[str, Json]) -> None:
        names = {name: values[name] for name in ("email", "username") if name in values}
        found = [account for account in self._backend.accounts.list() if names and self._backend.accounts.is_called(account, names)]
        if len(found) != 1:
            raise HookFailed(f"{len(found)} accounts of the mock have these attributes")
        self._backend.accounts.change(found[0].key, changes)


def accounts_of(contract: Contract, seed: tuple[SeedAccount, ...]) -> tuple[Account, ...]:
    """The seeded accounts that can log in to an application of `contract`, each in the first part that it can play."""
    accounts: dict[tuple[str, str], Account] = {}
    for application in contract.applications.values():
        for seeded in seed:
            account = Account(application.name, _part(application, seeded, accounts), _attributes(seeded), seeded.totp_secret)
            if application.name in seeded.applications and account.login(application):
                accounts.setdefault((application.name, account.part), account)
    return tuple(accounts.values())


def _part(application: Application, seeded: SeedAccount, taken: dict[tuple[str, str], Account]) -> Part:
    if seeded.disabled:
        return Part.DISABLED
    if seeded.totp_secret:
        return Part.OTHER_SECOND_FACTOR if (application.name, Part.SECOND_FACTOR) in taken else Part.SECOND_FACTOR
    if seeded.permissions:
        return Part.PRIVILEGED
    return Part.OTHER if (application.name, Part.ORDINARY) in taken else Part.ORDINARY


def _attributes(seeded: SeedAccount) -> dict[str, str]:
    named = {"email": seeded.email, "username": seeded.username, "password": seeded.password, "linkToken": seeded.link_token}
    free = {name: str(value) for name, value in seeded.attributes.items()}
    return {name: value for name, value in named.items() if value is not None} | free
