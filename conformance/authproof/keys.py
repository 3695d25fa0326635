"""Keys: made now, read from a profile, or published by the target."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import secrets
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from authproof.vault import decode
from authproof_spec.pointer import Json

_HASHES = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}
ALGORITHMS = frozenset({"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
"""The JWS algorithms that are known here (RFC 7518 section 3.1, RFC 8037 section 3.1), but for `none`."""
USUAL_PATH = "/.well-known/jwks.json"
"""Where a key set is that no document names."""
PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
"""The members of a JWK that nobody but its owner may know (RFC 7518 sections 6.2.2, 6.3.2 and 6.4)."""
_FAMILIES = {"HS": ("HS256", "HS384", "HS512"), "RS": ("RS256", "RS384", "RS512", "PS256"), "PS": ("PS256", "PS384", "PS512", "RS256")}


@dataclass(frozen=True, slots=True)
class Key:
    """A secret (bytes) or a private key of `cryptography` as `material`, and the JWS algorithm that it is for."""

    algorithm: str
    material: Any = field(repr=False)

    @property
    def is_secret(self) -> bool:
        """True for a secret that signer and verifier share."""
        return isinstance(self.material, bytes)

    @property
    def public(self) -> PublicKey | None:
        """The public half; None for a secret."""
        return None if self.is_secret else PublicKey(self.material.public_key())

    @property
    def other_algorithms(self) -> tuple[str, ...]:
        """Further algorithms that the same key can sign with."""
        return tuple(name for name in _FAMILIES.get(self.algorithm[:2], ()) if name != self.algorithm)

    def sign(self, message: str, algorithm: str | None = None) -> bytes:
        """The signature of `message` by the key's own algorithm, or by another one that fits it."""
        name = algorithm or self.algorithm
        if self.is_secret:
            return hmac.digest(self.material, message.encode(), _HASHES[name])
        return bytes(_scheme(name).sign(message.encode(), self.material))

    def signed(self, token: str) -> bool:
        """True when this key signed `token`."""
        if (public := self.public) is not None:
            return public.verifies(self.algorithm, token)
        message, _, signature = token.rpartition(".")
        try:
            return hmac.compare_digest(self.sign(message), unpacked(signature))
        except ValueError:
            return False

    def pem(self) -> str:
        """A private key in PEM."""
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        return bytes(self.material.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())).decode()


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key of `cryptography`. `certificate`: in PEM, where the key came with one."""

    value: Any
    certificate: str | None = None

    @property
    def jwk(self) -> dict[str, Json]:
        """The key as a JSON Web Key."""
        from cryptography.hazmat.primitives.asymmetric import ec, rsa

        scheme = "RS256" if isinstance(self.value, rsa.RSAPublicKey) else "ES256" if isinstance(self.value, ec.EllipticCurvePublicKey) else "EdDSA"
        parts = json.loads(_scheme(scheme).to_jwk(self.value))
        return {name: parts[name] for name in ("kty", "crv", "n", "e", "x", "y") if name in parts}

    def verifies(self, algorithm: str, token: str) -> bool:
        """True when the key's private half signed `token` by `algorithm`."""
        message, _, signature = token.rpartition(".")
        try:
            return bool(_scheme(algorithm).verify(message.encode(), self.value, unpacked(signature)))
        except Exception:  # noqa: BLE001  # a key of another kind fails in many ways, and none of them is a signature
            return False

    def forms(self) -> Iterator[tuple[str, bytes]]:
        """Each form in which a program may hold the key, by its name."""
        from cryptography.hazmat.primitives.asymmetric import rsa
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        pem = self.value.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        yield "PEM", pem
        yield "PEM without its last newline", pem.rstrip(b"\n")
        yield "DER", self.value.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        yield "JWK", json.dumps(self.jwk, separators=(",", ":")).encode()
        yield "PEM with CRLF", pem.replace(b"\n", b"\r\n")
        yield "PEM behind a newline", b"\n" + pem
        yield "PEM behind a blank", b" " + pem
        if isinstance(self.value, rsa.RSAPublicKey):
            yield "PEM of PKCS#1", self.value.public_bytes(Encoding.PEM, PublicFormat.PKCS1)
            number = self.value.public_numbers().n
            yield "the bare modulus", number.to_bytes((number.bit_length() + 7) // 8, "big")
        if self.certificate:
            yield "PEM of the certificate", self.certificate.encode()
        yield "a line of OpenSSH", self.value.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)


