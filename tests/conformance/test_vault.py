"""No secret survives the recording, however it is spelled."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus

import jwt
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from authproof.exchange import Exchange, Probe, Request, Response
from authproof.vault import Vault, decode, variables

TOKEN = jwt.encode({"sub": "1"}, "a secret that is long enough for this", algorithm="HS256")


@given(st.text(st.characters(codec="utf-8"), min_size=8).filter(lambda text: not set(text) <= set("${}PASWORD_1.")), st.text(max_size=20))
@example('quoted " and \\ and / and é', "")
@example("with+plus and space&amp;=", "?x=")
def test_a_secret_is_replaced_in_every_spelling(secret: str, around: str) -> None:
    vault = Vault()
    vault.add(secret, "password")
    for spelling in (secret, json.dumps(secret), quote(secret, safe=""), quote_plus(secret)):
        redacted = vault.redact(f"{around}{spelling}{around}")
        assert "${PASSWORD_1}" in redacted


@pytest.mark.parametrize("short", ["x", "123456", "hunter2"])
def test_a_short_secret_is_replaced_where_it_is_a_whole_value(short: str) -> None:
    vault = Vault()
    vault.add(short, "code")
    assert vault.redact(json.dumps({"code": short})) == '{"code": "${CODE_1}"}'
    assert vault.redact(f"code={short}&x=1") == "code=${CODE_1}&x=1"
    assert vault.redact("the exact words of 1234567 hunter22") == "the exact words of 1234567 hunter22"


def test_one_value_has_one_name() -> None:
    vault = Vault()
    assert vault.add("the first secret", "password") == vault.add("the first secret", "token") == "${PASSWORD_1}"
    assert vault.add("the second secret", "password") == "${PASSWORD_2}"


def test_a_token_that_nobody_named_is_replaced_too() -> None:
    vault = Vault()
    assert vault.redact(f"Bearer {TOKEN}!") == "Bearer ${JWT_1}!"
    assert vault.facts["JWT_1"].claims == {"sub": "1"}


def test_a_signature_alone_is_a_secret() -> None:
    vault = Vault()
    vault.add(TOKEN, "access_token")
    redacted = vault.redact(f"expected {TOKEN.rpartition('.')[2]}")
    assert redacted == "expected ${ACCESS_TOKEN_1.signature}"
    assert variables(redacted) == ("ACCESS_TOKEN_1",)


def test_a_secret_within_a_longer_one_does_not_break_it() -> None:
    vault = Vault()
    vault.add("short secret", "password")
    vault.add("a short secret and more", "token")
    assert vault.redact("a short secret and more, short secret") == "${TOKEN_1}, ${PASSWORD_1}"


def test_every_part_of_an_exchange_is_redacted() -> None:
    vault = Vault()
    vault.add("the secret value", "token")
    request = Request("POST", "/x?t=the%20secret%20value", (("Authorization", "Bearer the secret value"),), b'{"a": "the secret value"}')
    response = Response(200, (("Set-Cookie", "a=the secret value"),), b"\xff the secret value")
    redacted = vault.redact_exchange(Exchange(1, Probe("p", request), response, None))
    assert redacted.response
    everything = repr(redacted)
    assert "the secret value" not in everything
    assert "the%20secret" not in everything
    assert redacted.response.body == b"\xff ${TOKEN_1}"
    assert "the secret value" not in repr(vault.redact_exchange(Exchange(1, Probe("p", request), None, "reset by the secret value")))


@pytest.mark.parametrize("before", [990, 995, 1000, 1005, 5000])
def test_of_a_very_long_request_the_beginning_is_kept_and_no_part_of_a_secret(before: int) -> None:
    vault = Vault()
    vault.add("0123456789", "token")
    body = b"x" * before + b"0123456789" + b"x" * 30_000
    redacted = vault.redact_exchange(Exchange(1, Probe("p", Request("POST", "/", (), body)), None))
    kept = redacted.probe.request.body or b""
    assert len(kept) < 1100
    assert kept.endswith(b"... (%d bytes)" % len(body))
    assert not any(digit in kept.partition(b"...")[0].replace(b"${TOKEN_1}", b"") for digit in b"0123456789")


def test_how_unlike_opaque_secrets_of_a_kind_are() -> None:
    vault = Vault()
    for value in ("session-0001", "session-0002", "quite other", "session-00029"):
        vault.add(value, "refresh_token")
    vault.add("session-0002x", "challenge")
    vault.add("eyJhbGciOiJub25lIn0.e30.abcdefgh", "refresh_token")
    assert [fact.unlike for fact in vault.facts.values()] == [None, 1, 12, 1, None, None]


@pytest.mark.parametrize("claims", [b'{"sub": "\\ud800"}', b"[1]", b"{", b"\xff", b"[" * 100_000])
def test_claims_that_no_report_could_hold_are_not_read(claims: bytes) -> None:
    header, payload = (base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (b'{"alg": "HS256"}', claims))
    assert decode(f"{header}.{payload}.AA") == ({"alg": "HS256"}, None)
