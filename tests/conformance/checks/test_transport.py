"""TRANSPORT: what a right server may answer, and what decides nothing."""

from __future__ import annotations

import pytest

from authproof.exchange import Exchange, Handshake, Response
from authproof.verdict import Verdict
from tests.conformance.checks.building import JSON, answer, asked
from tests.conformance.checks.designs import BROKE_OFF, without
from tests.conformance.checks.recorded import PAGE, Recorded

LOGIN, ME = "POST /api/admin/auth/login", "GET /api/admin/user"
HTTPS = "https://api.example.com"
OLD = (Handshake("TLSv1", failure="alert protocol version"), Handshake("TLSv1.1", failure="alert protocol version"))
ANSWERED = asked("identity.control", ME, answer(200))
PASS, FAIL, WARN, SKIP, UNCLEAR = Verdict.PASS, Verdict.FAIL, Verdict.WARN, Verdict.SKIP, Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("url", "handshake", "verdict"),
    [
        (HTTPS, Handshake(None, "TLSv1.3"), PASS),
        (HTTPS, Handshake(None, failure="certificate has expired"), FAIL),
        (HTTPS, Handshake(None, failure="timed out", is_answer=False), UNCLEAR),
        ("http://api.example.com", Handshake(None, failure="wrong version number"), FAIL),
        ("http://api.example.com", Handshake(None, failure="connection refused", is_answer=False), FAIL),
    ],
)
def test_the_certificate(url: str, handshake: Handshake, verdict: Verdict) -> None:
    assert Recorded(url, (handshake,)).judge("TRANSPORT-01", LOGIN, [ANSWERED]).verdict is verdict


def test_without_a_handshake_nothing_was_seen() -> None:
    assert Recorded(HTTPS).judge("TRANSPORT-01", LOGIN, [ANSWERED]).verdict is UNCLEAR
    assert Recorded(HTTPS).judge("TRANSPORT-05", LOGIN, [ANSWERED]).verdict is UNCLEAR


@pytest.mark.parametrize(
    ("handshakes", "verdict"),
    [
        (OLD, PASS),
        ((OLD[0], Handshake("TLSv1.1", "TLSv1.1")), FAIL),
        ((OLD[0], Handshake("TLSv1.1", failure="the TLS library of this machine does not offer it", is_answer=False)), UNCLEAR),
    ],
)
def test_old_versions(handshakes: tuple[Handshake, ...], verdict: Verdict) -> None:
    assert Recorded(HTTPS, handshakes).judge("TRANSPORT-05", LOGIN, [ANSWERED]).verdict is verdict


def test_old_versions_prove_nothing_of_a_target_that_refuses_new_ones_too() -> None:
    assert Recorded(HTTPS, OLD).judge("TRANSPORT-05", LOGIN, [asked("identity.control", ME, None)]).verdict is UNCLEAR


CHALLENGE = ("WWW-Authenticate", "Bearer")


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        (None, PASS),
        (answer(400, b"<html>", PAGE), PASS),
        (answer(403), PASS),
        (answer(404, b"<html>", PAGE), PASS),
        (answer(426), PASS),
        (answer(300, b"", ("Location", "https://api.example.com/api/admin/user")), WARN),
        (answer(300), UNCLEAR),
        (answer(399), UNCLEAR),
        (answer(400, b"", ("Location", "https://api.example.com/")), PASS),
        (answer(301, b"", ("Location", "https://api.example.com/api/admin/user")), WARN),
        (answer(308, b"", ("location", "HTTPS://api.example.com/")), WARN),
        (answer(302, b"", ("Location", "http://api.example.com/login")), UNCLEAR),
        (answer(401, b"{}", JSON, CHALLENGE), FAIL),
        (answer(200), FAIL),
        (answer(200, b"<html>It works", PAGE), UNCLEAR),
        (answer(401, b"<html>", PAGE, ("WWW-Authenticate", "Basic")), UNCLEAR),
    ],
)
def test_plain_http(response: Response | None, verdict: Verdict) -> None:
    assert Recorded(HTTPS).judge("TRANSPORT-02", LOGIN, [asked("transport.plain", None, response, plain=True)]).verdict is verdict


