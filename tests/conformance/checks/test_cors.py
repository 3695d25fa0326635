"""CORS: what a right server may answer, and what decides nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from authproof.exchange import Exchange, Response
from authproof.lab import Lab
from authproof.profile import Profile
from authproof.scripts.cors import foreign_origin, look_alikes
from authproof.verdict import Verdict
from authproof_spec import Contract, load_contract
from authproof_spec.contract import Operation
from tests.conformance.checks.building import JSON, answer, asked, design, operation
from tests.conformance.checks.designs import BROKE_OFF, without
from tests.conformance.checks.recorded import OWN, PAGE, Recorded, contract, judge

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
        (answer(500), UNCLEAR),
        (answer(499), PASS),
        (answer(403, b"<html>", PAGE), UNCLEAR),
        (answer(503, b"<html>", PAGE), UNCLEAR),
        (None, UNCLEAR),
    ],
)
@pytest.mark.parametrize("probe", ["cors.foreign", "cors.foreign_preflight", "cross_site"])
def test_a_foreign_origin(probe: str, response: Response | None, verdict: Verdict) -> None:
    assert judge("CORS-02", ME, from_origin(probe, ME, EVIL, response)).verdict is verdict


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


@pytest.mark.parametrize(
    ("fields", "words"), [(["content-type,, ", "Accept"], "is accept, content-type; pages"), ([", "], "is missing; pages"), ([], "is missing; pages")]
)
def test_the_fields_that_are_listed_instead_are_told(fields: list[str], words: str) -> None:
    exchange = preflight(ME, "authorization", 204, ALLOWED, *(("Access-Control-Allow-Headers", listed) for listed in fields))
    assert f"Access-Control-Allow-Headers {words} cannot send authorization." in judge("CORS-06", ME, exchange).detail


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


def test_what_no_origin_asked_for_tells_nothing() -> None:
    plain = asked("identity.control", HEALTH, answer(200))
    for requirement in ("CORS-01", "CORS-08"):
        judgement = judge(requirement, HEALTH, plain)
        assert (judgement.verdict, judgement.detail) == (UNCLEAR, "The operation was not asked for by another origin."), requirement
    assert judge("CORS-02", HEALTH, plain).detail == "The operation was not asked for by another origin."


def test_without_a_front_end_a_foreign_origin_shows_what_varies() -> None:
    undeclared = Recorded(of=load_contract())
    assert undeclared.judge("CORS-08", HEALTH, []).verdict is SKIP
    varying = [from_origin("cors.foreign", HEALTH, EVIL, allowing(EVIL)), asked("identity.control", HEALTH, answer(200))]
    assert undeclared.judge("CORS-08", HEALTH, varying).verdict is FAIL
    assert judge("CORS-08", HEALTH, *varying).verdict is FAIL
    # What is not asked for by GET is not kept.
    posted = replace(varying[0], probe=replace(varying[0].probe, request=replace(varying[0].probe.request, method="POST")))
    assert undeclared.judge("CORS-08", HEALTH, [posted]).verdict is SKIP


BODY = design("refresh-token-in-body")
COOKIE = design("access-token-in-cookie")


def preflight_of(of: Contract, called: Operation, *fields: tuple[str, str], header: str = "authorization") -> Exchange:
    asks = (("Origin", OWN), ("Access-Control-Request-Method", called.method), ("Access-Control-Request-Headers", header))
    return asked("cors.preflight", called.id, Response(204, (("Access-Control-Allow-Origin", OWN), *fields)), of=of, headers=asks)


@pytest.mark.parametrize(
    ("method", "fields", "verdict"),
    [
        ("GET", [], PASS),
        ("HEAD", [], PASS),
        ("POST", [], PASS),
        ("PATCH", [], FAIL),
        ("PATCH", [("access-control-allow-methods", "GET, PUT")], FAIL),
        ("PATCH", [("access-control-allow-methods", "GET, PATCH")], PASS),
        ("PATCH", [("access-control-allow-methods", "*")], PASS),
    ],
)
def test_a_preflight_for_a_method(method: str, fields: list[tuple[str, str]], verdict: Verdict) -> None:
    called = replace(operation("addNote", BODY), method=method)
    judgement = Recorded(of=BODY).judge("CORS-05", called, [preflight_of(BODY, called, *fields)])
    assert judgement.verdict is verdict
    assert (verdict is PASS) == (f"does not allow the method {method}" not in judgement.detail)


@pytest.mark.parametrize(("methods", "verdict"), [("PATCH", PASS), ("*", FAIL)])
def test_a_wildcard_is_no_method_where_cookies_go_along(methods: str, verdict: Verdict) -> None:
    called = replace(operation("addNote", COOKIE), method="PATCH")
    exchange = preflight_of(COOKIE, called, CREDENTIALS, ("Access-Control-Allow-Methods", methods))
    assert Recorded(of=COOKIE).judge("CORS-05", called, [exchange]).verdict is verdict


@pytest.mark.parametrize(("listed", "verdict"), [("content-type", PASS), ("*", PASS), ("accept", FAIL)])
def test_a_preflight_for_a_login_that_sets_no_cookie(listed: str, verdict: Verdict) -> None:
    login = operation("logIn", BODY)
    exchange = preflight_of(BODY, login, ("Access-Control-Allow-Headers", listed), header="content-type")
    assert Recorded(of=BODY).judge("CORS-05", login, [exchange]).verdict is verdict


def test_an_operation_of_no_application_takes_no_cookie() -> None:
    assert judge("CORS-05", HEALTH, preflight(HEALTH, "accept", 204, ALLOWED)).verdict is PASS


@pytest.mark.parametrize(
    ("at", "of", "listed", "verdict"),
    [
        (ME, contract(), "x-key", PASS),
        (ME, contract(), "X-Key, accept", PASS),
        (ME, contract(), "*", PASS),
        (ME, contract(), "accept", FAIL),
        # With cookies a wildcard is a name like any other.
        ("whoAmI", COOKIE, "x-key", PASS),
        ("whoAmI", COOKIE, "*", FAIL),
    ],
)
def test_a_wildcard_covers_other_fields_than_authorization(at: str, of: Contract, listed: str, verdict: Verdict) -> None:
    exchange = preflight_of(of, operation(at, of), CREDENTIALS, ("Access-Control-Allow-Headers", listed), header="x-key")
    assert Recorded(of=of).judge("CORS-06", at, [exchange]).verdict is verdict


def csrf(attempt: Response, control: Response, at: str = "addNote") -> Verdict:
    tried = (("csrf.control", control, ""), ("csrf.attempt", answer(403), "with a wrong one"), ("csrf.attempt", attempt, "without the CSRF token"))
    exchanges = [asked(name, at, response, variant, of=COOKIE) for name, response, variant in tried]
    return Recorded(of=COOKIE).judge("CORS-10", at, exchanges).verdict


@pytest.mark.parametrize(
    ("attempt", "control", "verdict"),
    [
        (answer(403), answer(201), PASS),
        (answer(401), answer(201), PASS),
        (answer(400), answer(201), PASS),
        (answer(403), answer(400), PASS),
        (answer(201), answer(201), FAIL),
        (answer(201), answer(403), FAIL),
        (answer(403), answer(403), UNCLEAR),
        (answer(403), answer(401), UNCLEAR),
        (answer(403), answer(500), UNCLEAR),
        (answer(403), answer(429), UNCLEAR),
        (answer(429), answer(201), UNCLEAR),
        (answer(500), answer(201), UNCLEAR),
        (answer(403, b"<html>", PAGE), answer(201), UNCLEAR),
    ],
)
def test_a_csrf_token_is_asked_for(attempt: Response, control: Response, verdict: Verdict) -> None:
    assert csrf(attempt, control) is verdict


def test_what_the_own_page_is_refused_too_shows_no_csrf_token() -> None:
    exchanges = [asked(name, "addNote", answer(400), of=COOKIE) for name in ("csrf.control", "csrf.attempt")]
    judgement = Recorded(of=COOKIE).judge("CORS-10", "addNote", exchanges)
    assert judgement.verdict is SKIP
    assert "answered 400 too" in judgement.detail
    judgement = Recorded(of=COOKIE).judge("CORS-10", "addNote", exchanges[:1])
    assert (judgement.verdict, judgement.detail) == (UNCLEAR, "No request without the CSRF token was answered.")


SCRIPTS = [
    *((requirement, ME, "cors") for requirement in ("CORS-01", "CORS-02", "CORS-03", "CORS-04", "CORS-05", "CORS-06", "CORS-07", "CORS-08")),
    *((requirement, REFRESH, "cross_site") for requirement in ("CORS-01", "CORS-02", "CORS-09")),
]


@pytest.mark.parametrize(("requirement", "at", "script"), SCRIPTS)
def test_what_was_not_asked_is_told_by_its_script(requirement: str, at: str, script: str) -> None:
    judgement = without(script, requirement, at)
    assert (judgement.verdict, judgement.detail) == (SKIP, BROKE_OFF.reason)


def test_csrf_tokens_are_asked_for_by_the_script_of_foreign_pages() -> None:
    assert without("cross_site", "CORS-10", "addNote", COOKIE).detail == BROKE_OFF.reason


def set_cookie(*attributes: str) -> Response:
    return answer(200, b"{}", JSON, ("Set-Cookie", "; ".join(["it24a_refresh_token=x", "Path=/api/admin/auth", *attributes])))


@pytest.mark.parametrize(
    ("login", "refresh", "verdict"),
    [
        (set_cookie("SameSite=Lax"), set_cookie("SameSite=Lax"), PASS),
        (set_cookie("samesite=STRICT"), set_cookie("SameSite=Strict"), PASS),
        (set_cookie("SameSite=Lax"), set_cookie("SameSite=Strict"), PASS),
        (set_cookie("SameSite=Strict"), set_cookie("SameSite=Strict"), PASS),
        (set_cookie("SameSite=Lax"), set_cookie("SameSite=None"), FAIL),
        (set_cookie("SameSite=None"), set_cookie(), FAIL),
        (set_cookie("SameSite=Lax"), set_cookie(), WARN),
        (answer(200), answer(200), FAIL),
        (set_cookie("SameSite=None"), answer(500), UNCLEAR),
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


def by_link(method: str) -> tuple[Recorded, Operation]:
    """The bundled contract with a logout by another method."""
    of = load_contract()
    admin = of.applications["admin"]
    assert admin.logout
    logout = replace(admin.logout, method=method)
    applications = {**of.applications, "admin": replace(admin, logout=logout)}
    operations = tuple(logout if found is admin.logout else found for found in of.operations)
    return Recorded(of=replace(of, applications=applications, operations=operations)), logout


@pytest.mark.parametrize(
    ("method", "same_site", "verdict"),
    [
        ("GET", "Lax", FAIL),
        ("HEAD", "Lax", FAIL),
        ("POST", "Lax", PASS),
        ("DELETE", "Lax", PASS),
        ("GET", "Strict", PASS),
        ("POST", "Strict", PASS),
        ("POST", "None", FAIL),
    ],
)
def test_a_lax_cookie_goes_along_with_a_link(method: str, same_site: str, verdict: Verdict) -> None:
    recorded, logout = by_link(method)
    exchanges = [
        asked("cross_site.login", LOGIN, set_cookie(f"SameSite={same_site}")),
        from_origin("cross_site", LOGOUT, EVIL, answer(204, b"", CREDENTIALS)),
        asked("cross_site.after_logout", REFRESH, answer(401)),
    ]
    judgement = recorded.judge("CORS-09", logout, exchanges)
    assert judgement.verdict is verdict
    assert [exchange.probe.name for exchange in judgement.exchanges] == ["cross_site", "cross_site.login"]


def test_what_a_foreign_page_does_needs_a_session() -> None:
    judgement = judge("CORS-09", REFRESH, from_origin("cross_site", REFRESH, EVIL, answer(200)))
    assert (judgement.verdict, judgement.detail) == (UNCLEAR, "The session was not opened.")
    judgement = judge("CORS-09", HEALTH, from_origin("cross_site", HEALTH, EVIL, answer(200)))
    assert judgement.verdict is UNCLEAR
    assert judgement.detail == "The operation belongs to no application with a token in a cookie."


def test_a_foreign_page_does_nothing_where_no_cookie_opens_the_operation() -> None:
    # The access token is in no cookie here, and the refresh token in none there.
    judgement = judge("CORS-09", ME, from_origin("cross_site", ME, EVIL, answer(200)))
    assert (judgement.verdict, judgement.detail) == (SKIP, f"No cookie opens {ME}.")
    of = replace(COOKIE, applications={"admin": replace(COOKIE.applications["admin"], cookie=None)})
    refreshed = asked("cross_site", "refreshSession", answer(200), of=of, headers=(("Origin", EVIL),))
    assert Recorded(of=of).judge("CORS-09", "refreshSession", [refreshed]).verdict is SKIP
    # What the access token's cookie opens is judged by that cookie.
    strict = answer(200, b"{}", JSON, ("Set-Cookie", "__Host-access=x; SameSite=Strict"), ("Set-Cookie", "__Secure-refresh=y; SameSite=None"))
    changed = [asked("cross_site.login", "logIn", strict, of=of), asked("cross_site", "addNote", answer(201), of=of, headers=(("Origin", EVIL),))]
    assert Recorded(of=of).judge("CORS-09", "addNote", changed).verdict is PASS
