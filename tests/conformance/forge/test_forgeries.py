"""No forgery is the token that it was made from, and none is one that a right server takes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproof.forge import form, header, signature
from authproof.forge.compact import Variants, claims_of, encode, header_of, signed
from authproof.keys import Key, packed, secret_key, unpacked
from tests.conformance.forge.conftest import CLAIMS, EVERY_ALGORITHM, key_of, token_of

COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=8), lambda inner: st.lists(inner, max_size=3), max_leaves=5)
CLAIM_SETS = st.dictionaries(st.text(max_size=8), JSON, max_size=5)

FORGERIES: dict[str, Callable[[str, str], Variants]] = {
    "unsigned": lambda token, _: signature.unsigned(token),
    "unsigned_variants": lambda token, _: signature.unsigned_variants(token),
    "unsigned_with_signature": lambda token, _: signature.unsigned_with_signature(token),
    "removed": lambda token, _: signature.removed(token),
    "changed": lambda token, _: signature.changed(token),
    "resized": lambda token, _: signature.resized(token),
    "header_changed": lambda token, _: signature.header_changed(token),
    "expired_and_forged": lambda token, _: signature.expired_and_forged(token, ["exp"], 1_800_000_000),
    "by_other_key": signature.by_other_key,
    "by_trivial_key": signature.by_trivial_key,
    "degenerate": signature.degenerate,
    "respelled": lambda token, _: signature.respelled(token),
    "key_identifiers": header.key_identifiers,
    "embedded_keys": lambda token, algorithm: header.embedded_keys(token, algorithm, header.own_key(algorithm)),
    "key_urls": lambda token, algorithm: header.key_urls(token, header.own_key(algorithm), "api.example.test"),
    "certificate_chains": lambda token, algorithm: header.certificate_chains(token, header.own_key(algorithm)),
    "extended": lambda token, _: form.extended(token),
    "serialised": lambda token, _: form.serialised(token, {"exp": 1_900_000_000}),
    "encrypted": lambda token, _: form.encrypted(token),
    "malformed": lambda token, _: form.malformed(token),
    "oversized": lambda token, _: form.oversized(token),
}


def is_good(token: str, key: Key) -> bool:
    """What a right server asks of a token's form and signature."""
    parts = COMPACT.fullmatch(token)
    if parts is None or any(len(part) % 4 == 1 or packed(unpacked(part)) != part for part in parts.groups()):
        return False
    try:
        head, claims = (json.loads(unpacked(part)) for part in parts.groups()[:2])
    except (ValueError, RecursionError):
        return False
    known = isinstance(head, dict) and head.get("alg") == key.algorithm and not head.keys() & {"crit"}
    return known and isinstance(claims, dict) and key.signed(token)


@pytest.mark.parametrize("algorithm", EVERY_ALGORITHM)
@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_is_another_token_and_no_good_one(name: str, algorithm: str) -> None:
    token, key = token_of(algorithm), key_of(algorithm)
    assert is_good(token, key)
    variants = FORGERIES[name](token, algorithm)
    assert variants
    assert token not in variants.values()
    assert len(set(variants.values())) == len(variants)
    assert not [variant for variant, forged in variants.items() if is_good(forged, key)]


@given(claims=CLAIM_SETS, secret=st.binary(min_size=1))
def test_a_forged_signature_leaves_the_claims_as_they_are(claims: dict[str, object], secret: bytes) -> None:
    key = secret_key("HS256", secret)
    token = signed({"typ": "JWT"}, encode(claims), key)  # type: ignore[arg-type]
    for forge in (signature.unsigned, signature.unsigned_variants, signature.changed, signature.resized, signature.header_changed, signature.removed):
        for forged in forge(token).values():
            assert claims_of(forged) == claims
            assert not is_good(forged, key)
    for forged in signature.respelled(token).values():
        assert forged != token
        assert not is_good(forged, key)


@given(claims=CLAIM_SETS, change=CLAIM_SETS)
def test_changed_claims_are_those_asked_for_and_never_the_same(claims: dict[str, object], change: dict[str, object]) -> None:
    key = secret_key("HS256", b"key")
    token = signed({"typ": "JWT"}, encode(claims), key)  # type: ignore[arg-type]
    forged = signature.claims_changed(token, {"x": change})  # type: ignore[dict-item]
    if {**claims, **change} == claims:
        assert not forged
    else:
        assert claims_of(forged["x"]) == {**claims, **change}
        assert not is_good(forged["x"], key)


@pytest.mark.parametrize("algorithm", EVERY_ALGORITHM)
def test_one_bit_of_the_signature_is_changed(algorithm: str) -> None:
    token = token_of(algorithm)
    before, after = (unpacked(text.rpartition(".")[2]) for text in (token, signature.changed(token)[""]))
    assert len(before) == len(after)
    assert sum((one ^ other).bit_count() for one, other in zip(before, after, strict=True)) == 1


@pytest.mark.parametrize("algorithm", EVERY_ALGORITHM)
def test_a_respelled_signature_is_the_same_to_a_lenient_reader(algorithm: str) -> None:
    token = token_of(algorithm)
    right = unpacked(token.rpartition(".")[2])
    for name, forged in signature.respelled(token).items():
        text = forged.rpartition(".")[2].rstrip("=").replace("+", "-").replace("/", "_")
        assert unpacked(text) == right, name