HSTS = "Strict-Transport-Security"


@pytest.mark.parametrize(
    ("response", "verdict"),
    [(None, PASS), (answer(301), PASS), (answer(301, b"", (HSTS, "max-age=31536000")), WARN)],
)
def test_plain_http_promises_nothing(response: Response | None, verdict: Verdict) -> None:
    assert Recorded(HTTPS).judge("TRANSPORT-04", LOGIN, [asked("transport.plain", None, response, plain=True)]).verdict is verdict


@pytest.mark.parametrize(
    ("url", "policy", "verdict"),
    [
        (HTTPS, "max-age=31536000", PASS),
        (HTTPS, 'includeSubDomains; Max-Age="63072000" ; preload', PASS),
        (HTTPS, "max-age=86400", WARN),
        (HTTPS, "max-age=0", FAIL),
        (HTTPS, "includeSubDomains", FAIL),
        (HTTPS, None, FAIL),
        ("https://192.0.2.1", None, SKIP),
        ("https://localhost:8443", None, SKIP),
        ("https://api.localhost", None, SKIP),
        ("https://localhost.example.com", None, FAIL),
        ("https://[2001:db8::1]", None, SKIP),
        ("http://api.example.com", None, SKIP),
    ],
)
def test_hsts(url: str, policy: str | None, verdict: Verdict) -> None:
    headers = (JSON, (HSTS.lower(), policy)) if policy is not None else (JSON,)
    exchanges = [asked("identity.control", ME, answer(200, b"{}", *headers)), asked("bearer.none", ME, answer(503))]
    assert Recorded(url).judge("TRANSPORT-03", ME, exchanges).verdict is verdict


def test_the_first_hsts_counts() -> None:
    response = answer(200, b"{}", JSON, (HSTS, "max-age=1"), (HSTS, "max-age=31536000"))
    assert Recorded(HTTPS).judge("TRANSPORT-03", ME, [asked("identity.control", ME, response)]).verdict is WARN


def promising(status: int, policy: str | None, name: str = "identity.control") -> Exchange:
    return asked(name, ME, answer(status, b"{}", JSON, *([(HSTS, policy)] if policy is not None else [])))


LONG = "max-age=31536000"


@pytest.mark.parametrize(
    ("exchanges", "verdict", "words", "shown"),
    [
        ([promising(200, LONG), promising(401, LONG)], PASS, "2 answers have", 1),
        ([promising(200, LONG), promising(401, None)], FAIL, "The answer 401 has no Strict-Transport-Security with a max-age.", 2),
        ([promising(200, LONG), promising(401, "max-age=0")], FAIL, "The answer 401 says that browsers may forget it.", 2),
        ([promising(200, LONG), promising(401, "max-age=86400"), promising(404, "max-age=86401")], WARN, "ends after 86400 seconds", 2),
        # Of these the server in front may answer by itself.
        ([promising(200, LONG), promising(429, None)], PASS, "1 answers have", 1),
        ([promising(200, LONG), promising(500, None)], PASS, "1 answers have", 1),
        ([promising(200, LONG), promising(499, None)], FAIL, "The answer 499 has no", 2),
        ([promising(200, LONG), promising(430, None)], FAIL, "The answer 430 has no", 2),
    ],
)
def test_every_answer_promises_tls(exchanges: list[Exchange], verdict: Verdict, words: str, shown: int) -> None:
    judgement = Recorded(HTTPS).judge("TRANSPORT-03", ME, exchanges)
    assert judgement.verdict is verdict
    assert words in judgement.detail
    assert [exchange.number for exchange in judgement.exchanges] == [shown]


