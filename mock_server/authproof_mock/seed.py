"""The accounts that a mock starts with."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema_rs
import pyotp
import yaml

from authproof_spec.pointer import Json, join

_TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["accounts"],
    "additionalProperties": False,
    "properties": {
        "accounts": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "applications"],
                "additionalProperties": False,
                "properties": {
                    "id": {"anyOf": [_TEXT, {"type": "integer"}]},
                    "applications": {"type": "array", "minItems": 1, "items": _TEXT},
                    **dict.fromkeys(("email", "username", "name", "password", "linkToken", "totpSecret"), _TEXT),
                    "disabled": {"type": "boolean"},
                    "permissions": {"type": "array", "items": _TEXT},
                    "attributes": {"type": "object"},
                },
            },
        }
    },
}


class SeedError(Exception):
    """A seed that cannot be used; the text names the file, the place, and how to mend it."""


@dataclass(frozen=True, slots=True)
class SeedAccount:
    """An account as the seed gives it, its secrets readable. `attributes` are the free ones, such as a survey's name."""

    id: str | int
    applications: frozenset[str]
    email: str | None = None
    username: str | None = None
    name: str | None = None
    password: str | None = field(default=None, repr=False)
    link_token: str | None = field(default=None, repr=False)
    totp_secret: str | None = field(default=None, repr=False)
    disabled: bool = False
    permissions: tuple[str, ...] = ()
    attributes: Mapping[str, Json] = field(default_factory=dict)


def load_seed(path: Path | None = None) -> tuple[SeedAccount, ...]:
    """The accounts of the TOML or YAML file at `path`; those made for the bundled document when None. Raises SeedError."""
    if path is None:
        return _accounts(yaml.safe_load((files("authproof_mock") / "seed.yaml").read_text("utf-8")), "seed.yaml")
    try:
        content = path.read_text("utf-8")
        raw = tomllib.loads(content) if path.suffix == ".toml" else yaml.safe_load(content)
    except OSError as error:
        raise SeedError(f"{path}: The seed cannot be read: {error.strerror}. Mend: give the path of a YAML or TOML file.") from error
    except (ValueError, yaml.YAMLError) as error:
        kind = "TOML" if path.suffix == ".toml" else "YAML"
        raise SeedError(f"{path}: This is not readable as {kind}: {error}. Mend: give a file in UTF-8 with a list of accounts.") from error
    return _accounts(raw, str(path))


def _accounts(raw: Any, source: str) -> tuple[SeedAccount, ...]:
    error = next(jsonschema_rs.Draft202012Validator(_SCHEMA, mask="the value").iter_errors(raw), None)
    if error:
        raise seed_problem(source, join(error.instance_path), error.message, "write each account as the bundled seed.yaml does.")
    seen: set[str] = set()
    for index, account in enumerate(raw["accounts"]):
        place = f"/accounts/{index}"
        if str(account["id"]) in seen:
            raise seed_problem(source, f"{place}/id", "Another account has this id", "give each account an id of its own.")
        seen.add(str(account["id"]))
        if not is_totp_secret(account.get("totpSecret")):
            raise seed_problem(source, f"{place}/totpSecret", "This is no base32 text", "use the letters A to Z and the digits 2 to 7.")
    return tuple(_account(account) for account in raw["accounts"])


def seed_problem(source: str, place: str, what: str, mend: str) -> SeedError:
    """The error of a seed that says `what` is wrong at `place`, a JSON pointer."""
    return SeedError(f"{source} at {place or '/'}: {what}. Mend: {mend}")


def is_totp_secret(secret: str | None) -> bool:
    """True for base32 text that codes can be made of, and for none at all."""
    try:
        return secret is None or bool(pyotp.TOTP(secret).at(0))
    except ValueError:
        return False


def _account(raw: Mapping[str, Any]) -> SeedAccount:
    return SeedAccount(
        id=raw["id"],
        applications=frozenset(raw["applications"]),
        email=raw.get("email"),
        username=raw.get("username"),
        name=raw.get("name"),
        password=raw.get("password"),
        link_token=raw.get("linkToken"),
        totp_secret=raw.get("totpSecret"),
        disabled=raw.get("disabled", False),
        permissions=tuple(raw.get("permissions", ())),
        attributes=raw.get("attributes", {}),
    )
