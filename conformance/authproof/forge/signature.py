"""Forgeries of the signature: none, a wrong one, one by another key, and one that is spelled in another way."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from itertools import starmap

from authproof.forge.compact import Variants, claims_of, encode, header_of, signed
from authproof.keys import PublicKey, fresh_key, packed, secret_key, unpacked
from authproof_spec.pointer import Json

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
# FIPS 186-4 appendix D.1.2: the order of each curve.
_ORDERS = {
    "ES256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "ES384": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    "ES512": 0x1FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409,
}
_WIDTHS = {"ES256": 32, "ES384": 48, "ES512": 66}
_DER_OF_ZEROS = bytes.fromhex("3006020100020100")


def unsigned(token: str) -> Variants:
    """The same claims with `alg` none and no signature."""
    return {"": f"{encode({'alg': 'none', 'typ': 'JWT'})}.{token.split('.')[1]}."}


def unsigned_variants(token: str) -> Variants:
    """The same claims without a signature, under spellings of `alg` that a deny list for `none` overlooks."""
    claims = token.split(".")[1]
    algorithms: dict[str, Json] = {
        "nOnE": "nOnE",
        "None": "None",
        "blank after": "none ",
        "empty": "",
        "null": None,
        "a list": ["none"],
    }
    variants = {name: f"{encode({'alg': algorithm, 'typ': 'JWT'})}.{claims}." for name, algorithm in algorithms.items()}
    return {"absent": f"{encode({'typ': 'JWT'})}.{claims}.", **variants}


def unsigned_with_signature(token: str) -> Variants:
    """`alg` none, with the signature of the true token kept."""
    _, claims, signature = token.split(".")
    return {"": f"{encode({'alg': 'none', 'typ': 'JWT'})}.{claims}.{signature}"}


def removed(token: str) -> Variants:
    """The true header and claims with an empty signature, and with none at all."""
    head, claims, _ = token.split(".")
    return {"empty": f"{head}.{claims}.", "absent": f"{head}.{claims}"}


def changed(token: str) -> Variants:
    """One bit of the first byte of the signature flipped: never one of the unused bits at its end."""
    head, claims, signature = token.split(".")
    raw = bytearray(unpacked(signature))
    raw[0] ^= 0x80
    return {"": f"{head}.{claims}.{packed(bytes(raw))}"}


def resized(token: str) -> Variants:
    """The signature cut to one byte, doubled, and with a byte more."""
    head, claims, signature = token.split(".")
    raw = unpacked(signature)
    sizes = {"one byte": raw[:1], "twice": raw * 2, "one byte more": raw + b"\0"}
    return {name: f"{head}.{claims}.{packed(size)}" for name, size in sizes.items()}


def claims_changed(token: str, changes: Mapping[str, Mapping[str, Json]]) -> Variants:
    """The claims with each of `changes` that changes anything, under the signature of the true token."""
    head, _, signature = token.split(".")
    claims = claims_of(token)
    altered = {name: {**claims, **change} for name, change in changes.items()}
    return {name: f"{head}.{encode(other)}.{signature}" for name, other in altered.items() if other != claims}


def header_changed(token: str) -> Variants:
    """A header with a member more, and one of another type, under the signature of the true token."""
    _, claims, signature = token.split(".")
    header = header_of(token)
    others: dict[str, dict[str, Json]] = {"a member more": {**header, "x-authproof": 1}, "another typ": {**header, "typ": "authproof"}}
    return {name: f"{encode(other)}.{claims}.{signature}" for name, other in others.items()}


def expired_and_forged(token: str, expiries: Collection[str], now: float) -> Variants:
    """The claims with each of `expiries` an hour before `now` (seconds since the epoch), under a random signature."""
    head, _, right = token.split(".")
    past = dict.fromkeys(expiries, int(now) - 3600)
    return {"": f"{head}.{encode({**claims_of(token), **past})}.{packed(secrets.token_bytes(len(unpacked(right))))}"}


def by_other_key(token: str, algorithm: str) -> Variants:
    """The same header and claims, signed with a fresh key of the same kind."""
    return {"": signed(header_of(token), token.split(".")[1], fresh_key(algorithm))}


def by_trivial_key(token: str, algorithm: str) -> Variants:
    """The same claims under secrets that are none."""
    # HMAC fills a short key up with zeros, so zeros of any number are the empty one.
    keys = {"empty": b"", "secret": b"secret", "undefined": b"undefined", "null": b"null", "changeme": b"changeme"}
    return {name: signed(header_of(token), token.split(".")[1], secret_key(algorithm, key)) for name, key in keys.items()}


def by_public_key(token: str, key: PublicKey) -> Variants:
    """The same claims under an HMAC of which the secret is a form of the `key` that everybody may know."""
    header, claims = header_of(token), token.split(".")[1]
    by_form = {name: signed(header, claims, secret_key("HS256", form)) for name, form in key.forms()}
    pem = dict(key.forms())["PEM"]
    return by_form | {f"PEM, {name}": signed(header, claims, secret_key(name, pem)) for name in ("HS384", "HS512")}


def degenerate(token: str, algorithm: str) -> Variants:
    """ECDSA signatures that an arithmetic without care takes for those of any message."""
    header, claims = header_of(token), token.split(".")[1]
    own = algorithm if algorithm in _ORDERS else "ES256"
    order, width = _ORDERS[own], _WIDTHS[own]
    numbers = {"r and s are zero": (0, 0), "r and s are the order": (order, order), "r is zero, s is one": (0, 1)}
    signatures = {f"{own}: {name}": (own, b"".join(number.to_bytes(width, "big") for number in pair)) for name, pair in numbers.items()}
    signatures[f"{own}: zeros in DER"] = (own, _DER_OF_ZEROS)
    if algorithm in _ORDERS:
        wanted = signatures
    else:
        # The path is hardly there where no such signature is expected: two curves are enough.
        wanted = {f"{name}: r and s are zero": (name, bytes(2 * width)) for name, width in _WIDTHS.items() if name != "ES384"}
    return dict(starmap(lambda name, found: (name, f"{encode({**header, 'alg': found[0]})}.{claims}.{packed(found[1])}"), wanted.items()))


def respelled(token: str) -> Variants:
    """The true signature in spellings that base64url without padding does not have (RFC 7515 section 2)."""
    start, _, signature = token.rpartition(".")
    variants = {"padded": f"{token}{'=' * (-len(signature) % 4 or 1)}"}
    if len(signature) % 4:
        # The last character then has two or four bits more than the signature.
        last = _ALPHABET[_ALPHABET.index(signature[-1]) ^ 1]
        variants["unused bits"] = f"{start}.{signature[:-1]}{last}"
    if "-" in signature or "_" in signature:
        variants["another alphabet"] = f"{start}.{signature.replace('-', '+').replace('_', '/')}"
    return variants
