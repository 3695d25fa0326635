"""What a target is and how to get in: the profile, a TOML file."""

from __future__ import annotations

import functools
import ipaddress
import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import jsonschema_rs

from authproof.hooks import HookRule
from authproof.onetime import totp_of
from authproof.waivers import Waiver
from authproof_spec import Contract, Operation
from authproof_spec.catalogue import Catalogue
from authproof_spec.contract import Application, Login
from authproof_spec.pointer import join


class ProfileError(Exception):
    """A profile that cannot be used. The message says what, where and how to mend it."""


SECRETS = ("password", "linkToken")
"""The attributes of an account that nobody else may know."""


_PRIVATE_NAMES = (".localhost", ".local", ".internal", ".test")
"""Names that mean something inside a machine or a network alone (RFC 6761, RFC 6762, RFC 9476)."""


class Part(StrEnum):
    """The part that an account plays. A profile may name further ones, the roles: each is an account with permissions that it tells."""

    ORDINARY = "ordinary"
    PRIVILEGED = "privileged"
    OTHER = "other"
    DISABLED = "disabled"
    SECOND_FACTOR = "second_factor"
    OTHER_SECOND_FACTOR = "other_second_factor"


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the target. `attributes` are the values that logins ask for; `totp_secret` is in base32, or an otpauth:// URI.

    part: a Part, or the name of a role.
    permissions: what the account holds, by the profile; None where that does not say.
    """

    application: str
    part: str
    attributes: Mapping[str, str] = field(repr=False)
    totp_secret: str | None = field(default=None, repr=False)
    permissions: frozenset[str] | None = None

    @property
    def name(self) -> str:
        """What tells the account from others: the first of its attributes that is no secret."""
        return next((value for attribute, value in self.attributes.items() if attribute not in SECRETS), "")

    def login(self, application: Application) -> Login | None:
        """The first login of `application` for which the account has every attribute."""
        return next((login for login in application.logins if self.can_use(login)), None)

    def can_use(self, login: Login) -> bool:
        """True when the account has every attribute that `login` asks for."""
        return all(attribute in self.attributes for attribute in login.credentials.values())


@dataclass(frozen=True, slots=True)
class Budget:
    """What a run may spend.

    requests, failed_logins: how many may be sent; the clean-up is not counted.
    seconds: how long the probes may take in all. wait: how many of them may be spent waiting.
    retry_after: seconds beside these that the target may hold the run up, by 429.
    rate: requests a second at most; None: as many as the target answers.
    None for requests, seconds and retry_after: what suits the contract.
    """

    requests: int | None = None
    failed_logins: int = 5
    seconds: float | None = None
    wait: float = 90.0
    retry_after: float | None = None
    rate: float | None = None

    def for_operations(self, protected: int, roles: int = 0, *, exhaustive: bool = False) -> tuple[int, float]:
        """Requests and seconds for a contract with so many protected operations, and a profile with so many roles of its own.

        600 and 300; for each operation beyond 25, 15 and 1 more, and for each role one request at each operation, and its login.
        exhaustive: every variant is sent, so there is room for 200 requests more.
        """
        more = max(0, protected - 25)
        return (
            (800 if exhaustive else 600) + 15 * more + roles * (protected + 3) if self.requests is None else self.requests,
            300.0 + more if self.seconds is None else self.seconds,
        )


@dataclass(frozen=True)
class Profile:
    """A target: its base URL, its accounts, and how to treat it.

    timeout: seconds to wait for one answer.
    ca: PEM file with the certificate authorities to trust; None: those of this machine.
    verify: the certificate is verified.
    exhaustive: every variant of a forged token is sent, and not a sample of each kind.
    guesses: the run may ask for paths that the document does not have; None: on loopback alone.
    unsafe_methods: every operation may be asked, also what a server would carry out that wrongly lets a probe pass; None: on loopback alone.
    signing_key: what the target signs its tokens with: a secret's text, or a private key in PEM.
    public_key: what they are verified with, in PEM, where the contract names no JWK set.
    parameters: values of parameters by name, for the operation METHOD /path; for every operation under None.
    checks: Python files with checks of the project's own.
    source: the file that it was read from.
    """

    url: str
    accounts: tuple[Account, ...] = ()
    contract: str | None = None
    overlays: tuple[str, ...] = ()
    ca: Path | None = None
    verify: bool = True
    timeout: float = 10.0
    unsafe_methods: bool | None = None
    guesses: bool | None = None
    exhaustive: bool = False
    signing_key: str | None = field(default=None, repr=False)
    public_key: str | None = None
    parameters: Mapping[str | None, Mapping[str, str]] = field(default_factory=dict)
    budget: Budget = Budget()
    hooks: Mapping[str, HookRule] = field(default_factory=dict)
    checks: tuple[Path, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    source: Path | None = None

    def account(self, application: str, *parts: str) -> Account | None:
        """The account of `application` that plays the first of `parts` that is there."""
        by_part = {account.part: account for account in self.accounts if account.application == application}
        return next((by_part[part] for part in parts if part in by_part), None)

    def roles(self, application: str) -> tuple[Account, ...]:
        """The accounts of `application` that differ in what they may do: the ordinary and the privileged one, and those with a name of their own."""
        own = [account for account in self.accounts if account.application == application]
        return tuple(account for account in own if account.part in {Part.ORDINARY, Part.PRIVILEGED} or account.part not in list(Part))

    @functools.cached_property
    def is_loopback(self) -> bool:
        """True when the target is on this machine."""
        host = urlsplit(self.url).hostname or ""
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost" or host.endswith(".localhost")

    @property
    def is_rehearsal(self) -> bool:
        """True when the target is reached inside a machine or a private network, where it is not its clients who reach it."""
        host = urlsplit(self.url).hostname or ""
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return "." not in host or host.endswith(_PRIVATE_NAMES)
        return address.is_loopback or address.is_private

    @property
    def allows_unsafe_methods(self) -> bool:
        """True when a probe may ask for what a right server refuses and a broken one carries out."""
        return self.is_loopback if self.unsafe_methods is None else self.unsafe_methods

    @property
    def allows_guesses(self) -> bool:
        """True when the run may ask for paths that the document does not have."""
        return self.is_loopback if self.guesses is None else self.guesses

    def problem(self, what: str) -> ProfileError:
        """An error of this profile that says `what`, and its file where it has one."""
        return ProfileError(f"{self.source}: {what}" if self.source else what)

    def check_against(self, contract: Contract) -> None:
        """Raise ProfileError when an account, a parameter or a waiver cannot be used with `contract`."""
        for account in self.accounts:
            where = f"accounts.{account.application}.{account.part}"
            application = contract.applications.get(account.application)
            if application is None:
                known = ", ".join(contract.applications)
                raise self.problem(f"{where}: the contract has no application {account.application!r}. Mend: name one of: {known}.")
            if account.login(application) is None:
                wanted = " or ".join("{" + ", ".join(login.credentials.values()) + "}" for login in application.logins)
                raise self.problem(f"{where}: no login of the contract can be made with these attributes. Mend: give {wanted}.")
            self._check_role(contract, application, account)
        operations = {operation.name: operation for operation in contract.operations}
        self._check_parameters(operations)
        for waiver in self.waivers:
            if waiver.operation not in {None, *operations}:
                raise self.problem(
                    f"The waiver of {waiver.name}: the contract has no operation {waiver.operation!r}. Mend: write METHOD /path as the document has them."
                )

    def _check_role(self, contract: Contract, application: Application, account: Account) -> None:
        """Raise ProfileError when `account` tells a permission that no operation of its application takes."""
        own = (operation for operation in contract.protected_operations if contract.application_of(operation) is application)
        known = {permission for operation in own for held in operation.bearer_schemes.values() for permission in held}
        if unknown := sorted((account.permissions or frozenset()) - known):
            raise self.problem(
                f"accounts.{account.application}.{account.part}.permissions: no operation of {account.application} takes {unknown[0]!r}. "
                f"Mend: name {'one of: ' + ', '.join(sorted(known)) if known else 'none, since no operation takes a permission'}."
            )

    def _check_parameters(self, operations: Mapping[str, Operation]) -> None:
        """Raise ProfileError when a parameter is given a value that no operation would have."""
        for name, values in self.parameters.items():
            where = "parameters" if name is None else f'parameters."{name}"'
            if name is not None and name not in operations:
                raise self.problem(f"{where}: the contract has no operation {name!r}. Mend: write METHOD /path as the document has them.")
            asked = operations.values() if name is None else (operations[name],)
            known = sorted({parameter.name for operation in asked for parameter in operation.parameters})
            if unknown := [parameter for parameter in values if parameter not in known]:
                raise self.problem(f"{where}: there is no parameter {unknown[0]!r}. Mend: name one of: {', '.join(known) or 'none, there are none'}.")

    def check_waivers(self, catalogue: Catalogue) -> None:
        """Raise ProfileError when a waiver names no requirement of `catalogue`."""
        for waiver in self.waivers:
            if waiver.id not in catalogue:
                raise self.problem(f"waivers: there is no requirement {waiver.id!r}. Mend: see `authproof requirements` for the ids.")


def load_profile(path: str | Path, url: str | None = None) -> Profile:
    """Read the profile at `path`; `url`, when given, replaces its target's. Raises ProfileError."""
    source = Path(path)
    try:
        raw = tomllib.loads(source.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        what = getattr(error, "strerror", None) or "it is not UTF-8"
        raise ProfileError(f"{source}: the profile cannot be read: {what}. Mend: give the path of a TOML file.") from error
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(f"{source}: this is not TOML: {error}. Mend: correct the syntax there.") from error
    # TOML has dates and JSON has not; a schema sees them as text.
    for problem in _validator().iter_errors(json.loads(json.dumps(raw, default=str))):
        where = ".".join(str(step) for step in problem.instance_path) or "the profile"
        raise ProfileError(f"{source}: {where}: {problem.message}. Mend: see docs/profile.md for what may stand here.")
    target = raw["target"]
    accounts = []
    for application, parts in raw.get("accounts", {}).items():
        for part, values in parts.items():
            permissions = values.pop("permissions", None)
            if part not in list(Part) and permissions is None:
                raise ProfileError(
                    f"{source}: accounts.{application}.{part}: there is no such part. Mend: name one of: {', '.join(Part)}; "
                    "for a role of your own, tell its permissions."
                )
            known = {name: _value(source, join(("accounts", application, part, name)), value) for name, value in values.items()}
            secret = known.pop("totp_secret", None)
            _check_totp(source, join(("accounts", application, part, "totp_secret")), secret)
            accounts.append(
                Account(
                    application, Part(part) if part in list(Part) else part, known, secret, None if permissions is None else frozenset(permissions)
                )
            )
    base = url or target.get("url")
    if base is None:
        raise ProfileError(f"{source}: target.url is missing. Mend: add it, or give the URL on the command line.")
    return Profile(
        url=checked_url(_value(source, "/target/url", base)),
        accounts=tuple(accounts),
        contract=_beside(source, target["contract"]) if "contract" in target else None,
        overlays=tuple(_beside(source, overlay) for overlay in target.get("overlays", ())),
        ca=source.parent / target["ca"] if "ca" in target else None,
        timeout=float(target.get("timeout", 10.0)),
        unsafe_methods=target.get("unsafe_methods"),
        guesses=target.get("guesses"),
        exhaustive=target.get("exhaustive", False),
        signing_key=_key(source, target, "signing_key"),
        public_key=_key(source, target, "public_key"),
        parameters=_parameters(source, raw.get("parameters", {})),
        budget=Budget(**raw.get("budget", {})),
        checks=tuple(source.parent / name for name in raw.get("checks", ())),
        hooks={name: _hook(source, name, rule) for name, rule in raw.get("hooks", {}).items()},
        waivers=tuple(_waiver(rule) for rule in raw.get("waivers", ())),
        source=source,
    )


def profile_of(url: str | None, path: str | None) -> Profile | None:
    """The profile at `path` with the target `url`, or one of the `url` alone; None when neither is given. Raises ProfileError."""
    if path is not None:
        return load_profile(path, url)
    return None if url is None else Profile(checked_url(url))


def _waiver(rule: Mapping[str, Any]) -> Waiver:
    return Waiver(rule["id"], rule["reason"], date.fromisoformat(str(rule["expires"])), rule.get("operation"))


def _parameters(source: Path, raw: Mapping[str, Any]) -> dict[str | None, Mapping[str, str]]:
    """The values of parameters: those of one operation stand in a table of its name."""
    tables: dict[str | None, Mapping[str, Any]] = {None: {name: value for name, value in raw.items() if not isinstance(value, dict)}}
    tables |= {name: value for name, value in raw.items() if isinstance(value, dict)}
    return {
        operation: {
            name: _value(source, join(("parameters", *([operation] if operation else []), name)), _text(value)) for name, value in table.items()
        }
        for operation, table in tables.items()
    }


def _text(value: object) -> str:
    """A value of a parameter as it travels."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _beside(source: Path, document: str) -> str:
    """A document that the profile names: a URL, or a path from the profile's folder."""
    return document if document.startswith(("http://", "https://")) else str(source.parent / document)


def _check_totp(source: Path, where: str, secret: str | None) -> None:
    try:
        totp_of(secret) if secret else None
    except ValueError as error:
        raise ProfileError(f"{source} at {where}: this is no secret of one-time codes. Mend: give its base32 text, or its otpauth:// URI.") from error


def _key(source: Path, target: Mapping[str, Any], name: str) -> str | None:
    """A key of the target; a file of it is read whole, since PEM has many lines."""
    return _value(source, f"/target/{name}", target[name], whole=True) if name in target else None


def _hook(source: Path, name: str, rule: Mapping[str, Any]) -> HookRule:
    headers = {field: _value(source, join(("hooks", name, "headers", field)), text) for field, text in rule.get("headers", {}).items()}
    return HookRule(rule.get("url"), rule.get("method", "POST"), headers, rule.get("body"), tuple(rule.get("command", ())))


def checked_url(url: str) -> str:
    """`url` without a trailing slash. Raises ProfileError when it is not the http or https URL of an API."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        parts, usable = SplitResult("", "", "", "", ""), False
    if not usable or parts.query or parts.fragment or parts.username is not None:
        shown = f"…@{url.rpartition('@')[2]}" if "@" in url else url
        raise ProfileError(
            f"{shown!r} is not the URL of an API. Mend: give one such as https://api.example.com, without credentials, query or fragment."
        )
    return url.rstrip("/")


def _value(source: Path, where: str, text: str, *, whole: bool = False) -> str:
    """The value that `text` stands for: itself, an environment variable (env:NAME) or a file (file:PATH), its first line or the `whole` of it."""
    kind, _, name = text.partition(":")
    if kind == "env":
        if not (value := os.environ.get(name)):
            raise ProfileError(f"{source} at {where}: the environment variable {name} is not set. Mend: export it before the run.")
        return value
    if kind == "file":
        try:
            content = (source.parent / name).read_text("utf-8")
            return content if whole else content.splitlines()[0]
        except (OSError, UnicodeDecodeError, IndexError) as error:
            raise ProfileError(f"{source} at {where}: the file {name} holds no readable value. Mend: write the value on its first line.") from error
    return text


@functools.cache
def _validator() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(
        json.loads((files("authproof") / "profile.schema.json").read_text("utf-8")), mask="a value", validate_formats=True
    )
