"""COOKIE: cookies as servers in the wild write them, judged by what a browser makes of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from authproof.checks.cookie import deletes
from authproof.exchange import Exchange, Response, TokenFacts
from authproof.verdict import Judgement, Verdict
from authproof_spec import Contract
from authproof_spec.contract import CookiePolicy
from tests.conformance.checks.building import JSON, asked
from tests.conformance.checks.recorded import Recorded, contract

LOGIN, REFRESH = "POST /api/admin/auth/login", "POST /api/admin/auth/refresh"
GOOD = "Path=/api/admin/auth; Max-Age=86400; HttpOnly; Secure; SameSite=Lax"
DATE = ("Date", "Wed, 25 Nov 2026 01:00:00 GMT")
JWT = TokenFacts("refresh_token", "", 300, header={"alg": "HS256"}, claims={"iat": 1000, "exp": 87400})
FACTS = {"REFRESH_TOKEN_1": JWT, "REFRESH_TOKEN_2": JWT, "ACCESS_TOKEN_1": TokenFacts("access_token", "", 200)}


def given(
    attributes: str, *more: str, name: str = "it24a_refresh_token", headers: tuple[tuple[str, str], ...] = (DATE,), at: str = LOGIN
) -> Exchange:
    """A login or refresh that sets the refresh cookie with `attributes`, and the lines `more`."""
    lines = tuple(("set-cookie", line) for line in (f"{name}=${{REFRESH_TOKEN_1}}; {attributes}", *more))
    body = b'{"accessToken": "${ACCESS_TOKEN_1}"}'
    return asked("login.good", at, Response(200, (JSON, ("Cache-Control", "no-store"), *lines, *headers), body))


def judge(
    requirement: str, *exchanges: Exchange, at: str = LOGIN, of: Contract | None = None, facts: dict[str, TokenFacts] | None = None
) -> Judgement:
    return Recorded(facts=facts or FACTS, of=of or contract()).judge(requirement, at, exchanges)


def with_cookie(**changes: object) -> Contract:
    """The bundled contract whose first application has another cookie."""
    applications = dict(contract().applications)
    application = applications["admin"]
    assert application.cookie
    applications["admin"] = replace(application, cookie=replace(application.cookie, **changes))  # type: ignore[arg-type]
    return replace(contract(), applications=applications)


@pytest.mark.parametrize(
    ("requirement", "attributes", "verdict"),
    [
        ("COOKIE-01", "pAtH=/api/admin/auth; httponly; SECURE", "pass"),
        ("COOKIE-01", "Path=/api/admin/auth; Secure", "fail"),
        ("COOKIE-02", "HttpOnly; secure", "pass"),
        ("COOKIE-02", "HttpOnly; SecureX", "fail"),
        ("COOKIE-03", "samesite=lax", "pass"),
        ("COOKIE-03", "SameSite=Strict", "warn"),
        ("COOKIE-03", "Secure; SameSite=None", "fail"),
        ("COOKIE-03", "HttpOnly", "fail"),
        ("COOKIE-04", GOOD, "pass"),
        ("COOKIE-04", "Partitioned; Priority=High; Path=/api/admin/auth", "pass"),
        # The default path of a cookie that is set at /api/admin/auth/login.
        ("COOKIE-04", "Secure", "pass"),
        ("COOKIE-04", 'Path="/api/admin/auth"', "pass"),
        ("COOKIE-04", "Path=/", "fail"),
        ("COOKIE-04", "Path=/api", "fail"),
        ("COOKIE-05", GOOD, "pass"),
        ("COOKIE-05", "Domain=", "pass"),
        ("COOKIE-05", "Domain=.example.com", "fail"),
        ("COOKIE-07", GOOD, "pass"),
        ("COOKIE-07", "max-age=86400; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "pass"),
        ("COOKIE-07", "Expires=Thu, 26 Nov 2026 01:00:00 GMT", "pass"),
        ("COOKIE-07", "Expires=Thu, 26-Nov-2026 01:00:30 GMT", "pass"),
        ("COOKIE-07", 'Max-Age="86400"; Expires=Thu, 26 Nov 2026 01:00:00 GMT', "pass"),
        ("COOKIE-07", "Expires=Fri, 27 Nov 2026 01:00:00 GMT", "fail"),
        ("COOKIE-07", "Expires=Wed, 25 Nov 2026 02:00:00 GMT", "fail"),
        ("COOKIE-07", "Max-Age=90000", "fail"),
        ("COOKIE-07", "Max-Age=60", "fail"),
        ("COOKIE-07", 'Max-Age="60"', "warn"),
        ("COOKIE-07", "Secure", "warn"),
    ],
)
def test_attributes(requirement: str, attributes: str, verdict: str) -> None:
    assert judge(requirement, given(attributes)).verdict == verdict


def test_expires_alone_needs_a_date() -> None:
    assert judge("COOKIE-07", given("Expires=Thu, 26 Nov 2026 01:00:00 GMT", headers=())).verdict is Verdict.INCONCLUSIVE


def test_a_cookie_must_not_outlive_the_jwt_in_it() -> None:
    short = replace(JWT, claims={"iat": 1000, "exp": 1000 + 3600})
    assert judge("COOKIE-07", given(GOOD), facts={**FACTS, "REFRESH_TOKEN_1": short}).verdict is Verdict.FAIL
    opaque = TokenFacts("refresh_token", "", 43)
    assert judge("COOKIE-07", given(GOOD), facts={**FACTS, "REFRESH_TOKEN_1": opaque}).verdict is Verdict.PASS


def test_after_a_refresh_less_may_be_left() -> None:
    left = given("Path=/api/admin/auth; Max-Age=3600; Secure", at=REFRESH)
    assert judge("COOKIE-07", left, at=REFRESH).verdict is Verdict.PASS


def test_a_declared_domain_is_demanded() -> None:
    shared = with_cookie(domain="example.com")
    assert judge("COOKIE-05", given("Domain=.EXAMPLE.com"), of=shared).verdict is Verdict.PASS
    assert judge("COOKIE-05", given("Secure"), of=shared).verdict is Verdict.FAIL


def test_a_cookie_that_is_sent_to_other_sites_must_be_secure() -> None:
    foreign = with_cookie(same_site="None")
    assert judge("COOKIE-03", given("SameSite=None; Secure"), of=foreign).verdict is Verdict.PASS
    assert judge("COOKIE-03", given("SameSite=None"), of=foreign).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("name", "attributes", "verdict"),
    [
        ("it24a_refresh_token", "Path=/", "skip"),
        ("__Secure-refresh", "Path=/api/admin/auth; Secure", "pass"),
        ("__Secure-refresh", "Path=/api/admin/auth", "fail"),
        ("__Host-refresh", "Path=/; Secure", "pass"),
        ("__Host-refresh", "Secure", "fail"),
        ("__Host-refresh", "Path=/; Secure; Domain=example.com", "fail"),
    ],
)
def test_a_prefix_is_a_promise(name: str, attributes: str, verdict: str) -> None:
    assert judge("COOKIE-06", given(attributes, name=name), of=with_cookie(name=name, path="/")).verdict == verdict


@pytest.mark.parametrize(
    ("place", "verdict"),
    [
        (("X-Token", "${REFRESH_TOKEN_1}"), "fail"),
        (("set-cookie", "other=${REFRESH_TOKEN_1}"), "fail"),
        (("set-cookie", "other=${REFRESH_TOKEN_2}"), "pass"),
    ],
)
def test_the_token_is_looked_for_everywhere(place: tuple[str, str], verdict: str) -> None:
    assert judge("COOKIE-08", given(GOOD, headers=(place,))).verdict == verdict


def test_a_name_that_is_set_twice_is_a_matter_of_recommendation() -> None:
    old = "it24a_refresh_token=; Path=/; Max-Age=0"
    assert judge("COOKIE-11", given(GOOD, old)).verdict is Verdict.FAIL  # of a SHOULD: a warning
    assert judge("COOKIE-11", given(GOOD, "csrf=1", "session=2")).verdict is Verdict.PASS
    # The good one is there once, so the login is right.
    assert judge("COOKIE-04", given(GOOD, old)).verdict is Verdict.PASS


@pytest.mark.parametrize(("value", "verdict"), [("no-store", "pass"), ("private, NO-STORE", "pass"), ("no-cache", "fail")])
def test_tokens_are_not_stored(value: str, verdict: str) -> None:
    answer = Response(200, (JSON, ("cache-control", value)), b'{"accessToken": "${ACCESS_TOKEN_1}"}')
    assert judge("COOKIE-13", asked("login.good", LOGIN, answer)).verdict == verdict


POLICY = CookiePolicy("r", "/api/admin/auth", None, http_only=True, secure=True, same_site="Lax", max_age=86400)


@pytest.mark.parametrize(
    ("lines", "verdict"),
    [
        (["r=; Path=/api/admin/auth; Max-Age=0; Secure"], "pass"),
        (["r=deleted; Expires=Thu, 01-Jan-1970 00:00:01 GMT; Secure"], "pass"),
        (["r=; Path=/; Max-Age=0; Secure", "r=; Path=/api/admin/auth; Max-Age=-1; Secure"], "pass"),
        (["r=; Path=/api/admin/auth; Max-Age=0; Secure", "r=; Path=/; Max-Age=0; Secure"], "pass"),
        (["r=; Path=/api/admin/auth; Max-Age=0"], "warn"),
        (["r=; Path=/; Max-Age=0; Secure"], "fail"),
        (["r=; Path=/api/admin/auth; Max-Age=0; Secure", "r=x; Path=/api/admin/auth; Secure"], "fail"),
        (["r=; Path=/api/admin/auth; Max-Age=0; Secure; Domain=example.com"], "fail"),
        (["r=; Path=/api/admin/auth; Secure"], "fail"),
        (["r=; Path=/api/admin/auth; Expires=0; Secure"], "fail"),
        (["other=; Path=/api/admin/auth; Max-Age=0"], "fail"),
        ([], "fail"),
    ],
)
def test_deletions(lines: list[str], verdict: str) -> None:
    exchange = asked("logout", "POST /api/admin/auth/logout", Response(200, tuple(("set-cookie", line) for line in lines)))
    assert deletes(exchange, POLICY).verdict == verdict


def test_a_deletion_obeys_the_prefix() -> None:
    exchange = asked("logout", "POST /api/admin/auth/logout", Response(200, (("set-cookie", "__Secure-r=; Path=/api/admin/auth; Max-Age=0"),)))
    assert deletes(exchange, replace(POLICY, name="__Secure-r")).verdict is Verdict.FAIL


def refreshed(name: str, status: int, variant: str = "") -> Exchange:
    return asked(name, REFRESH, Response(status, (JSON,), b"{}"), variant)


@pytest.mark.parametrize(
    ("control", "altered", "quoted", "verdict"),
    [
        (200, 401, 401, "pass"),
        (200, 401, 200, "warn"),
        (200, 200, 401, "fail"),
        (200, 503, 401, "inconclusive"),
        (200, 429, 401, "inconclusive"),
        (401, 401, 401, "inconclusive"),
    ],
)
def test_altered_values(control: int, altered: int, quoted: int, verdict: str) -> None:
    sent = [refreshed("cookie.control", control), refreshed("cookie.altered", altered, "x"), refreshed("cookie.quoted", quoted)]
    assert judge("COOKIE-14", *sent, at=REFRESH).verdict == verdict


@pytest.mark.parametrize(
    ("first", "last", "verdict"),
    [(401, 401, "pass"), (200, 200, "pass"), (400, 401, "pass"), (200, 401, "fail"), (401, 500, "fail"), (429, 401, "inconclusive")],
)
def test_two_cookies(first: int, last: int, verdict: str) -> None:
    sent = [refreshed("cookie.twice", first, "first"), refreshed("cookie.twice", last, "last")]
    assert judge("COOKIE-15", *sent, at=REFRESH).verdict == verdict


def test_a_cookie_with_a_refusal() -> None:
    line = ("set-cookie", f"it24a_refresh_token=${{REFRESH_TOKEN_1}}; {GOOD}")
    assert judge("COOKIE-09", asked("refresh.garbage", REFRESH, Response(401, (JSON, line))), at=REFRESH).verdict is Verdict.FAIL
    assert judge("COOKIE-09", asked("refresh.garbage", REFRESH, Response(401, (JSON,))), at=REFRESH).verdict is Verdict.PASS
    assert judge("COOKIE-09", asked("refresh.garbage", REFRESH, Response(429, (JSON,))), at=REFRESH).verdict is Verdict.INCONCLUSIVE
