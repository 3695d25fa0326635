"""CORS: what a right server may answer, and what decides nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from authproof.exchange import Exchange, Response
from authproof.lab import Lab
from authproof.profile import Profile
from authproof.scripts.cors import foreign_origin, look_alikes
from authproof.verdict import Verdict
from authproof_spec import load_contract
from tests.conformance.checks.building import JSON, answer, asked
from tests.conformance.checks.recorded import OWN, PAGE, Recorded, judge

ME, LOGIN, REFRESH, LOGOUT = "GET /api/admin/user", "POST /api/admin/auth/login", "POST /api/admin/auth/refresh", "POST /api/admin/auth/logout"
HEALTH = "GET /api/health"
EVIL = "https://api.example.com.evil.example"
PASS, FAIL, WARN, SKIP, UNCLEAR = Verdict.PASS, Verdict.FAIL, Verdict.WARN, Verdict.SKIP, Verdict.INCONCLUSIVE


def allowing(origin: str, *more: tuple[str, str], status: int = 200) -> Response:
    return answer(status, b"{}", JSON, ("Access-Control-Allow-Origin", origin), *more)


def from_origin(name: str, at: str, origin: str, response: Response | None) -> Exchange:
    return asked(name, at, response, headers=(("Origin", origin),))


CREDENTIALS = ("access-control-allow-credentials", "true")


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        (answer(200), PASS),
        (allowing("*"), PASS),
        (allowing(OWN, CREDENTIALS), PASS),
        (allowing("*", CREDENTIALS), FAIL),
        (allowing("*", ("Access-Control-Allow-Credentials", "false")), PASS),
    ],
)
def test_a_wildcard_is_without_credentials(response: Response, verdict: Verdict) -> None:
    assert judge("CORS-01", ME, from_origin("cors.foreign", ME, EVIL, response)).verdict is verdict


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        (answer(200), PASS),
        (answer(403), PASS),
        (answer(400), PASS),
        (allowing("*"), PASS),
        (allowing(OWN, CREDENTIALS), PASS),
        (allowing(EVIL), WARN),
        (allowing(EVIL, CREDENTIALS), FAIL),
        (allowing(EVIL, CREDENTIALS, status=500), FAIL),
        (answer(429), UNCLEAR),
        (answer(503, b"<html>", PAGE), UNCLEAR),
        (None, UNCLEAR),
    ],
)
def test_a_foreign_origin(response: Response | None, verdict: Verdict) -> None:
    assert judge("CORS-02", ME, from_origin("cors.foreign", ME, EVIL, response)).verdict is verdict


@pytest.mark.parametrize(
    ("response", "verdict"), [(answer(200), PASS), (allowing("null", CREDENTIALS), FAIL), (allowing("null"), WARN), (allowing("*"), PASS)]
)
def test_the_origin_null(response: Response, verdict: Verdict) -> None:
    assert judge("CORS-04", ME, from_origin("cors.null", ME, "null", response)).verdict is verdict


def test_look_alikes() -> None:
    near = "http://app.example.test"
    assert judge("CORS-03", ME, from_origin("cors.look_alike", ME, near, answer(200))).verdict is PASS
    assert judge("CORS-03", ME, from_origin("cors.look_alike", ME, near, allowing(near))).verdict is FAIL
    without = Recorded(of=load_contract())
    assert without.judge("CORS-03", ME, []).verdict is SKIP


def test_no_look_alike_is_declared() -> None:
    found = dict(look_alikes("http://localhost:8443", ("http://localhost:8443",)))
    assert "http://localhost:8443" not in found.values()
    assert found["another port"] == "http://localhost:8444"
    assert "a subdomain" not in dict(look_alikes(OWN, (OWN, "https://*.app.example.test")))
    assert "plain http" not in dict(look_alikes(OWN, (OWN, "http://app.example.test")))


@pytest.mark.parametrize(("url", "origin"), [("https://api.example.com/v1", EVIL), ("http://[::1]:8000", "https://--1.evil.example")])
def test_the_foreign_origin_begins_like_the_target(url: str, origin: str) -> None:
    assert foreign_origin(Lab(load_contract(), Profile(url))) == origin


def preflight(at: str, header: str, status: int, *fields: tuple[str, str]) -> Exchange:
    asks = (("Origin", OWN), ("Access-Control-Request-Method", at.partition(" ")[0]), ("Access-Control-Request-Headers", header))
    return asked("cors.preflight", at, Response(status, fields), method="OPTIONS", headers=asks)


ALLOWED = ("Access-Control-Allow-Origin", OWN)


@pytest.mark.parametrize(
    ("status", "fields", "verdict"),
    [
        (204, [ALLOWED], PASS),
        (200, [("access-control-allow-origin", "*")], PASS),
        (204, [], FAIL),
        (204, [("Access-Control-Allow-Origin", "https://other.example")], FAIL),
        (204, [ALLOWED, ALLOWED], FAIL),
        (401, [ALLOWED], FAIL),
        (405, [], FAIL),
        (307, [("Location", "/login"), ALLOWED], FAIL),
        (429, [], UNCLEAR),
        (503, [], UNCLEAR),
    ],
)
def test_a_preflight_for_a_token(status: int, fields: list[tuple[str, str]], verdict: Verdict) -> None:
    assert judge("CORS-05", ME, preflight(ME, "authorization", status, *fields)).verdict is verdict


@pytest.mark.parametrize(
    ("fields", "verdict"),
    [
        ([ALLOWED, CREDENTIALS, ("Access-Control-Allow-Headers", "content-type")], PASS),
        ([ALLOWED, CREDENTIALS, ("Access-Control-Allow-Headers", "Accept, Content-Type, X-Other")], PASS),
        ([ALLOWED, CREDENTIALS, ("Access-Control-Allow-Headers", "*")], FAIL),
        ([ALLOWED, CREDENTIALS], FAIL),
        ([ALLOWED, ("Access-Control-Allow-Headers", "content-type")], FAIL),
        ([("Access-Control-Allow-Origin", "*"), CREDENTIALS, ("Access-Control-Allow-Headers", "content-type")], FAIL),
    ],
)
def test_a_preflight_for_a_login_that_sets_a_cookie(fields: list[tuple[str, str]], verdict: Verdict) -> None:
    assert judge("CORS-05", LOGIN, preflight(LOGIN, "content-type", 204, *fields)).verdict is verdict


@pytest.mark.parametrize(("listed", "verdict"), [("Authorization", PASS), ("content-type,AUTHORIZATION", PASS), ("*", FAIL), ("content-type", FAIL)])
def test_authorization_is_named(listed: str, verdict: Verdict) -> None:
    assert judge("CORS-06", ME, preflight(ME, "authorization", 204, ALLOWED, ("Access-Control-Allow-Headers", listed))).verdict is verdict


@pytest.mark.parametrize("requirement", ["CORS-05", "CORS-06", "CORS-07"])
def test_without_a_front_end_nothing_is_asked(requirement: str) -> None:
    assert Recorded(of=load_contract()).judge(requirement, ME, []).verdict is SKIP


@pytest.mark.parametrize(
    ("at", "response", "verdict"),
    [
        (ME, allowing(OWN, status=401), PASS),
        (ME, allowing("*", status=401), PASS),
        (ME, answer(401), FAIL),
        (ME, answer(429), UNCLEAR),
        (ME, answer(200), UNCLEAR),
        (REFRESH, allowing(OWN, CREDENTIALS, status=401), PASS),
        (REFRESH, allowing(OWN, status=401), FAIL),
        (REFRESH, allowing("*", status=401), FAIL),
    ],
)
def test_a_refusal_can_be_read(at: str, response: Response, verdict: Verdict) -> None:
    assert judge("CORS-07", at, from_origin("cors.refused", at, OWN, response)).verdict is verdict


@pytest.mark.parametrize(
    ("own", "foreign", "verdict"),
    [
        (allowing(OWN, ("Vary", "Accept-Encoding, origin")), answer(200), PASS),
        (allowing(OWN, ("Vary", "*")), answer(200), PASS),
        (allowing(OWN, ("Cache-Control", "private, no-store")), answer(200), PASS),
        (allowing(OWN), allowing(OWN), PASS),
        (allowing("*"), allowing("*"), PASS),
        (answer(200), answer(200), PASS),
        (allowing(OWN), answer(200), FAIL),
        (allowing(OWN, ("Cache-Control", "max-age=60")), answer(200), FAIL),
        (allowing(OWN), allowing(EVIL), FAIL),
    ],
)
def test_what_depends_on_the_origin_says_so(own: Response, foreign: Response, verdict: Verdict) -> None:
    exchanges = [from_origin("cors.own", HEALTH, OWN, own), from_origin("cors.foreign", HEALTH, EVIL, foreign)]
    assert judge("CORS-08", HEALTH, *exchanges).verdict is verdict


def set_cookie(*attributes: str) -> Response:
    return answer(200, b"{}", JSON, ("Set-Cookie", "; ".join(["it24a_refresh_token=x", "Path=/api/admin/auth", *attributes])))


@pytest.mark.parametrize(
    ("login", "refresh", "verdict"),
    [
        (set_cookie("SameSite=Lax"), set_cookie("SameSite=Lax"), PASS),
        (set_cookie("samesite=STRICT"), set_cookie("SameSite=Strict"), PASS),
        (set_cookie("SameSite=Lax"), set_cookie("SameSite=None"), FAIL),
        (set_cookie("SameSite=None"), set_cookie("SameSite=None"), FAIL),
        (set_cookie("SameSite=None"), answer(403), PASS),
        (set_cookie("SameSite=None"), answer(415), PASS),
        (set_cookie(), set_cookie(), WARN),
        (set_cookie("SameSite=None"), answer(429), UNCLEAR),
        (set_cookie("SameSite=None"), answer(502), UNCLEAR),
    ],
)
def test_a_refresh_that_a_foreign_page_causes(login: Response, refresh: Response, verdict: Verdict) -> None:
    exchanges = [asked("cross_site.login", LOGIN, login), from_origin("cross_site", REFRESH, EVIL, refresh)]
    assert judge("CORS-09", REFRESH, *exchanges).verdict is verdict


@pytest.mark.parametrize(("logout", "after", "verdict"), [(204, 401, FAIL), (204, 200, PASS), (403, 200, PASS), (503, 200, UNCLEAR)])
def test_a_logout_that_a_foreign_page_causes(logout: int, after: int, verdict: Verdict) -> None:
    exchanges = [
        asked("cross_site.login", LOGIN, set_cookie("SameSite=None")),
        from_origin("cross_site", LOGOUT, EVIL, answer(logout, b"", CREDENTIALS)),
        asked("cross_site.after_logout", REFRESH, answer(after)),
    ]
    assert judge("CORS-09", LOGOUT, *exchanges).verdict is verdict


def test_a_lax_cookie_goes_along_with_a_link() -> None:
    contract = load_contract()
    admin = contract.applications["admin"]
    assert admin.logout
    by_link = replace(admin.logout, method="GET")
    changed = replace(
        contract,
        applications={**contract.applications, "admin": replace(admin, logout=by_link)},
        operations=tuple(by_link if operation is admin.logout else operation for operation in contract.operations),
    )
    exchanges = [
        asked("cross_site.login", LOGIN, set_cookie("SameSite=Lax")),
        from_origin("cross_site", LOGOUT, EVIL, answer(204, b"", CREDENTIALS)),
        asked("cross_site.after_logout", REFRESH, answer(401)),
    ]
    recorded = Recorded(of=changed)
    judgement = recorded.judge("CORS-09", by_link, exchanges)
    assert judgement.verdict is FAIL
