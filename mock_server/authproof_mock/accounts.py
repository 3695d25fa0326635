"""The accounts, and who a set of credentials belongs to."""

from __future__ import annotations

import builtins
import hmac
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

from authproof_mock.account_ids import is_uuid
from authproof_mock.seed import SeedAccount
from authproof_spec.pointer import Json

SECRETS = frozenset({"password", "linkToken"})
"""The attributes that are compared as secrets, and that no answer shows."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account. `secrets` are keyed hashes by attribute; `attributes` are the free ones."""

    id: str | int
    applications: frozenset[str]
    email: str | None = None
    username: str | None = None
    name: str | None = None
    disabled: bool = False
    permissions: tuple[str, ...] = ()
    totp_secret: str | None = None
    secrets: Mapping[str, bytes] = field(default_factory=dict)
    attributes: Mapping[str, Json] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The id as text, by which the account is found."""
        return str(self.id)

    def attribute(self, name: str) -> Json:
        """The attribute that the contract calls `name`; None when the account has none, and for secrets."""
        if name in {"id", "email", "username", "name", "disabled"}:
            value: Json = getattr(self, name)
            return value
        return list(self.permissions) if name == "permissions" else self.attributes.get(name)


class Accounts:
    """Every account there is.

    locked_out: called with the key of an account that was disabled or deleted, so that its sessions end too.
    """

    def __init__(self, seed: Iterable[SeedAccount], locked_out: Callable[[str], None] = lambda _: None) -> None:
        self._seed = tuple(seed)
        self._locked_out = locked_out
        self._hash_key = secrets.token_bytes(32)
        self._accounts: dict[str, Account] = {}
        self.reset()

    def reset(self) -> None:
        """Back to the seed."""
        self._accounts = {str(account.id): self._from_seed(account) for account in self._seed}

    def _from_seed(self, seed: SeedAccount) -> Account:
        given = {"password": seed.password, "linkToken": seed.link_token}
        return Account(
            id=seed.id,
            applications=seed.applications,
            email=seed.email,
            username=seed.username,
            name=seed.name,
            disabled=seed.disabled,
            permissions=seed.permissions,
            totp_secret=seed.totp_secret,
            secrets={name: self.hash(value) for name, value in given.items() if value is not None},
            attributes=seed.attributes,
        )

    def hash(self, secret: str) -> bytes:
        """What is kept of a secret. Lone surrogates, which JSON can spell, are no error here."""
        return hmac.digest(self._hash_key, secret.encode("utf-8", "surrogatepass"), "sha256")

    def find(self, key: str) -> Account | None:
        """The account whose id is `key` as text."""
        return self._accounts.get(key)

    def list(self) -> tuple[Account, ...]:
        """Every account, oldest first."""
        return tuple(self._accounts.values())

    def authenticate(self, application: str, credentials: Mapping[str, Json]) -> Account | None:
        """The account of `application` that `credentials`, values by attribute, belong to; disabled or not.

        An unknown account costs the same comparison as a known one (CWE-208).
        """
        public = {name: value for name, value in credentials.items() if name not in SECRETS}
        proofs = {name: self.hash(value if isinstance(value, str) else "") for name, value in credentials.items() if name in SECRETS}
        if not all(isinstance(credentials[name], str) for name in proofs):
            return None
        candidates = [account for account in self._accounts.values() if self.belongs_to(account, application) and self.is_called(account, public)]
        nobody = Account("", frozenset())
        found = [account for account in candidates or [nobody] if self.secrets_match(account, proofs)]
        return found[0] if found and found[0] is not nobody else None

    def belongs_to(self, account: Account, application: str) -> bool:
        """True when the account is one of `application`."""
        return application in account.applications

    def is_called(self, account: Account, names: Mapping[str, Json]) -> bool:
        """True when the account has all of those attributes. E-mail addresses are compared without regard to case."""
        return all(value is not None and _comparable(name, account.attribute(name)) == _comparable(name, value) for name, value in names.items())

    def secrets_match(self, account: Account, proofs: Mapping[str, bytes]) -> bool:
        """True when every hash equals that of the account."""
        return all(hmac.compare_digest(account.secrets.get(name, b"\0" * 32), proof) for name, proof in proofs.items())

    def called(self, names: Mapping[str, Json]) -> builtins.list[Account]:
        """The accounts that have all of those attributes, of which the id may be given as text."""
        wanted = {name: value for name, value in names.items() if name != "id"}
        keys = {str(names["id"])} if "id" in names else self._accounts.keys()
        return [account for key, account in self._accounts.items() if key in keys and self.is_called(account, wanted)]

    def has_email(self, email: str) -> bool:
        """True when an account has that address."""
        return any(self.is_called(account, {"email": email}) for account in self._accounts.values())

    def create(self, applications: Iterable[str], attributes: Mapping[str, Json]) -> Account:
        """A new account with those attributes, secrets among them."""
        account = self._with(Account(self._next_id(), frozenset(applications)), attributes)
        self._accounts[account.key] = account
        return account

    def change(self, key: str, attributes: Mapping[str, Json]) -> Account:
        """The account of that key with some attributes changed. Raises KeyError when there is none."""
        account = self._with(self._accounts[key], attributes)
        self._accounts[key] = account
        if account.disabled:
            self._locked_out(key)
        return account

    def disable(self, key: str) -> Account:
        """Lock the account out, its sessions with it. Raises KeyError when there is none."""
        return self.change(key, {"disabled": True})

    def delete(self, key: str) -> None:
        """Remove the account. Raises KeyError when there is none."""
        del self._accounts[key]
        self._locked_out(key)

    def _next_id(self) -> str | int:
        """One more than the greatest numeric id, of the type that the seed's ids have; another UUID where all of them are UUIDs."""
        if self._accounts and all(is_uuid(key) for key in self._accounts):
            return str(uuid4())
        number = 1 + max((int(key) for key in self._accounts if key.isdecimal()), default=0)
        return number if self._accounts and all(isinstance(account.id, int) for account in self._accounts.values()) else str(number)

    def _with(self, account: Account, attributes: Mapping[str, Json]) -> Account:
        proofs = {name: self.hash(value) for name, value in attributes.items() if name in SECRETS and isinstance(value, str)}
        named: dict[str, Any] = {name: attributes[name] for name in ("email", "username", "name", "disabled") if name in attributes}
        if isinstance(permissions := attributes.get("permissions"), list):
            named["permissions"] = tuple(permissions)
        if "totpSecret" in attributes:
            named["totp_secret"] = attributes["totpSecret"]
        free = {name: value for name, value in attributes.items() if name not in SECRETS and name not in _NAMED}
        return replace(account, **named, secrets={**account.secrets, **proofs}, attributes={**account.attributes, **free})


_NAMED = frozenset({"id", "email", "username", "name", "disabled", "permissions", "totpSecret"})


def _comparable(name: str, value: Json) -> Json:
    return value.casefold() if name == "email" and isinstance(value, str) else value
