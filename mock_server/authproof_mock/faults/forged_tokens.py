"""Faults of how a token's header and signature are verified."""

from __future__ import annotations

import base64
import hmac
import json
import sqlite3
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

import jwt
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_der_x509_certificate, load_pem_x509_certificate

from authproof_mock import base64url, strict_json
from authproof_mock.clock import Clock
from authproof_mock.faults.bearer import takes_permission
from authproof_mock.faults.fault import fault
from authproof_mock.flows import Flows
from authproof_mock.guard import Guard
from authproof_mock.http import Answer, Call
from authproof_mock.keys import SigningKey
from authproof_mock.refusal import Refusal
from authproof_mock.state import Caller, Request
from authproof_mock.tokens import Content, InvalidToken, Purpose, Tokens
from authproof_spec.contract import Application, Contract, Meaning, Operation
from authproof_spec.pointer import Json

# Verification: the header


class Forgives(Tokens):
    """Takes some tokens at their word."""

    def forgives(self, header: Mapping[str, Json], signature: str | None) -> bool:
        """True when the token is believed. `signature` is its last part, None when there are only two."""
        raise NotImplementedError

    def read(self, token: str) -> Content:
        parts = token.split(".")
        try:
            header, claims = (strict_json.parse(base64url.decode(part)) for part in parts[:2])
        except ValueError:
            return super().read(token)
        signature = parts[2] if len(parts) > 2 else None
        if isinstance(header, dict) and isinstance(claims, dict) and self.forgives(header, signature):
            return self.content_of(claims)
        return super().read(token)


@fault(
    "accepts-alg-none",
    breaks="JWT-09",
    also=("LOGOUT-06", "REFRESH-12"),
    reference="CVE-2015-2951",
    harm="Anybody writes a token for any account, without a key.",
)
class AcceptsAlgNone(Forgives):
    def forgives(self, header: Mapping[str, Json], signature: str | None) -> bool:
        return header.get("alg") == "none" and signature == ""


class _ForgivesPersonal(Forgives):
    """Takes personal access tokens at their word."""

    def forgives(self, header: Mapping[str, Json], signature: str | None) -> bool:
        return signature is not None

    def read(self, token: str) -> Content:
        try:
            content = super().read(token)
        except InvalidToken:
            return Tokens.read(self, token)
        return content if content.type.purpose is Purpose.PERSONAL else Tokens.read(self, token)


personal_unverified = fault(
    "does-not-verify-personal-access-tokens",
    breaks="JWT-13",
    also=("JWT-09",),
    reference="CWE-347",
    harm="The tokens that live longest are read by code of their own, which looks at everything but the signature.",
)(_ForgivesPersonal)


@fault(
    "does-not-verify-on-one-operation",
    breaks="JWT-09",
    # What is not verified may be signed wrongly as well as not at all, and be of another day.
    also=("JWT-13", "JWT-34", "BEARER-22"),
    reference="CWE-347",
    harm="One operation that decodes tokens by itself believes whatever they say.",
)
class DoesNotVerifyOnOneOperation(Guard):
    def authenticate(self, token: str, operation: Operation) -> Caller:
        if takes_permission(operation) and token.count(".") == 2:
            try:
                claims = json.loads(base64url.decode(token.split(".")[1]))
                content = self._state.tokens.content_of(claims)
            except ValueError:
                raise InvalidToken("it is no token") from None
            return self.caller_of(content)
        return super().authenticate(token, operation)


@fault(
    "denies-alg-none-in-small-letters-alone",
    breaks="JWT-10",
    reference="CWE-347",
    harm="Anybody writes a token for any account with `alg` as `None`.",
)
class DeniesSmallLettersAlone(Forgives):
    def forgives(self, header: Mapping[str, Json], signature: str | None) -> bool:
        return str(header.get("alg")).lower() == "none" and header.get("alg") not in {"none", None} and signature == ""


@fault(
    "accepts-a-token-without-alg",
    breaks="JWT-10",
    reference="RFC 7515 §4.1.1",
    harm="Anybody writes a token for any account, and leaves the algorithm out.",
)
class AcceptsNoAlg(Forgives):
    def forgives(self, header: Mapping[str, Json], signature: str | None) -> bool:
        return not header.get("alg") and signature == ""


