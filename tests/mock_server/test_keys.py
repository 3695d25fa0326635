from __future__ import annotations

import json

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from authproof_mock.keys import SigningKeyError, new_key, read_key

ASYMMETRIC = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]


def pem(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512", *ASYMMETRIC])
def test_each_algorithm_signs_and_verifies(algorithm: str) -> None:
    key = new_key(algorithm)
    signature = key.sign(b"message")
    assert key.verifies(b"message", signature)
    assert not key.verifies(b"massage", signature)
    assert not key.verifies(b"message", signature[:-1])
    assert not key.verifies(b"message", b"")


@pytest.mark.parametrize(("algorithm", "length"), [("HS256", 32), ("HS384", 48), ("HS512", 64)])
def test_a_secret_is_as_long_as_its_hash(algorithm: str, length: int) -> None:
    assert len(new_key(algorithm).signing) == length


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
def test_the_public_key_shows_nothing_private_and_verifies_elsewhere(algorithm: str) -> None:
    key = new_key(algorithm)
    assert key.public_jwk is not None
    assert not {"d", "p", "q", "dp", "dq", "qi", "oth", "k"} & key.public_jwk.keys()
    assert {"alg", "kid", "kty", "use"} <= key.public_jwk.keys()
    token = jwt.encode({"sub": "1"}, key.signing, algorithm=algorithm)
    assert jwt.decode(token, jwt.PyJWK.from_json(json.dumps(key.public_jwk)), algorithms=[algorithm]) == {"sub": "1"}


def test_a_secret_has_no_public_half() -> None:
    assert new_key("HS256").public_jwk is None
    assert new_key("HS256").identifier is None


@pytest.mark.parametrize("algorithm", ["ES256", "ES384", "EdDSA", "RS256", "PS256"])
def test_a_given_key_is_used(algorithm: str) -> None:
    curves = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1()}
    private = (
        ec.generate_private_key(curves[algorithm])
        if algorithm in curves
        else ed25519.Ed25519PrivateKey.generate()
        if algorithm == "EdDSA"
        else rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )
    first, second = read_key(algorithm, pem(private)), read_key(algorithm, pem(private))
    assert second.verifies(b"x", first.sign(b"x"))
    assert first.identifier == second.identifier


def test_a_given_secret_is_used_as_it_is() -> None:
    assert read_key("HS256", "geheim").signing == b"geheim"


@pytest.mark.parametrize(
    ("algorithm", "text"),
    [
        ("RS256", "no key"),
        ("RS256", pem(ec.generate_private_key(ec.SECP256R1()))),
        ("ES256", pem(ec.generate_private_key(ec.SECP384R1()))),
        ("ES256", pem(ed25519.Ed25519PrivateKey.generate())),
        ("EdDSA", pem(ec.generate_private_key(ec.SECP256R1()))),
        ("HS256", ""),
    ],
)
def test_a_key_that_does_not_fit_is_refused_with_a_remedy(algorithm: str, text: str) -> None:
    with pytest.raises(SigningKeyError, match="Mend:"):
        read_key(algorithm, text)
