from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproof_mock.clock import Clock
from authproof_mock.keys import new_key
from authproof_mock.tokens import InvalidToken, Purpose, Tokens
from authproof_spec import Contract

NOW = 1_800_000_000
GOOD: dict[str, Any] = {
    "iss": "https://api.example.test",
    "aud": ["admin", "access"],
    "sub": "1",
    "userId": "1",
    "iat": NOW,
    "exp": NOW + 60,
    "jti": "one",
}
MISSING = "(missing)"
BAD_EXPIRIES: list[Any] = [NOW, NOW - 1, -1, 0, "9999999999", None, True, [NOW + 60], {}]
BAD_SUBJECTS: list[Any] = [None, True, ["1"], {}, 1.0, 1]


@pytest.fixture
def tokens(contract: Contract, clock: Clock) -> Tokens:
    return Tokens(contract, clock, new_key("HS256"))


def part(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def signed(tokens: Tokens, header: bytes, payload: bytes) -> str:
    message = f"{part(header)}.{part(payload)}"
    return f"{message}.{part(hmac.digest(tokens.key.signing, message.encode(), hashlib.sha256))}"


def token_of(tokens: Tokens, header: dict[str, Any] | None = None, **claims: Any) -> str:
    """A validly signed token with the good claims, some of them changed or left out."""
    kept = {name: value for name, value in {**GOOD, **claims}.items() if value != MISSING}
    return signed(tokens, json.dumps({"alg": "HS256", "typ": "JWT"} if header is None else header).encode(), json.dumps(kept).encode())


def test_a_minted_token_says_what_the_contract_wants(tokens: Tokens) -> None:
    kind = tokens.type_of("admin", Purpose.ACCESS)
    token = tokens.mint(kind, "1", "family.token", NOW + 900)
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "typ": "JWT"}
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims == {
        "iss": "https://api.example.test",
        "aud": ["access", "admin"],
        "sub": "1",
        "userId": "1",
        "iat": NOW,
        "exp": NOW + 900,
        "jti": "family.token",
    }
    content = tokens.verify(token)
    assert (content.type, content.identifier, content.account_key) == (kind, "family.token", "1")


@pytest.mark.parametrize(
    ("application", "purpose"),
    [("admin", Purpose.ACCESS), ("admin", Purpose.REFRESH), ("admin", Purpose.PERSONAL), ("survey", Purpose.ACCESS), ("survey", Purpose.REFRESH)],
)
def test_each_kind_is_told_from_the_others(tokens: Tokens, application: str, purpose: Purpose) -> None:
    kind = tokens.type_of(application, purpose)
    assert tokens.verify(tokens.mint(kind, "1", "x", NOW + 60)).type is kind


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"aud": ["access", "admin"]},
        {"aud": ["admin", "access", "admin"]},
        {"exp": NOW + 0.5},
        {"nbf": NOW},
        {"nbf": 0},
        {"roles": ["root"]},
        {"iat": NOW - 1e9},
        {"jti": 7},
    ],
)
def test_what_is_accepted(tokens: Tokens, claims: dict[str, Any]) -> None:
    assert tokens.verify(token_of(tokens, **claims)).type.application == "admin"


@pytest.mark.parametrize(
    "claims",
    [
        *({name: MISSING} for name in GOOD),
        *({"iss": value} for value in (None, "", "https://api.example.test/", "HTTPS://api.example.test", ["https://api.example.test"], 1)),
        *(
            {"aud": value}
            for value in (
                [],
                "",
                None,
                "admin",
                ["admin"],
                ["access"],
                "admin,access",
                "admin access",
                ["Admin", "access"],
                [["admin", "access"]],
                ["survey", "admin", "access"],
                ["admin", "access", 1],
                {"admin": "access"},
            )
        ),
        *({"exp": value} for value in BAD_EXPIRIES),
        *({"iat": value} for value in (NOW + 1, "1", None, True)),
        *({"nbf": value} for value in (NOW + 1, "x", None, True, [0])),
        *({"sub": value, "userId": value} for value in BAD_SUBJECTS),
        {"sub": "1", "userId": "2"},
        *({"jti": value} for value in (None, True, ["one"], 1.5)),
    ],
    ids=str,
)
def test_claims_that_are_refused(tokens: Tokens, claims: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken):
        tokens.verify(token_of(tokens, **claims))


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"typ": "JWT"},
        *({"alg": value} for value in ("none", "None", "NONE", "hs256", "HS384", "HS512", "RS256", "HS256 ", "", None, 256, ["HS256"])),
        {"alg": "HS256", "crit": []},
        {"alg": "HS256", "crit": ["exp"]},
        {"alg": "HS256", "crit": ["b64"], "b64": False},
        {"alg": "HS256", "typ": "at+jwt"},
        {"alg": "HS256", "typ": None},
    ],
    ids=str,
)
def test_headers_that_are_refused(tokens: Tokens, header: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken):
        tokens.verify(token_of(tokens, header))