@fault(
    "accepts-alg-none-with-a-signature",
    breaks="JWT-11",
    reference="RFC 7518 §3.6",
    harm="Anybody who has one token changes what it says, and keeps its signature for show.",
)
class AcceptsAlgNoneWithASignature(Forgives):
    def forgives(self, header: Mapping[str, Json], signature: str | None) -> bool:
        return header.get("alg") == "none" and bool(signature)


@fault(
    "accepts-an-empty-signature",
    breaks="JWT-12",
    reference="CVE-2020-28042",
    harm="Anybody writes a token for any account, and leaves the signature empty.",
)
class AcceptsAnEmptySignature(Forgives):
    def forgives(self, header: Mapping[str, Json], signature: str | None) -> bool:
        return header.get("alg") == self.key.algorithm and signature == ""


@fault(
    "accepts-two-parts",
    breaks="JWT-12",
    reference="RFC 8725 §3.3",
    harm="Anybody writes a token for any account, and leaves the signature out with its dot.",
)
class AcceptsTwoParts(Forgives):
    def forgives(self, header: Mapping[str, Json], signature: str | None) -> bool:
        return header.get("alg") == self.key.algorithm and signature is None


# Verification: the signature


@fault(
    "ignores-the-signature",
    breaks="JWT-13",
    # Whatever else is wrong with a signature that nobody looks at.
    also=("JWT-14", "JWT-15", "JWT-16", "JWT-17", "JWT-19", "JWT-22", "JWT-23", "JWT-45", "JWT-46", "COOKIE-14", "LOGOUT-06", "REFRESH-12"),
    reference="CVE-2021-22573",
    harm="Anybody writes a token for any account.",
)
class IgnoresTheSignature(Tokens):
    def signature_is_valid(self, message: bytes, signature: bytes) -> bool:
        return True


@fault(
    "compares-the-end-of-the-signature",
    breaks="JWT-13",
    also=("LOGOUT-06", "REFRESH-12"),
    reference="CWE-347",
    harm="A signature can be guessed part by part.",
)
class ComparesTheEnd(Tokens):
    def signature_is_valid(self, message: bytes, signature: bytes) -> bool:
        expected = self.key.sign(message)
        return len(signature) == len(expected) and signature[-8:] == expected[-8:]


@fault(
    "compares-as-many-bytes-as-were-sent",
    breaks="JWT-14",
    also=("COOKIE-14",),  # a refresh token that lost its last character is one of these
    reference="CWE-697",
    harm="A signature of one byte is guessed within 256 attempts.",
)
class ComparesAPrefix(Tokens):
    def signature_is_valid(self, message: bytes, signature: bytes) -> bool:
        return self.key.sign(message).startswith(signature)


@fault(
    "ignores-what-follows-the-signature",
    breaks="JWT-14",
    also=("COOKIE-14",),
    reference="RFC 7515 §5.2",
    harm="One token has any number of spellings, so a list of revoked ones never has them all.",
)
class IgnoresASuffix(Tokens):
    def signature_is_valid(self, message: bytes, signature: bytes) -> bool:
        return signature.startswith(self.key.sign(message))


class _Remembers(Tokens):
    """Verifies once, and then knows the signature again by a part of what it signs."""

    part = 0

    def __init__(self, contract: Contract, clock: Clock, key: SigningKey) -> None:
        super().__init__(contract, clock, key)
        self._known: set[tuple[bytes, bytes]] = set()

    def signature_is_valid(self, message: bytes, signature: bytes) -> bool:
        known = (message.split(b".")[self.part], signature)
        if super().signature_is_valid(message, signature):
            self._known.add(known)
        return known in self._known


@fault(
    "remembers-signatures-without-the-claims",
    breaks="JWT-15",
    also=("JWT-45",),  # an oversized claim is a changed one
    reference="CWE-345",
    harm="Anybody who has one token makes it say that he is somebody else.",
)
class RemembersTheHeader(_Remembers):
    part = 0


@fault(
    "remembers-signatures-without-the-header",
    breaks="JWT-16",
    also=("JWT-46",),  # a strange header is a changed one
    reference="RFC 7515 §5.2",
    harm="Anybody who has one token chooses what its header asks of the server.",
)
class RemembersTheClaims(_Remembers):
    part = 1


