from __future__ import annotations

import base64

import pytest

from authproof.forge.compact import encode, signed
from authproof.forge.header import certificate
from authproof.keys import (
    ALGORITHMS,
    Key,
    algorithm_of,
    fresh_key,
    members,
    new_key,
    public_key_of,
    public_keys_in,
    secret_key,
    signing_key,
)
from authproof.known_secrets import key_that_signed, known_secrets
from authproof_mock.keys import new_key as new_mock_key
from authproof_spec.contract import TokenRules
from authproof_spec.pointer import Json

SECRET = b"\x00\x01secret of thirty-two bytes \xff\xfe\xfd"
ASYMMETRIC = sorted(name for name in ALGORITHMS if not name.startswith("HS"))


def token_by(key: Key) -> str:
    return signed({"typ": "JWT"}, encode({"sub": "1"}), key)


@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
def test_a_key_of_a_profile_is_found_to_have_signed(algorithm: str) -> None:
    text = new_key(algorithm)
    other = signing_key(text, algorithm, token_by(fresh_key(algorithm)))
    assert other is None
    own = secret_key(algorithm, text.encode()) if algorithm.startswith("HS") else None
    if own:
        assert signing_key(text, algorithm, token_by(own)) == own


@pytest.mark.parametrize(
    "text",
    [base64.b64encode(SECRET).decode(), base64.urlsafe_b64encode(SECRET).decode().rstrip("="), SECRET.hex(), f"{SECRET.hex()}\n"],
    ids=["base64", "base64url", "hex", "a file's last newline"],
)
def test_a_secret_may_be_given_as_what_encodes_it(text: str) -> None:
    key = signing_key(text, "HS256", token_by(secret_key("HS256", SECRET)))
    assert key is not None
    assert key.material == SECRET


@pytest.mark.parametrize("text", ["", "no key", "-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----\n"])
def test_a_text_that_is_no_key_signed_nothing(text: str) -> None:
    for algorithm in ("HS256", "RS256", "EdDSA"):
        assert signing_key(text, algorithm, token_by(fresh_key(algorithm))) is None
    assert signing_key(text, "HS256", "a.b.c!") is None


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
def test_the_public_half_is_read_from_a_key_set_from_pem_and_from_a_certificate(algorithm: str) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from cryptography.x509 import load_der_x509_certificate

    key = fresh_key(algorithm)
    token, public = token_by(key), key.public
    assert public is not None
    der = certificate(key)
    pem = public.value.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    from_pem = public_key_of(pem)
    from_certificate = public_key_of(load_der_x509_certificate(der).public_bytes(Encoding.PEM).decode())
    entry: dict[str, Json] = {**public.jwk, "kid": "1", "use": "sig", "x5c": [base64.b64encode(der).decode()]}
    noise: list[Json] = [{"kty": "oct", "k": "AAAA"}, {"kty": "RSA"}, {"kty": "unheard of"}, "no key"]
    (from_key_set,) = public_keys_in({"keys": [*noise, entry]})
    for found in (from_pem, from_certificate, from_key_set):
        assert found is not None
        assert found.verifies(algorithm, token)
        assert not found.verifies(algorithm, token_by(fresh_key(algorithm)))
    assert from_key_set.certificate is not None
    assert "PEM of the certificate" in dict(from_key_set.forms())


@pytest.mark.parametrize("answer", [None, [], "keys", {}, {"keys": None}, {"keys": {}}, {"keys": [1, "x", None]}])
def test_what_is_no_key_set_has_no_keys(answer: Json) -> None:
    assert members(answer) == ()
    assert public_keys_in(answer) == ()


@pytest.mark.parametrize("text", ["", "x", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----"])
def test_what_is_no_public_key_is_none(text: str) -> None:
    assert public_key_of(text) is None


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
def test_the_mocks_key_set_is_read(algorithm: str) -> None:
    key = new_mock_key(algorithm)
    (found,) = public_keys_in({"keys": [{**(key.public_jwk or {})}]})
    message = "e30.e30"
    signature = base64.urlsafe_b64encode(key.sign(message.encode())).decode().rstrip("=")
    assert found.verifies(algorithm, f"{message}.{signature}")


def test_the_algorithm_is_the_tokens_own_where_it_is_known() -> None:
    assert algorithm_of(token_by(fresh_key("HS512")), "HS256") == "HS512"
    assert algorithm_of(f"{encode({'alg': 'none'})}.e30.x", "HS256") == "HS256"
    assert algorithm_of("opaque", "RS256") == "RS256"


def test_an_algorithm_that_there_is_not_has_no_key() -> None:
    with pytest.raises(ValueError, match="no algorithm 'none'"):
        fresh_key("none")


def test_keys_are_not_shown() -> None:
    assert "material" not in repr(secret_key("HS256", b"hush"))
    assert TokenRules("HS256", {}).algorithm == "HS256"


@pytest.mark.parametrize("secret", ["your-256-bit-secret", "JWT_SECRET", "password"])
@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_a_known_secret_is_guessed(secret: str, algorithm: str) -> None:
    key = key_that_signed(token_by(secret_key(algorithm, secret.encode())), algorithm)
    assert key == secret_key(algorithm, secret.encode())


def test_other_secrets_are_not_guessed() -> None:
    assert key_that_signed(token_by(secret_key("HS256", SECRET)), "HS256") is None
    assert key_that_signed(token_by(fresh_key("ES256")), "ES256") is None


def test_the_list_has_each_secret_once_and_no_remark() -> None:
    secrets = known_secrets()
    assert len(secrets) == len(set(secrets)) > 300
    assert not [secret for secret in secrets if secret.startswith("# ") or secret != secret.strip()]