@pytest.mark.parametrize(
    "header",
    [{"alg": "HS256"}, {"alg": "HS256", "kid": "../../dev/null"}, {"alg": "HS256", "jwk": {"kty": "oct", "k": "AA"}, "jku": "https://evil.example"}],
)
def test_headers_that_do_not_steer_the_verifier(tokens: Tokens, header: dict[str, Any]) -> None:
    assert tokens.verify(token_of(tokens, header))


@pytest.mark.parametrize(
    ("header", "payload"),
    [
        (b'{"alg":"HS256","alg":"HS256"}', None),
        (b'{"alg":"none","alg":"HS256"}', None),
        (None, json.dumps(GOOD)[:-1].encode() + b', "exp": 9999999999}'),
        (b"[]", None),
        (b"null", None),
        (b'"x"', None),
        (b"{", None),
        (b"\xff", None),
        (b'\xef\xbb\xbf{"alg":"HS256"}', None),
        (b"[" * 50_000, None),
        (None, b"[]"),
        (None, b"null"),
        (None, b""),
        (None, b"\xff"),
        (None, b'{"exp": NaN}'),
        (None, json.dumps(GOOD)[:-1].encode() + b', "x": 1e400}'),
        (None, json.dumps(GOOD)[:-1].encode() + b', "x": ' + b"9" * 5000 + b"}"),
        (None, json.dumps(GOOD)[:-1].encode() + b', "x": ' + b"[" * 50_000 + b"}"),
    ],
)
def test_json_that_is_refused(tokens: Tokens, header: bytes | None, payload: bytes | None) -> None:
    with pytest.raises(InvalidToken):
        tokens.verify(signed(tokens, header or b'{"alg":"HS256"}', json.dumps(GOOD).encode() if payload is None else payload))


def test_another_spelling_of_the_same_signature_is_refused(tokens: Tokens) -> None:
    token = token_of(tokens)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    # 32 bytes take 43 characters, and the last one has two bits that stand for nothing.
    twin = token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1]
    assert base64.urlsafe_b64decode(twin.split(".")[2] + "=") == base64.urlsafe_b64decode(token.split(".")[2] + "=")
    for spelling in (twin, token + "=", token + "\n", token + ".", "." + token, f"{token}.{token}", token + " ", token + "\0"):
        with pytest.raises(InvalidToken):
            tokens.verify(spelling)


def test_signatures_that_are_refused(tokens: Tokens, contract: Contract, clock: Clock) -> None:
    token = token_of(tokens)
    head, body, tail = token.split(".")
    raw = base64.urlsafe_b64decode(tail + "=")
    forged = [b"", raw[:1], raw[:16], raw + raw, raw + b"\0", bytes([raw[0] ^ 1]) + raw[1:], b"\0" * 32]
    foreign = Tokens(contract, clock, new_key("HS256"))
    for other in [*(f"{head}.{body}.{part(signature)}" for signature in forged), f"{head}.{body}", token_of(foreign)]:
        with pytest.raises(InvalidToken):
            tokens.verify(other)


def test_times_are_compared_on_every_use(tokens: Tokens, clock: Clock) -> None:
    token = token_of(tokens)
    assert tokens.verify(token)
    clock.advance(59.9)
    assert tokens.verify(token)
    clock.advance(0.1)
    with pytest.raises(InvalidToken):
        tokens.verify(token)
    clock.advance(-61)
    with pytest.raises(InvalidToken):
        tokens.verify(token)


def test_a_token_is_verified_once_and_the_memory_of_it_is_bounded(tokens: Tokens, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []
    verifies = tokens.signature_is_valid

    def watched(message: bytes, signature: bytes) -> bool:
        seen.append(message)
        return verifies(message, signature)

    monkeypatch.setattr(tokens, "signature_is_valid", watched)
    token = token_of(tokens)
    for _ in range(3):
        tokens.verify(token)
    assert len(seen) == 1
    for number in range(2_000):
        tokens.verify(token_of(tokens, jti=str(number)))
    tokens.verify(token)
    assert len(seen) == 2_002


@given(st.text() | st.lists(st.binary(max_size=60), min_size=3, max_size=3).map(lambda parts: ".".join(map(part, parts))))
def test_no_text_raises_anything_else(contract: Contract, text: str) -> None:
    with pytest.raises(InvalidToken):
        Tokens(contract, Clock(), new_key("HS256")).verify(text)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*GOOD, "nbf"]), _json, max_size=3))
def test_no_signed_claims_raise_anything_else(contract: Contract, claims: dict[str, Any]) -> None:
    tokens = Tokens(contract, Clock(lambda: NOW), new_key("HS256"))
    try:
        content = tokens.verify(token_of(tokens, **claims))
    except InvalidToken:
        return
    assert content.type in tokens.types
    assert content.expires_at > NOW