@fault(
    "compares-the-length-of-the-signature",
    breaks="JWT-17",
    # A signature by another key is any other signature of the right length.
    also=("JWT-13", "JWT-15", "JWT-16", "JWT-19", "JWT-22", "JWT-23", "JWT-45", "JWT-46", "COOKIE-14", "LOGOUT-06", "REFRESH-12"),
    reference="RFC 8725 §3.3",
    harm="Anybody signs tokens with a key of his own.",
)
class ComparesTheLength(Tokens):
    def signature_is_valid(self, message: bytes, signature: bytes) -> bool:
        return len(signature) == len(self.key.sign(message))


class _TakesASecret(Tokens):
    secret = b""

    def signature_is_valid(self, message: bytes, signature: bytes) -> bool:
        return super().signature_is_valid(message, signature) or hmac.compare_digest(hmac.digest(self.secret, message, "sha256"), signature)


@fault(
    "verifies-with-an-empty-secret",
    breaks="JWT-19",
    also=("JWT-22",),  # whatever key it has not found is that one
    reference="CVE-2019-20933",
    harm="Anybody signs tokens with the secret that nobody set.",
)
class TakesTheEmptySecret(_TakesASecret):
    secret = b""


@fault(
    "verifies-with-the-secret-of-a-tutorial",
    breaks="JWT-19",
    reference="CWE-1391",
    harm="Anybody signs tokens with a secret that stands in a book.",
)
class TakesAKnownSecret(_TakesASecret):
    secret = b"secret"


# A key that the attacker has


class TakesAnotherKey(Tokens):
    """Takes what is signed by another key than its own."""

    def believes(self, header: Mapping[str, Json], message: bytes, signature: bytes) -> bool:
        """True when the other key made `signature`. What it raises means no."""
        raise NotImplementedError

    def signed_claims(self, token: str) -> Mapping[str, Json]:
        message, _, tail = token.rpartition(".")
        try:
            header, claims = (strict_json.parse(base64url.decode(part)) for part in message.split("."))
            believed = isinstance(header, dict) and self.believes(header, message.encode(), base64url.decode(tail))
        except (ValueError, TypeError, KeyError, IndexError, InvalidSignature, jwt.PyJWTError):
            return super().signed_claims(token)
        return claims if believed and isinstance(claims, dict) else super().signed_claims(token)


def _is_hmac(secret: bytes, message: bytes, signature: bytes) -> bool:
    return hmac.compare_digest(hmac.digest(secret, message, "sha256"), signature)


def _is_signature(key: Any, header: Mapping[str, Json], message: bytes, signature: bytes) -> bool:
    return jwt.get_algorithm_by_name(str(header["alg"])).verify(message, key, signature)


@fault(
    "verifies-with-the-public-key-as-a-secret",
    breaks="JWT-18",
    algorithm="RS256",
    reference="CVE-2015-9235",
    harm="Anybody signs tokens with the key that the server publishes.",
)
class TakesThePublicKey(TakesAnotherKey):
    def believes(self, header: Mapping[str, Json], message: bytes, signature: bytes) -> bool:
        pem = self.key.verifying.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return header["alg"] == "HS256" and _is_hmac(pem, message, signature)


@fault(
    "verifies-with-the-bytes-of-the-public-key-as-a-secret",
    breaks="JWT-18",
    algorithm="ES256",
    reference="CVE-2024-33663",
    harm="A guard that looks for keys in PEM does not see the one in DER, and anybody signs with that.",
)
class TakesThePublicBytes(TakesAnotherKey):
    def believes(self, header: Mapping[str, Json], message: bytes, signature: bytes) -> bool:
        der = self.key.verifying.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return header["alg"] == "HS256" and _is_hmac(der, message, signature)


@fault(
    "verifies-with-the-published-key-set-as-a-secret",
    breaks="JWT-18",
    algorithm="EdDSA",
    reference="CVE-2026-22817",
    harm="The text of a published key is a secret to the server, and to nobody else.",
)
class TakesThePublishedKey(TakesAnotherKey):
    def believes(self, header: Mapping[str, Json], message: bytes, signature: bytes) -> bool:
        raw = self.key.verifying.public_bytes(Encoding.Raw, PublicFormat.Raw)
        jwk = json.dumps({"kty": "OKP", "crv": "Ed25519", "x": base64url.encode(raw)}, separators=(",", ":"))
        return header["alg"] == "HS256" and _is_hmac(jwk.encode(), message, signature)