@pytest.mark.parametrize(
    ("headers", "verdict"),
    [
        ([], PASS),
        ([("Location", "/users/7")], PASS),
        ([("Location", "/login?next=/api"), ("location", "/#${ACCESS_TOKEN_1}")], FAIL),
        ([("LOCATION", "https://elsewhere.example/?t=${ACCESS_TOKEN_1.signature}")], FAIL),
    ],
)
def test_locations(headers: list[tuple[str, str]], verdict: Verdict) -> None:
    exchanges = [ANSWERED, asked("identity.control", ME, answer(302, b"", *headers))]
    assert Recorded().judge("TRANSPORT-06", LOGIN, exchanges).verdict is verdict


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        (answer(200, b"{}", JSON, ("x-content-type-options", "nosniff")), PASS),
        (answer(200, b"{}", JSON, ("X-Content-Type-Options", "NoSniff, nosniff")), PASS),
        (answer(200, b"{}", JSON, ("X-Content-Type-Options", "NoSniff")), PASS),
        (answer(200, b"{}", JSON, ("X-Content-Type-Options", "none")), FAIL),
        (answer(401, b"{}", ("content-type", "application/problem+json")), FAIL),
        (answer(200, b"{}", JSON), FAIL),
        (answer(502, b"<html>", PAGE), UNCLEAR),
        (answer(204, b""), UNCLEAR),
    ],
)
def test_nosniff(response: Response, verdict: Verdict) -> None:
    bare = Response(response.status, () if response.status == 204 else response.headers, response.body)
    assert Recorded().judge("TRANSPORT-07", LOGIN, [asked("identity.control", ME, bare)]).verdict is verdict


@pytest.mark.parametrize(
    ("requirement", "at", "reason"),
    [
        ("TRANSPORT-01", LOGIN, "No TLS handshake was tried."),
        ("TRANSPORT-02", LOGIN, "Nothing was asked over plain http."),
        ("TRANSPORT-03", ME, "The operation was not answered."),
        ("TRANSPORT-04", LOGIN, "Nothing was asked over plain http."),
        ("TRANSPORT-05", LOGIN, "No handshake with an old version was tried, or nothing was answered over a new one."),
    ],
)
def test_what_was_not_asked_is_told(requirement: str, at: str, reason: str) -> None:
    judgement = without("transport", requirement, at)
    assert (judgement.verdict, judgement.detail) == (SKIP, BROKE_OFF.reason)
    judgement = Recorded(HTTPS).judge(requirement, at, [])
    assert (judgement.verdict, judgement.detail) == (UNCLEAR, reason)


@pytest.mark.parametrize("requirement", ["TRANSPORT-02", "TRANSPORT-04", "TRANSPORT-05"])
def test_a_target_without_tls_is_not_asked_about_it_twice(requirement: str) -> None:
    judgement = Recorded("http://api.example.com", OLD).judge(requirement, LOGIN, [ANSWERED, asked("transport.plain", None, answer(200), plain=True)])
    assert (judgement.verdict, judgement.detail) == (UNCLEAR, "The target is reached over plain http by its own URL.")


def test_where_nothing_was_answered_no_field_was_seen() -> None:
    assert Recorded(HTTPS).judge("TRANSPORT-06", LOGIN, [asked("identity.control", ME, None)]).detail == "Nothing was answered."
    assert Recorded(HTTPS).judge("TRANSPORT-07", LOGIN, [asked("identity.control", ME, answer(200, b"", PAGE))]).detail == "No answer was JSON."


@pytest.mark.parametrize(("status", "verdict"), [(429, UNCLEAR), (500, UNCLEAR), (503, UNCLEAR), (400, PASS), (426, PASS)])
def test_an_answer_that_does_not_decide_refuses_no_plain_http(status: int, verdict: Verdict) -> None:
    assert Recorded(HTTPS).judge("TRANSPORT-02", LOGIN, [asked("transport.plain", None, answer(status), plain=True)]).verdict is verdict
