"""Tokens that a right server refuses, made from one that it issued. Pure functions of the token."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterable, Mapping

import jwt

from authproof_spec.pointer import Json


def encode(part: Mapping[str, Json]) -> str:
    """A JOSE header or claims set in base64url without padding."""
    return _base64url(json.dumps(part, separators=(",", ":")).encode())


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def unsigned(token: str) -> str:
    """The same claims with `alg` none and no signature."""
    _, claims, _ = token.split(".")
    return f"{encode({'alg': 'none', 'typ': 'JWT'})}.{claims}."


def unsigned_variants(token: str) -> dict[str, str]:
    """The same claims without a signature, under spellings of `alg` that a deny list for `none` overlooks."""
    _, claims, _ = token.split(".")
    algorithms: dict[str, Json] = {
        "None": "None",
        "NONE": "NONE",
        "nOnE": "nOnE",
        "blank after": "none ",
        "empty": "",
        "null": None,
        "a number": 0,
        "a list": ["none"],
    }
    variants = {name: f"{encode({'alg': algorithm, 'typ': 'JWT'})}.{claims}." for name, algorithm in algorithms.items()}
    return {**variants, "absent": f"{encode({'typ': 'JWT'})}.{claims}."}


def unsigned_with_signature(token: str) -> str:
    """`alg` none, with the signature of the true token kept."""
    _, claims, signature = token.split(".")
    return f"{encode({'alg': 'none', 'typ': 'JWT'})}.{claims}.{signature}"


def signature_removed(token: str) -> dict[str, str]:
    """The true header and claims with an empty signature, and with none at all."""
    head, claims, _ = token.split(".")
    return {"empty": f"{head}.{claims}.", "absent": f"{head}.{claims}"}


def signature_changed(token: str) -> str:
    """One bit of the first byte of the signature flipped: never one of the unused bits at its end."""
    head, claims, signature = token.split(".")
    raw = bytearray(_raw(signature))
    raw[0] ^= 0x80
    return f"{head}.{claims}.{_base64url(bytes(raw))}"


def signature_resized(token: str) -> dict[str, str]:
    """The signature cut to one byte, cut to half, doubled, and with a byte more."""
    head, claims, signature = token.split(".")
    raw = _raw(signature)
    sizes = {"one byte": raw[:1], "half": raw[: len(raw) // 2], "twice": raw * 2, "one byte more": raw + b"\0"}
    return {name: f"{head}.{claims}.{_base64url(size)}" for name, size in sizes.items()}


def claims_changed(token: str, changes: Mapping[str, Json]) -> str:
    """The claims with `changes`, under the signature of the true token."""
    head, claims, signature = token.split(".")
    altered = {**json.loads(_raw(claims)), **changes}
    return f"{head}.{encode(altered)}.{signature}"


def header_changed(token: str) -> str:
    """A header with a member more, under the signature of the true token."""
    head, claims, signature = token.split(".")
    return f"{encode({**json.loads(_raw(head)), 'x-authproof': 1})}.{claims}.{signature}"


def signed_with_other_key(token: str) -> str | None:
    """The same header and claims, signed with a fresh key of the kind that `alg` asks for; None for an unknown `alg`."""
    head, claims, _ = token.split(".")
    header = json.loads(_raw(head))
    key = fresh_key(str(header.get("alg")))
    if key is None:
        return None
    algorithm = jwt.get_algorithm_by_name(str(header["alg"]))
    signature = algorithm.sign(f"{head}.{claims}".encode(), algorithm.prepare_key(key))
    return f"{head}.{claims}.{_base64url(signature)}"


def signed_with_trivial_key(token: str) -> dict[str, str]:
    """The same claims as HS256 under keys that are no secret."""
    _, claims, _ = token.split(".")
    head = encode({"alg": "HS256", "typ": "JWT"})
    keys = {"empty": b"", "one zero byte": b"\0", "null": b"null", "undefined": b"undefined", "secret": b"secret", "changeme": b"changeme"}
    return {name: f"{head}.{claims}.{_base64url(_hmac(key, f'{head}.{claims}'))}" for name, key in keys.items()}


def _hmac(key: bytes, text: str) -> bytes:
    import hashlib
    import hmac

    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def new_key(algorithm: str) -> str:
    """A fresh key for `algorithm` as a profile gives it: a secret's text, or a private key in PEM. Raises ValueError for an unknown algorithm."""
    key = fresh_key(algorithm)
    if key is None:
        raise ValueError(f"There is no algorithm {algorithm!r}.")
    return key.hex() if isinstance(key, bytes) and algorithm.startswith("HS") else bytes(key).decode()


def fresh_key(algorithm: str) -> bytes | None:
    """A private key or secret for `algorithm`, made now; PEM for asymmetric ones."""
    if algorithm.startswith("HS"):
        return secrets.token_bytes(64)
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    curves: dict[str, ec.EllipticCurve] = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
    private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
    if algorithm.startswith(("RS", "PS")):
        private = rsa.generate_private_key(65537, 2048)
    elif algorithm in curves:
        private = ec.generate_private_key(curves[algorithm])
    elif algorithm == "EdDSA":
        private = ed25519.Ed25519PrivateKey.generate()
    else:
        return None
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def resigned(token: str, key: str, changes: Mapping[str, Json] | None = None, without: Iterable[str] = ()) -> str:
    """The claims with `changes` and `without` some, signed with the target's own `key` (a secret's text, or PEM) as the token's header says. Raises ValueError."""
    head, claims, _ = token.split(".")
    altered = {name: value for name, value in {**json.loads(_raw(claims)), **(changes or {})}.items() if name not in without}
    message = f"{head}.{encode(altered)}"
    try:
        algorithm = jwt.get_algorithm_by_name(str(json.loads(_raw(head))["alg"]))
        return f"{message}.{_base64url(algorithm.sign(message.encode(), algorithm.prepare_key(key)))}"
    except (KeyError, NotImplementedError, jwt.InvalidKeyError) as error:
        raise ValueError("the key does not fit the token's header") from error