@fault(
    "reads-its-key-from-the-file-that-kid-names",
    breaks="JWT-22",
    reference="CWE-22",
    harm="Anybody names a file that is empty or known, and signs with what is in it.",
)
class ReadsKeysFromFiles(TakesAnotherKey):
    def believes(self, header: Mapping[str, Json], message: bytes, signature: bytes) -> bool:
        # As on a server whose keys lie some folders below the root.
        return str(header["kid"]).endswith("../dev/null") and _is_hmac(b"", message, signature)


@fault(
    "puts-kid-into-a-query",
    breaks="JWT-22",
    reference="CWE-89",
    harm="Anybody has the database answer with a key of his choice.",
)
class QueriesForKeys(TakesAnotherKey):
    def believes(self, header: Mapping[str, Json], message: bytes, signature: bytes) -> bool:
        with sqlite3.connect(":memory:") as database:
            database.execute("CREATE TABLE keys (kid TEXT, secret TEXT)")
            try:
                found = database.execute(f"SELECT secret FROM keys WHERE kid = '{header['kid']}'").fetchone()  # noqa: S608  # this is the fault
            except sqlite3.Error:
                return False
        database.close()
        return found is not None and _is_hmac(str(found[0]).encode(), message, signature)


@fault(
    "has-an-empty-secret-for-a-kid-that-it-does-not-know",
    breaks="JWT-22",
    reference="RFC 8725 §3.10",
    harm="Anybody invents a key's name, and signs with nothing.",
)
class HasAnEmptySecret(TakesAnotherKey):
    def believes(self, header: Mapping[str, Json], message: bytes, signature: bytes) -> bool:
        return header["kid"] != self.key.identifier and _is_hmac(b"", message, signature)


@fault(
    "trusts-the-key-in-the-header",
    breaks="JWT-23",
    reference="CVE-2018-0114",
    harm="Anybody signs with a key of his own, and sends it along.",
)
class TrustsTheKey(TakesAnotherKey):
    def believes(self, header: Mapping[str, Json], message: bytes, signature: bytes) -> bool:
        jwk = header["jwk"]
        return isinstance(jwk, dict) and jwk["kty"] != "oct" and _is_signature(jwt.PyJWK(jwk).key, header, message, signature)


@fault(
    "trusts-the-secret-in-the-header",
    breaks="JWT-23",
    reference="RFC 7515 §10.3",
    harm="Anybody signs with a secret of his own, and sends it along.",
)
class TrustsTheSecret(TakesAnotherKey):
    def believes(self, header: Mapping[str, Json], message: bytes, signature: bytes) -> bool:
        jwk = header["jwk"]
        return isinstance(jwk, dict) and _is_hmac(base64url.decode(str(jwk["k"])), message, signature)


class _FollowsUrls(TakesAnotherKey):
    """Reads what is behind a URL of the header. A mock reads no other than those that hold their content."""

    def content_of_url(self, url: object) -> bytes:
        """The content of a data URL (RFC 2397)."""
        text = str(url)
        if not text.startswith("data:"):
            raise ValueError("the mock has no network")
        return unquote_to_bytes(text.partition(",")[2])


@fault(
    "follows-jku",
    breaks="JWT-24",
    reference="CVE-2024-21643",
    harm="Anybody has the server fetch the key that he signed with.",
)
class FollowsKeyUrls(_FollowsUrls):
    def believes(self, header: Mapping[str, Json], message: bytes, signature: bytes) -> bool:
        (entry,) = json.loads(self.content_of_url(header["jku"]))["keys"]
        return _is_signature(jwt.PyJWK(entry).key, header, message, signature)


@fault(
    "follows-x5u",
    breaks="JWT-24",
    reference="RFC 7515 §4.1.5",
    harm="Anybody has the server fetch a certificate that he made himself.",
)
class FollowsCertificateUrls(_FollowsUrls):
    def believes(self, header: Mapping[str, Json], message: bytes, signature: bytes) -> bool:
        key = load_pem_x509_certificate(self.content_of_url(header["x5u"])).public_key()
        return _is_signature(key, header, message, signature)


@fault(
    "lets-a-token-pass-whose-key-cannot-be-fetched",
    breaks="JWT-24",
    reference="RFC 8725 §3.10",
    harm="Anybody names a host that does not answer, and needs no key at all.",
)
class FailsOpen(_FollowsUrls):
    def believes(self, header: Mapping[str, Json], message: bytes, signature: bytes) -> bool:
        return any(name in header and not str(header[name]).startswith("data:") for name in ("jku", "x5u"))


