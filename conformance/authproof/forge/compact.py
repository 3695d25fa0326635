"""The compact serialisation of a JWS (RFC 7515 section 7.1): taken apart, and put together."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from authproof.keys import Key, packed, unpacked
from authproof_spec.pointer import Json

Variants = dict[str, str]
"""Forged tokens by the name of their variant; empty when there is only one of a kind."""


def encode(part: Mapping[str, Json]) -> str:
    """A JOSE header or claims set in base64url without padding."""
    return packed(json.dumps(part, separators=(",", ":")).encode())


def encode_pairs(pairs: Iterable[tuple[str, str]]) -> str:
    """The same for members of which one may stand twice; each value is JSON text, or text that only looks like it."""
    return packed(("{" + ",".join(f"{json.dumps(name)}:{text}" for name, text in pairs) + "}").encode())


def as_pairs(part: Mapping[str, Json]) -> list[tuple[str, str]]:
    """The members of `part` as `encode_pairs` takes them."""
    return [(name, json.dumps(value)) for name, value in part.items()]


def header_of(token: str) -> dict[str, Json]:
    """The JOSE header of a compact JWS."""
    header: dict[str, Json] = json.loads(unpacked(token.split(".", maxsplit=1)[0]))
    return header


def claims_of(token: str) -> dict[str, Json]:
    """The claims of a compact JWS."""
    claims: dict[str, Json] = json.loads(unpacked(token.split(".")[1]))
    return claims


def signed(header: Mapping[str, Json], claims: str, key: Key, algorithm: str | None = None) -> str:
    """A token of `header` and the encoded `claims`, signed by `key`; its `alg` is the one that the key signs with."""
    message = f"{encode({**header, 'alg': algorithm or key.algorithm})}.{claims}"
    return f"{message}.{packed(key.sign(message, algorithm))}"
