"""Forgeries of the form: more or fewer parts, other serialisations, encryption, and parts that are not what they should be."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping

from authproof.forge.compact import Variants, claims_of, encode
from authproof.forge.signature import unsigned
from authproof.keys import PublicKey, packed, unpacked
from authproof_spec.pointer import Json

# RFC 7518 section 4.8.1.2 asks for 1000 at least; a large number is a denial of service, and a small one tests the same.
_ITERATIONS = 10


def extended(token: str) -> Variants:
    """The true token with something behind it."""
    return {
        "a part more": f"{token}.x",
        "a period behind": f"{token}.",
        "twice": f"{token}.{token}",
        "a NUL behind": f"{token}%00",
        "a no-break space behind": f"{token}\u00a0",
    }


def serialised(token: str, changes: Mapping[str, Json]) -> Variants:
    """The true token in the JSON serialisations, and one that another parser reads as a token with `changes` (CVE-2022-39227)."""
    head, claims, signature = token.split(".")
    flat = {"payload": claims, "protected": head, "signature": signature}
    general = {"payload": claims, "signatures": [{"protected": head, "signature": signature}]}
    both = {f"  {head}.{encode({**claims_of(token), **changes})}.": "", "protected": head, "payload": claims, "signature": signature}
    return {
        "flattened": json.dumps(flat, separators=(",", ":")),
        "general": json.dumps(general, separators=(",", ":")),
        "both at once": json.dumps(both, separators=(",", ":")),
    }


def encrypted(token: str) -> Variants:
    """The true claims in a JWE by a key of zeros, and by an empty password."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
    from cryptography.hazmat.primitives.keywrap import aes_key_wrap

    claims = unpacked(token.split(".")[1])
    salt = secrets.token_bytes(16)
    header: dict[str, Json] = {"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2s": packed(salt), "p2c": _ITERATIONS}
    content_key = secrets.token_bytes(16)
    # RFC 7518 section 4.8.1.1: the salt is the algorithm's name, a zero, and p2s.
    wrapping = PBKDF2HMAC(SHA256(), 16, b"PBES2-HS256+A128KW\0" + salt, _ITERATIONS).derive(b"")
    return {
        "a key of zeros": _jwe({"alg": "dir", "enc": "A128GCM"}, b"", bytes(16), claims),
        "an empty password": _jwe(header, aes_key_wrap(wrapping, content_key), content_key, claims),
    }


def encrypted_to(token: str, key: PublicKey) -> Variants:
    """The true claims, and an unsigned token of them, in a JWE to the public RSA `key`; none for other keys."""
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    from cryptography.hazmat.primitives.hashes import SHA1

    if not isinstance(key.value, rsa.RSAPublicKey):
        return {}
    contents: dict[str, tuple[dict[str, Json], bytes]] = {
        "claims for the public key": ({}, unpacked(token.split(".")[1])),
        "an unsigned token for the public key": ({"cty": "JWT"}, unsigned(token)[""].encode()),
    }
    variants = {}
    for name, (members, content) in contents.items():
        content_key = secrets.token_bytes(32)
        # RFC 7518 section 4.3: RSA-OAEP is the one with SHA-1, which is no weakness here.
        wrapped = key.value.encrypt(content_key, padding.OAEP(padding.MGF1(SHA1()), SHA1(), None))  # noqa: S303
        variants[name] = _jwe({"alg": "RSA-OAEP", "enc": "A256GCM", **members}, wrapped, content_key, content)
    return variants


def _jwe(header: Mapping[str, Json], wrapped: bytes, content_key: bytes, content: bytes) -> str:
    """The compact serialisation (RFC 7516 section 7.1) of `content` by AES in GCM."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    protected, nonce = encode(header), secrets.token_bytes(12)
    sealed = AESGCM(content_key).encrypt(nonce, content, protected.encode())
    return ".".join((protected, packed(wrapped), packed(nonce), packed(sealed[:-16]), packed(sealed[-16:])))


def malformed(token: str) -> Variants:
    """A header, or a payload, that is no JSON object as one would like it, under the signature of the true token."""
    head, claims, signature = token.split(".")
    contents = {
        "a list": b"[]",
        "no UTF-8": b"\xff\xff\xff",
        "nested 1000 deep": b"[" * 1000 + b"]" * 1000,
        "a lone brace": b"{",
        "null": b"null",
        "a text": b'"x"',
        "behind a byte order mark": b"\xef\xbb\xbf" + unpacked(head),
        "with a member __proto__": b'{"__proto__":{"alg":"none"},' + unpacked(head)[1:],
    }
    headers = {f"header: {name}": f"{packed(content)}.{claims}.{signature}" for name, content in contents.items()}
    # Most servers never read a payload whose signature is wrong.
    payloads = {f"payload: {name}": f"{head}.{packed(content)}.{signature}" for name, content in list(contents.items())[:3]}
    return headers | payloads


def oversized(token: str) -> Variants:
    """The true token with a long claim, with a very long one, and a text of very many parts."""
    head, _, signature = token.split(".")
    sizes = {"7 KB": 5000, "60 KB": 44000}
    padded = {name: f"{head}.{encode({**claims_of(token), 'x-authproof': 'x' * size})}.{signature}" for name, size in sizes.items()}
    return {**padded, "10,000 periods": "." * 10_000}