class _TrustsChains(TakesAnotherKey):
    length = 0

    def believes(self, header: Mapping[str, Json], message: bytes, signature: bytes) -> bool:
        chain = header["x5c"]
        if not isinstance(chain, list) or len(chain) != self.length:
            return False
        return _is_signature(load_der_x509_certificate(base64.b64decode(str(chain[0]))).public_key(), header, message, signature)


@fault(
    "trusts-a-self-signed-certificate-in-the-header",
    breaks="JWT-25",
    reference="RFC 7515 §4.1.6",
    harm="Anybody signs with a key of his own, and certifies it himself.",
)
class TrustsACertificate(_TrustsChains):
    length = 1


@fault(
    "takes-the-end-of-a-chain-for-its-anchor",
    breaks="JWT-25",
    reference="RFC 8725 §3.8",
    harm="Anybody is his own certificate authority.",
)
class TrustsAChain(_TrustsChains):
    length = 2


@fault(
    "lets-zeros-pass-for-an-ecdsa-signature",
    breaks="JWT-28",
    reference="CVE-2022-21449",
    harm="Anybody signs any token, with nothing but zeros.",
)
class TakesZeros(TakesAnotherKey):
    def believes(self, header: Mapping[str, Json], message: bytes, signature: bytes) -> bool:
        return str(header["alg"]).startswith("ES") and not any(signature)


@fault(
    "takes-the-order-of-the-curve-for-a-number",
    breaks="JWT-28",
    algorithm="ES256",
    reference="RFC 7518 §3.4",
    harm="A check for zero alone does not see a number that is zero all the same, and anybody signs any token.",
)
class TakesTheOrder(TakesAnotherKey):
    def believes(self, header: Mapping[str, Json], message: bytes, signature: bytes) -> bool:
        order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
        numbers = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        return header["alg"] == "ES256" and any(numbers) and all(number % order == 0 for number in numbers)


# Form


@fault(
    "reads-the-signature-leniently",
    breaks="JWT-29",
    reference="RFC 4648 §3.5",
    harm="One token has several spellings, and a list of revoked ones does not have them all.",
)
class ReadsLeniently(Tokens):
    def read(self, token: str) -> Content:
        start, _, tail = token.rpartition(".")
        try:
            raw = base64.urlsafe_b64decode(tail + "=" * (-len(tail) % 4))
        except ValueError:
            return super().read(token)
        return super().read(f"{start}.{base64url.encode(raw)}")


@fault(
    "takes-off-the-padding",
    breaks="JWT-29",
    reference="RFC 7515 §2",
    harm="One token has two spellings, and a list of revoked ones has one of them.",
)
class TakesOffThePadding(Tokens):
    def read(self, token: str) -> Content:
        return super().read(token.rstrip("="))


@fault(
    "reads-the-first-three-parts-alone",
    breaks="JWT-30",
    reference="RFC 7515 §7.1",
    harm="One token has any number of spellings, and what stands behind it is read by somebody else.",
)
class ReadsThreeParts(Tokens):
    def read(self, token: str) -> Content:
        return super().read(".".join(token.split(".")[:3]))


@fault(
    "stops-reading-at-a-strange-character",
    breaks="JWT-30",
    reference="RFC 7519 §7.2",
    harm="One token has any number of spellings, and what stands behind it is read by somebody else.",
)
class StopsReading(Guard):
    def credential_of(self, call: Call) -> str | None:
        headers = [(name, value.split("%")[0] if name == "authorization" else value) for name, value in call.headers]
        return super().credential_of(Call(call.method, call.path, call.query, headers, call.body))


class _ReadsJson(Guard):
    """Takes a JSON serialisation for a token."""

    def takes(self, value: Mapping[str, Json]) -> bool:
        """True for the kind that it takes."""
        return "signature" in value and len(value) == 3

    def credential_of(self, call: Call) -> str | None:
        _, _, text = " ".join(call.header_values("authorization")).partition(" ")
        try:
            value = json.loads(text)
        except ValueError:
            return super().credential_of(call)
        if not isinstance(value, dict) or not self.takes(value):
            return super().credential_of(call)
        return f"{value['protected']}.{value['payload']}.{value['signature']}"


@fault(
    "takes-a-token-in-json",
    breaks="JWT-31",
    reference="RFC 7519 §1",
    harm="Headers that nobody signed come along with the token.",
)
class TakesFlattened(_ReadsJson):
    pass


