"""Every minted token is rightly signed, and wrong in what it says alone."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from authproof.forge import minted
from authproof.forge.compact import Variants, claims_of, header_of
from authproof.forge.minted import Mint
from authproof.keys import unpacked
from authproof_spec.contract import Meaning, TokenRules
from authproof_spec.pointer import Json
from tests.conformance.forge.conftest import CLAIMS, EVERY_ALGORITHM, key_of, token_of

NOW = 1_700_000_100.0
MEANINGS = {
    "iss": Meaning.ISSUER,
    "aud": Meaning.AUDIENCE,
    "sub": Meaning.ACCOUNT,
    "userId": Meaning.ACCOUNT,
    "iat": Meaning.ISSUED_AT,
    "exp": Meaning.EXPIRES_AT,
    "jti": Meaning.IDENTIFIER,
}
STRANGER: dict[str, Json] = {"sub": "2", "userId": 2}
AUDIENCE = frozenset({"admin", "access"})


def mint_of(algorithm: str = "HS256", **claims: Json) -> Mint:
    rules = TokenRules(algorithm, MEANINGS, issuer="https://api.example.test")
    return Mint(rules, key_of(algorithm), {"typ": "JWT", "kid": "k1", "alg": algorithm}, {**CLAIMS, **claims}, NOW)


CHANGED: dict[str, tuple[Callable[[Mint], Variants], set[str]]] = {
    "correct": (minted.correct, {"exp"}),
    "expired": (minted.expired, {"exp", "iat"}),
    "without_expiry": (lambda mint: mint.lacking(Meaning.EXPIRES_AT), {"exp"}),
    "odd_expiries": (minted.odd_expiries, {"exp"}),
    "not_yet": (minted.not_yet, {"nbf"}),
    "issued_later": (minted.issued_later, {"iat", "exp"}),
    "issuers": (minted.issuers, {"iss"}),
    "audiences": (lambda mint: minted.audiences(mint, AUDIENCE, ["survey", "access"]), {"aud"}),
    "accounts": (lambda mint: minted.accounts(mint, STRANGER), {"sub", "userId"}),
    "privileges": (lambda mint: minted.privileges(mint, {"users:browse"}), {"permissions", "scope", "roles", "role", "isAdmin"}),
}


@pytest.mark.parametrize("algorithm", EVERY_ALGORITHM)
@pytest.mark.parametrize("name", CHANGED)
def test_nothing_but_the_tested_claims_is_wrong(name: str, algorithm: str) -> None:
    forge, expected = CHANGED[name]
    mint = mint_of(algorithm)
    variants = forge(mint)
    assert len(set(variants.values())) == len(variants) >= 1
    for variant, token in variants.items():
        assert mint.key.signed(token), variant
        assert header_of(token) == mint.header
        claims = claims_of(token)
        changed = {claim for claim in {**claims, **CLAIMS} if claims.get(claim, "absent") != CLAIMS.get(claim, "absent")}
        assert changed, variant
        assert changed <= expected, variant


@pytest.mark.parametrize("algorithm", EVERY_ALGORITHM)
def test_header_forgeries_are_rightly_signed_and_keep_the_claims(algorithm: str) -> None:
    mint = mint_of(algorithm)
    for token in minted.critical(mint).values():
        assert mint.key.signed(token)
        assert claims_of(token) == CLAIMS
        assert header_of(token)["crit"] == ["x-authproof"]
    over_encoded, over_plain = minted.unencoded(mint).values()
    assert mint.key.signed(over_encoded)
    assert not mint.key.signed(over_plain)
    (nested,) = minted.nested(mint).values()
    assert mint.key.signed(nested)
    assert mint.key.signed(unpacked(nested.split(".")[1]).decode())


def test_other_algorithms_are_those_of_the_same_key() -> None:
    found = {algorithm: set(minted.other_algorithms(mint_of(algorithm))) for algorithm in EVERY_ALGORITHM}
    assert found["HS256"] == {"HS384", "HS512"}
    assert found["RS384"] == {"RS256", "RS512", "PS256"}
    assert found["PS256"] == {"PS384", "PS512", "RS256"}
    assert found["ES256"] == found["EdDSA"] == set()
    for name, token in minted.other_algorithms(mint_of("RS256")).items():
        public = key_of("RS256").public
        assert header_of(token)["alg"] == name
        assert public is not None
        assert public.verifies(name, token)


def test_a_duplicate_stands_twice_in_both_orders() -> None:
    mint = mint_of()
    for name, token in minted.duplicates(mint, ["survey", "access"]).items():
        assert mint.key.signed(token)
        part = token.split(".")[0 if name.startswith("alg") else 1]
        members = json.loads(unpacked(part), object_pairs_hook=list)
        names = [member for member, _ in members]
        assert len(names) == len(set(names)) + 1
        last_wins = dict(members)
        right = mint.header if name.startswith("alg") else CLAIMS
        assert (last_wins == right) is ("the right one" in name)


def test_an_expired_token_is_expired_beyond_every_tolerance_and_was_once_good() -> None:
    (token,) = minted.expired(mint_of()).values()
    claims = claims_of(token)
    expires, issued = claims["exp"], claims["iat"]
    assert isinstance(expires, int)
    assert isinstance(issued, int)
    assert expires <= NOW - 300
    assert expires - issued == 900


def test_no_audience_that_is_tried_holds_the_right_one() -> None:
    mint = mint_of()
    for right in (AUDIENCE, frozenset({"api"})):
        for name, token in minted.audiences(mint, right, ["authproof.invalid"]).items():
            audience = claims_of(token).get("aud")
            assert not (isinstance(audience, list) and right <= {entry for entry in audience if isinstance(entry, str)}), name
            assert audience != "api"


def test_what_the_contract_does_not_name_is_not_tried() -> None:
    mint = Mint(TokenRules("HS256", {}), key_of("HS256"), {"alg": "HS256"}, {"n": 1}, NOW)
    for variants in (
        minted.expired(mint),
        minted.odd_expiries(mint),
        minted.issuers(mint),
        minted.audiences(mint, AUDIENCE, ["x"]),
        minted.accounts(mint, {}),
        minted.mismatches(mint, {}),
        minted.issued_later(mint),
        mint.lacking(Meaning.EXPIRES_AT),
    ):
        assert variants == {}
    assert token_of("HS256") not in minted.correct(mint_of()).values()
