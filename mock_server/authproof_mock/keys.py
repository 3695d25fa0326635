"""The key that signs tokens: made at start, or given."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt.algorithms import Algorithm

from authproof_mock.base64url import encode

_CURVES: dict[str, type[ec.EllipticCurve]] = {"ES256": ec.SECP256R1, "ES384": ec.SECP384R1, "ES512": ec.SECP521R1}
_THUMBPRINT_MEMBERS = frozenset({"crv", "e", "kty", "n", "x", "y"})


class SigningKeyError(Exception):
    """A given key that does not fit the contract's algorithm; the text says how to mend it."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key and its algorithm. `verifying` is the public half, or the secret itself for HS*.

    public_jwk: the public half as a JSON Web Key with its identifier; None for HS*, which have none.
    """

    algorithm: str
    signing: Any
    verifying: Any
    public_jwk: dict[str, str] | None

    @property
    def identifier(self) -> str | None:
        """The `kid` of the tokens that this key signs."""
        return self.public_jwk["kid"] if self.public_jwk else None

    def sign(self, message: bytes) -> bytes:
        """The signature of `message`."""
        return _scheme(self.algorithm).sign(message, self.signing)

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """True when `signature` is one of `message` by this key."""
        return _scheme(self.algorithm).verify(message, self.verifying, signature)


def new_key(algorithm: str) -> SigningKey:
    """A fresh key for `algorithm`; a secret is as long as its hash (RFC 7518 section 3.2)."""
    if algorithm.startswith("HS"):
        return _secret(algorithm, secrets.token_bytes(int(algorithm[2:]) // 8))
    if algorithm.startswith("ES"):
        return _pair(algorithm, ec.generate_private_key(_CURVES[algorithm]()))
    if algorithm == "EdDSA":
        return _pair(algorithm, ed25519.Ed25519PrivateKey.generate())
    return _pair(algorithm, rsa.generate_private_key(public_exponent=65537, key_size=2048))


def read_key(algorithm: str, text: str) -> SigningKey:
    """The given key: a secret's text for HS*, else a private key in PEM. Raises SigningKeyError when it does not fit."""
    if algorithm.startswith("HS"):
        if not text:
            raise SigningKeyError("The signing key is empty. Mend: give a secret, or none to have one made.")
        return _secret(algorithm, text.encode())
    try:
        key = load_pem_private_key(text.encode(), password=None)
        pair = _pair(algorithm, key)
        pair.sign(b"")
    except Exception as error:
        # Three libraries have a word in this, and each has errors of its own.
        raise SigningKeyError(f"The signing key does not fit {algorithm}. Mend: give an unencrypted private key for {algorithm} in PEM.") from error
    if algorithm in _CURVES and not isinstance(getattr(key, "curve", None), _CURVES[algorithm]):
        raise SigningKeyError(f"The signing key is on another curve than that of {algorithm}. Mend: give a key on {_CURVES[algorithm].name}.")
    return pair


def _scheme(algorithm: str) -> Algorithm:
    return jwt.get_algorithm_by_name(algorithm)


def _secret(algorithm: str, secret: bytes) -> SigningKey:
    return SigningKey(algorithm, secret, secret, None)


def _pair(algorithm: str, private: Any) -> SigningKey:
    public = private.public_key()
    parts = json.loads(_scheme(algorithm).to_jwk(public))
    jwk = {name: parts[name] for name in sorted(_THUMBPRINT_MEMBERS & parts.keys())}
    # RFC 7638: the thumbprint names the key by its required members alone.
    thumbprint = hashlib.sha256(json.dumps(jwk, separators=(",", ":")).encode()).digest()
    return SigningKey(algorithm, private, public, {**jwk, "alg": algorithm, "kid": encode(thumbprint), "use": "sig"})