@fault(
    "takes-a-token-with-two-faces",
    breaks="JWT-31",
    reference="CVE-2022-39227",
    harm="One library verifies one token, and another one reads another.",
)
class TakesTwoFaces(_ReadsJson):
    def takes(self, value: Mapping[str, Json]) -> bool:
        return any(name.count(".") == 2 for name in value)


class _Decrypts(Tokens):
    """Takes what it can decrypt for signed."""

    def content_key(self, header: Mapping[str, Json], wrapped: bytes) -> bytes:
        """The key of the content. What it raises means that there is none."""
        raise NotImplementedError

    def signed_claims(self, token: str) -> Mapping[str, Json]:
        parts = token.split(".")
        if len(parts) != 5:
            return super().signed_claims(token)
        try:
            wrapped, nonce, sealed, tag = (base64url.decode(part) for part in parts[1:])
            key = self.content_key(json.loads(base64url.decode(parts[0])), wrapped)
            claims = json.loads(AESGCM(key).decrypt(nonce, sealed + tag, parts[0].encode()))
        except (ValueError, KeyError, TypeError, InvalidTag, InvalidUnwrap):
            raise InvalidToken("it cannot be decrypted") from None
        return claims if isinstance(claims, dict) else {}


@fault(
    "decrypts-with-a-key-that-nobody-set",
    breaks="JWT-32",
    reference="RFC 8725 §3.1",
    harm="Anybody encrypts a token of his own, with nothing but zeros.",
)
class DecryptsWithZeros(_Decrypts):
    def content_key(self, header: Mapping[str, Json], wrapped: bytes) -> bytes:
        return bytes(16) if header["alg"] == "dir" else wrapped[:0]


@fault(
    "decrypts-with-a-password-that-nobody-set",
    breaks="JWT-32",
    reference="RFC 8725 §3.3",
    harm="Anybody encrypts a token of his own, with an empty password.",
)
class DecryptsWithAPassword(_Decrypts):
    def content_key(self, header: Mapping[str, Json], wrapped: bytes) -> bytes:
        salt = str(header["alg"]).encode() + b"\0" + base64url.decode(str(header["p2s"]))
        return aes_key_unwrap(PBKDF2HMAC(SHA256(), 16, salt, int(str(header["p2c"]))).derive(b""), wrapped)


@fault(
    "takes-what-is-encrypted-for-it-as-signed",
    breaks="JWT-32",
    algorithm="RS256",
    reference="CVE-2023-51774",
    harm="Anybody encrypts a token of his own for the key that the server publishes.",
)
class DecryptsWithItsKey(_Decrypts):
    def content_key(self, header: Mapping[str, Json], wrapped: bytes) -> bytes:
        key: bytes = self.key.signing.decrypt(wrapped, OAEP(MGF1(SHA1()), SHA1(), None))  # noqa: S303  # RFC 7518 section 4.3 has it so
        return key


# Input that is no token


@fault(
    "fails-on-very-many-parts",
    breaks="JWT-45",
    reference="CVE-2025-30204",
    harm="Anybody makes the server work, and fail, with a header of periods.",
)
class FailsOnManyParts(Guard):
    def credential_of(self, call: Call) -> str | None:
        if any(value.count(".") > 1000 for value in call.header_values("authorization")):
            raise Refusal(500, "Something went wrong.")
        return super().credential_of(call)


@fault(
    "fails-on-a-long-token",
    breaks="JWT-45",
    reference="CWE-770",
    harm="Anybody makes the server fail with a long header.",
)
class FailsOnALongToken(Guard):
    def credential_of(self, call: Call) -> str | None:
        if any(len(value) > 20_000 and value.count(".") == 2 for value in call.header_values("authorization")):
            raise Refusal(500, "Something went wrong.")
        return super().credential_of(call)


class _FailsOnAPart(Tokens):
    """Fails where a part cannot be read."""

    def fails_on(self, part: bytes) -> bool:
        """True for such a part."""
        raise NotImplementedError

    def object_of(self, part: str) -> Mapping[str, Json]:
        try:
            raw = base64url.decode(part)
        except ValueError:
            return super().object_of(part)
        if self.fails_on(raw):
            raise Refusal(500, "Something went wrong.")
        return super().object_of(part)


@fault(
    "fails-on-a-header-that-is-no-object",
    breaks="JWT-46",
    also=("DOC-02", "ERR-07"),  # no document has it, and nothing should make a server fail
    reference="RFC 8725 §3.7",
    harm="Anybody fills the log with failures, in which those that matter are lost.",
)
class FailsOnAList(_FailsOnAPart):
    def fails_on(self, part: bytes) -> bool:
        return part.startswith(b"[]")