@pytest.mark.parametrize("algorithm", [name for name in EVERY_ALGORITHM if not name.startswith("HS")])
def test_a_public_key_is_used_as_a_secret_in_every_form(algorithm: str) -> None:
    token, public = token_of(algorithm), key_of(algorithm).public
    assert public is not None
    forged = signature.by_public_key(token, public)
    assert len(set(forged.values())) == len(forged) >= 10
    for name, form_of_key in public.forms():
        assert secret_key("HS256", form_of_key).signed(forged[name])
        assert header_of(forged[name])["alg"] == "HS256"
        assert claims_of(forged[name]) == CLAIMS


def test_trivial_secrets_sign_by_the_algorithm_that_is_expected() -> None:
    for algorithm in ("HS256", "HS384", "HS512"):
        assert {header_of(forged)["alg"] for forged in signature.by_trivial_key(token_of(algorithm), algorithm).values()} == {algorithm}


def test_the_orders_of_the_curves_are_right() -> None:
    from cryptography.hazmat.primitives.asymmetric import ec

    for algorithm, curve in (("ES256", ec.SECP256R1()), ("ES384", ec.SECP384R1()), ("ES512", ec.SECP521R1())):
        forged = signature.degenerate(token_of(algorithm), algorithm)[f"{algorithm}: r and s are the order"]
        raw = unpacked(forged.rpartition(".")[2])
        order = int.from_bytes(raw[: len(raw) // 2], "big")
        # No number of a private key may be as large as the order; the one below it is the largest.
        ec.derive_private_key(order - 1, curve)
        with pytest.raises(ValueError, match=r".*"):
            ec.derive_private_key(order, curve)


@pytest.mark.parametrize("algorithm", EVERY_ALGORITHM)
def test_an_embedded_key_verifies_the_token_that_brings_it(algorithm: str) -> None:
    import jwt

    own = header.own_key(algorithm)
    forged = header.embedded_keys(token_of(algorithm), algorithm, own)["a public key"]
    head = header_of(forged)
    decoded = jwt.decode(forged, jwt.PyJWK(head["jwk"]).key, algorithms=[str(head["alg"])], options={"verify_exp": False, "verify_aud": False})  # type: ignore[arg-type]
    assert decoded == CLAIMS


@pytest.mark.parametrize("algorithm", ["HS256", "RS256", "ES384", "EdDSA"])
def test_a_certificate_verifies_the_token_that_brings_it(algorithm: str) -> None:
    import base64

    import jwt
    from cryptography.x509 import load_der_x509_certificate

    own = header.own_key(algorithm)
    for forged in header.certificate_chains(token_of(algorithm), own).values():
        chain = header_of(forged)["x5c"]
        assert isinstance(chain, list)
        certificates = [load_der_x509_certificate(base64.b64decode(str(entry))) for entry in chain]
        for certificate, issuer in zip(certificates, [*certificates[1:], certificates[-1]], strict=True):
            certificate.verify_directly_issued_by(issuer)
        options = {"verify_exp": False, "verify_aud": False}
        assert jwt.decode(forged, certificates[0].public_key(), algorithms=[own.algorithm], options=options) == CLAIMS  # type: ignore[arg-type]


def test_no_url_of_a_header_leads_to_a_host_that_exists() -> None:
    for forged in header.key_urls(token_of("HS256"), header.own_key("HS256"), "api.example.test").values():
        url = str(header_of(forged).get("jku") or header_of(forged).get("x5u"))
        assert url.startswith("data:") or re.fullmatch(r"https://(api\.example\.test@)?authproof\.invalid/.*", url)


def test_what_is_encrypted_can_be_decrypted() -> None:
    from joserfc import jwe
    from joserfc.jwk import OctKey, RSAKey

    forged = form.encrypted(token_of("HS256"))
    assert (
        json.loads(jwe.decrypt_compact(forged["a key of zeros"], OctKey.import_key(bytes(16)), algorithms=["dir", "A128GCM"]).plaintext or b"")
        == CLAIMS
    )
    public = key_of("RS256").public
    assert public is not None
    private = RSAKey.import_key(key_of("RS256").pem())
    sealed = form.encrypted_to(token_of("RS256"), public)
    opened = [jwe.decrypt_compact(text, private, algorithms=["RSA-OAEP", "A256GCM"]).plaintext or b"" for text in sealed.values()]
    assert json.loads(opened[0]) == CLAIMS
    assert opened[1].decode() == signature.unsigned(token_of("RS256"))[""]
    iterations = header_of(forged["an empty password"])["p2c"]
    assert isinstance(iterations, int)
    assert iterations <= 1000, "a large count is a denial of service"


def test_a_malformed_part_is_the_only_thing_wrong() -> None:
    token = token_of("HS256")
    for name, forged in form.malformed(token).items():
        changed = [index for index, (one, other) in enumerate(zip(token.split("."), forged.split("."), strict=True)) if one != other]
        assert changed == [0 if name.startswith("header") else 1], name


def test_oversized_tokens_are_of_the_size_they_say() -> None:
    sizes = {name: len(token) for name, token in form.oversized(token_of("HS256")).items()}
    assert 6_500 < sizes["7 KB"] < 7_500
    assert 55_000 < sizes["60 KB"] < 62_000
    assert sizes["10,000 periods"] == 10_000