def packed(raw: bytes) -> str:
    """`raw` in base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unpacked(text: str) -> bytes:
    """What the base64url `text` stands for. Raises ValueError when it is none."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def secret_key(algorithm: str, secret: bytes) -> Key:
    """The `secret` as a key of `algorithm`, or of HS256 where that takes no secret."""
    return Key(algorithm if algorithm in _HASHES else "HS256", secret)


def fresh_key(algorithm: str) -> Key:
    """A key for `algorithm`, made now. Raises ValueError for an unknown algorithm."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    curves: dict[str, ec.EllipticCurve] = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
    if algorithm in _HASHES:
        return Key(algorithm, secrets.token_bytes(64))
    if algorithm.startswith(("RS", "PS")):
        return Key(algorithm, rsa.generate_private_key(65537, 2048))
    if algorithm in curves:
        return Key(algorithm, ec.generate_private_key(curves[algorithm]))
    if algorithm == "EdDSA":
        return Key(algorithm, ed25519.Ed25519PrivateKey.generate())
    raise ValueError(f"There is no algorithm {algorithm!r}.")


def new_key(algorithm: str) -> str:
    """A fresh key for `algorithm` as a profile gives it: a secret's text, or a private key in PEM. Raises ValueError for an unknown algorithm."""
    key = fresh_key(algorithm)
    return key.material.hex() if key.is_secret else key.pem()


def signing_key(text: str, algorithm: str, token: str) -> Key | None:
    """The key of which a profile gives `text`, in the reading by which it signed `token`; None when no reading did."""
    readings = _secrets(text) if algorithm in _HASHES else _private_keys(text)
    return next((key for key in (Key(algorithm, reading) for reading in readings) if key.signed(token)), None)


def _secrets(text: str) -> Iterator[Any]:
    """The readings of a secret's text: as it stands, without the newline of its file, and as what it encodes."""
    yield text.encode()
    short = text.strip()
    yield short.encode()
    for read in (unpacked, base64.b64decode, bytes.fromhex):
        try:
            yield read(short)
        except (ValueError, binascii.Error):
            continue


def _private_keys(text: str) -> Iterator[Any]:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        yield load_pem_private_key(text.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return


def public_key_of(text: str) -> PublicKey | None:
    """The public key of `text`: a public key or a certificate in PEM; None when it is neither."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
    from cryptography.x509 import load_pem_x509_certificate

    raw = text.encode()
    try:
        if "BEGIN CERTIFICATE" in text:
            return PublicKey(load_pem_x509_certificate(raw).public_key(), text)
        return PublicKey(load_pem_public_key(raw))
    except (ValueError, UnsupportedAlgorithm):
        return None


def public_keys_in(key_set: Json) -> tuple[PublicKey, ...]:
    """The public keys that a JWK set holds (RFC 7517 section 5); what cannot be read is left out."""
    import jwt

    found = []
    for entry in members(key_set):
        try:
            value = jwt.PyJWK(entry).key
        except (jwt.PyJWTError, ValueError, TypeError, KeyError):
            continue
        public = value.public_key() if hasattr(value, "private_bytes") else value
        if hasattr(public, "public_bytes"):
            found.append(PublicKey(public, _certificate_of(entry)))
    return tuple(found)


def _certificate_of(entry: Mapping[str, Json]) -> str | None:
    """The certificate that a JWK carries, in PEM (RFC 7517 section 4.7)."""
    chain = entry.get("x5c")
    if not isinstance(chain, list) or not chain or not isinstance(chain[0], str):
        return None
    return "-----BEGIN CERTIFICATE-----\n" + "\n".join(textwrap.wrap(chain[0], 64)) + "\n-----END CERTIFICATE-----\n"


def members(key_set: Json) -> tuple[dict[str, Json], ...]:
    """The keys of a JWK set as they stand; none when it is no such set."""
    keys = key_set.get("keys") if isinstance(key_set, dict) else None
    return tuple(key for key in keys if isinstance(key, dict)) if isinstance(keys, list) else ()


def algorithm_of(token: str, declared: str) -> str:
    """The algorithm that `token` names in its header, where that is one that we know; else the `declared` one."""
    header, _ = decode(token)
    named = (header or {}).get("alg")
    return named if isinstance(named, str) and named in ALGORITHMS else declared


def _scheme(algorithm: str) -> Any:
    import jwt

    return jwt.get_algorithm_by_name(algorithm)