@fault(
    "fails-on-deep-nesting",
    breaks="JWT-46",
    also=("DOC-02", "ERR-07"),  # as above
    reference="CWE-755",
    harm="Anybody exhausts the server's stack with a short header.",
)
class FailsOnDepth(_FailsOnAPart):
    def fails_on(self, part: bytes) -> bool:
        return part.count(b"[") > 500


@fault(
    "fails-on-text-that-is-no-utf-8",
    breaks="JWT-46",
    also=("DOC-02", "ERR-07"),  # as above
    reference="RFC 7519 §7.2",
    harm="Anybody makes the server fail with three bytes.",
)
class FailsOnBytes(_FailsOnAPart):
    def fails_on(self, part: bytes) -> bool:
        return part.startswith(b"\xff")


# What a refusal tells


class _Tells(Guard):
    def secret(self, token: str) -> str:
        """What is told of a token that is refused."""
        raise NotImplementedError

    def authenticate(self, token: str, operation: Operation) -> Caller:
        try:
            return super().authenticate(token, operation)
        except InvalidToken:
            if token.count(".") != 2 or token.endswith(base64url.encode(self.right_signature(token))):
                raise
            refusal = self.invalid_token()
            raise Refusal(refusal.status, f"{refusal.message} {self.secret(token)}", headers=refusal.headers) from None

    def right_signature(self, token: str) -> bytes:
        """The signature that would have been accepted."""
        return self._state.tokens.key.sign(".".join(token.split(".")[:2]).encode())


@fault(
    "tells-the-signature-that-it-wanted",
    breaks="JWT-49",
    also=("PAT-02",),
    reference="CVE-2019-7644",
    harm="Anybody asks the server for the signature of his token, and sends it again.",
)
class TellsTheSignature(_Tells):
    def secret(self, token: str) -> str:
        return f"Expected {base64url.encode(self.right_signature(token))}."


@fault(
    "tells-the-signature-that-it-wanted-in-hexadecimal",
    breaks="JWT-49",
    reference="CWE-209",
    harm="Anybody asks the server for the signature of his token, writes it in another way, and sends it again.",
)
class TellsTheSignatureInHex(_Tells):
    def secret(self, token: str) -> str:
        return f"Expected {self.right_signature(token).hex()}."


@fault(
    "tells-where-its-key-is",
    breaks="JWT-49",
    reference="OWASP ASVS 5.0 16.5.1",
    harm="Who finds another hole knows which file to read.",
)
class TellsTheFile(_Tells):
    def secret(self, token: str) -> str:
        return "Verification with /srv/api/keys/signing.pem failed."


@fault(
    "looks-at-the-expiry-before-the-signature",
    breaks="JWT-50",
    reference="CVE-2024-51744",
    harm="Whoever asks only whether a token is expired takes one for good that nobody signed.",
)
class LooksAtTheExpiryFirst(Tokens):
    def signed_claims(self, token: str) -> Mapping[str, Json]:
        try:
            return super().signed_claims(token)
        except InvalidToken:
            claims = self.object_of(f"{token}..".split(".")[1])
            names = self._rules.claims_meaning(Meaning.EXPIRES_AT)
            if not all(isinstance(at := claims.get(name), int) and at < self._clock.now() for name in names):
                raise
            return {**claims, **dict.fromkeys(names, int(self._clock.now()) + 60)}


@fault(
    "renews-a-session-that-is-over-by-its-token-alone",
    breaks="JWT-50",
    also=("REFRESH-14",),
    reference="RFC 7515 §5.2",
    harm="Anybody writes a refresh token that looks expired, and gets a new session for it.",
)
class RenewsExpired(Flows):
    def refresh(self, application: Application, request: Request) -> Answer:
        token = self.refresh_token_of(application, request) or ""
        try:
            claims = json.loads(base64url.decode(token.split(".")[1]))
            expired = any(claims[name] < self._state.clock.now() for name in self._state.contract.tokens.claims_meaning(Meaning.EXPIRES_AT))
            account = self._state.accounts.find(self._state.tokens.content_of(claims).account_key) if expired else None
        except (ValueError, IndexError, KeyError, InvalidToken):
            account = None
        return self.start_session(application, account, request) if account else super().refresh(application, request)
