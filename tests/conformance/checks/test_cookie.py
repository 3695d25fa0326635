"""COOKIE: cookies as servers in the wild write them, judged by what a browser makes of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from authproof.checks.cookie import deletes
from authproof.exchange import Exchange, Response, TokenFacts
from authproof.verdict import Judgement, Verdict
from authproof_spec import Contract
from authproof_spec.contract import BodyCarrier, CookiePolicy
from tests.conformance.checks import building
from tests.conformance.checks.building import JSON, answer, asked, design
from tests.conformance.checks.designs import BROKE_OFF, subjects, without
from tests.conformance.checks.recorded import PAGE, Recorded, contract

LOGIN, REFRESH, LOGOUT = "POST /api/admin/auth/login", "POST /api/admin/auth/refresh", "POST /api/admin/auth/logout"
HEALTH = "GET /api/health"
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


def access_cookie() -> CookiePolicy:
    """The cookie of the access token, in the design that has one."""
    found = design("access-token-in-cookie").applications["admin"].access_cookie
    assert found
    return found


def changed_design(**changes: object) -> Contract:
    """The design whose access token travels in a cookie, with an application that is otherwise in something."""
    of = design("access-token-in-cookie")
    return replace(of, applications={"admin": replace(of.applications["admin"], **changes)})  # type: ignore[arg-type]


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
        # A minute more or less is no matter.
        ("COOKIE-07", "Max-Age=86460", "pass"),
        ("COOKIE-07", "Max-Age=86461", "fail"),
        ("COOKIE-07", "Max-Age=86340", "pass"),
        ("COOKIE-07", "Max-Age=86339", "fail"),
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
    assert judge("COOKIE-07", given("Max-Age=90000"), facts={**FACTS, "REFRESH_TOKEN_1": opaque}).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("claims", "verdict"),
    [
        ({"iat": 5000, "exp": 5000 + 86340}, "pass"),
        ({"iat": 5000, "exp": 5000 + 86339}, "fail"),
        ({"exp": 87400}, "pass"),  # which does not tell how long the token lives
        ({"iat": "5000", "exp": 5001}, "pass"),
        ({"iat": 5000, "exp": None}, "pass"),
    ],
)
def test_the_end_of_a_jwt_is_that_of_its_cookie(claims: dict[str, object], verdict: str) -> None:
    facts = {**FACTS, "REFRESH_TOKEN_1": replace(JWT, claims=claims)}  # type: ignore[arg-type]
    assert judge("COOKIE-07", given(GOOD), facts=facts).verdict == verdict


@pytest.mark.parametrize(
    ("attributes", "verdict"),
    [
        # Hooks moved the application's clock by an hour, and perhaps not that of the server that writes Date.
        ("Expires=Thu, 26 Nov 2026 02:00:00 GMT", "pass"),
        ("Expires=Thu, 26 Nov 2026 01:00:00 GMT", "pass"),
        ("Expires=Thu, 26 Nov 2026 00:00:00 GMT", "fail"),
        ("Expires=Thu, 26 Nov 2026 03:00:00 GMT", "fail"),
        ("Max-Age=90000", "fail"),
        ("Max-Age=86400", "pass"),
    ],
)
def test_expires_is_by_a_clock_that_hooks_may_have_moved(attributes: str, verdict: str) -> None:
    facts = {**FACTS, "REFRESH_TOKEN_1": TokenFacts("refresh_token", "", 43)}
    assert building.judge("COOKIE-07", LOGIN, given(attributes), facts=facts, moved=3600.0).verdict == verdict


def test_after_a_refresh_less_may_be_left() -> None:
    left = given("Path=/api/admin/auth; Max-Age=3600; Secure", at=REFRESH)
    assert judge("COOKIE-07", left, at=REFRESH).verdict is Verdict.PASS


def test_a_declared_domain_is_demanded() -> None:
    for domain in ("example.com", ".example.com", "Example.COM"):
        shared = with_cookie(domain=domain)
        assert judge("COOKIE-05", given("Domain=.EXAMPLE.com"), of=shared).verdict is Verdict.PASS
        missing = judge("COOKIE-05", given("Secure"), of=shared)
        assert (missing.verdict, missing.detail) == (Verdict.FAIL, "The cookie it24a_refresh_token has no Domain, and example.com is declared.")
    assert "Domain=example.org" in judge("COOKIE-05", given("Domain=example.org"), of=with_cookie(domain="example.com")).detail


def test_a_path_covers_what_needs_the_cookie() -> None:
    narrow = with_cookie(path="/api/admin/auth/refresh")
    judgement = judge("COOKIE-04", given("Path=/api/admin/auth/refresh"), of=narrow)
    assert judgement.verdict is Verdict.FAIL
    assert "does not cover /api/admin/auth/logout" in judgement.detail


def test_the_path_of_an_access_cookie_need_not_cover_the_refresh() -> None:
    of = changed_design(access_cookie=replace(access_cookie(), name="access", path="/me"))
    exchange = asked("login.good", "logIn", Response(200, (JSON, ("Set-Cookie", "access=x; Path=/me"))), of=of)
    assert judge("COOKIE-04", exchange, at="logIn", of=of).verdict is Verdict.PASS


def test_what_is_declared_strict_is_not_lax() -> None:
    strict = with_cookie(same_site="Strict")
    assert judge("COOKIE-03", given("SameSite=Lax"), of=strict).verdict is Verdict.FAIL
    assert judge("COOKIE-03", given("SameSite=Strict"), of=strict).verdict is Verdict.PASS
    assert "is Lex, and Strict is declared" in judge("COOKIE-03", given("SameSite=Lex"), of=strict).detail


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
        (("Set-Cookie", "it24a_refresh_token=${REFRESH_TOKEN_1}"), "pass"),
    ],
)
def test_the_token_is_looked_for_everywhere(place: tuple[str, str], verdict: str) -> None:
    assert judge("COOKIE-08", given(GOOD, headers=(place,))).verdict == verdict


def test_each_of_several_tokens_is_looked_for() -> None:
    again = ("Set-Cookie", "it24a_refresh_token=${REFRESH_TOKEN_2}; Path=/api/admin/auth")
    elsewhere = judge("COOKIE-08", given(GOOD, headers=(again, ("X-Token", "${REFRESH_TOKEN_2}"))))
    assert (elsewhere.verdict, judge("COOKIE-08", given(GOOD, headers=(again,))).verdict) == ("fail", "pass")


@pytest.mark.parametrize(("body", "verdict"), [(b"\xff${REFRESH_TOKEN_1}", "fail"), (b"\xff${REFRESH_TOKEN_2}", "pass")])
def test_the_token_is_looked_for_in_bodies_that_are_no_text(body: bytes, verdict: str) -> None:
    exchange = given(GOOD)
    assert exchange.response
    assert judge("COOKIE-08", replace(exchange, response=replace(exchange.response, body=body))).verdict == verdict


def test_a_name_that_is_set_twice_is_a_matter_of_recommendation() -> None:
    old = "it24a_refresh_token=; Path=/; Max-Age=0"
    assert judge("COOKIE-11", given(GOOD, old)).verdict is Verdict.FAIL  # of a SHOULD: a warning
    assert judge("COOKIE-11", given(GOOD, "csrf=1", "session=2")).verdict is Verdict.PASS
    # The good one is there once, so the login is right.
    assert judge("COOKIE-04", given(GOOD, old)).verdict is Verdict.PASS


def test_refusals_alone_do_not_show_that_cookies_are_set_once() -> None:
    refused = [asked("refresh.garbage", REFRESH, Response(401, (JSON, ("set-cookie", "a=1"))))]
    judgement = judge("COOKIE-11", *refused, at=REFRESH)
    assert (judgement.verdict, judgement.detail) == (Verdict.INCONCLUSIVE, f"No answer of {REFRESH} but a refusal set a cookie.")
    judgement = judge("COOKIE-11", *refused, given(GOOD, at=REFRESH), at=REFRESH)
    assert (judgement.verdict, judgement.detail) == (Verdict.PASS, "None of 2 answers sets a cookie more than once.")
    assert judge("COOKIE-11", refreshed("refresh.garbage", 401), at=REFRESH).detail == f"No answer of {REFRESH} set a cookie."


@pytest.mark.parametrize(("length", "octets", "verdict"), [(4077, True, "pass"), (4078, True, "fail"), (4077, False, "warn"), (4078, False, "fail")])
def test_a_cookie_fits_browsers(length: int, *, octets: bool, verdict: str) -> None:
    facts = {**FACTS, "REFRESH_TOKEN_1": TokenFacts("refresh_token", "", length, is_cookie_octets=octets)}
    # A value that is no token is not measured, and does not hide one that is.
    exchange = asked("login.good", LOGIN, Response(200, (JSON, ("set-cookie", "it24a_refresh_token=x; Path=/api/admin/auth"))))
    assert judge("COOKIE-12", exchange, given(GOOD), facts=facts).verdict == verdict


@pytest.mark.parametrize(
    ("body", "cookie", "verdict"),
    [
        (b"${ACCESS_TOKEN_1}", "x", "fail"),
        (b"\xff${ACCESS_TOKEN_1}", "x", "fail"),
        (b"${PERSONAL_ACCESS_TOKEN_1}", "x", "fail"),
        (b"{}", "${REFRESH_TOKEN_1}", "fail"),
        (b"${PASSWORD_1}", "x", "inconclusive"),
        (b"{}", "x", "inconclusive"),
    ],
)
def test_answers_with_whatever_token_are_not_stored(body: bytes, cookie: str, verdict: str) -> None:
    facts = {**FACTS, **{f"{kind.upper()}_1": TokenFacts(kind, "", 1) for kind in ("personal_access_token", "password")}}
    exchange = asked("login.good", LOGIN, Response(200, (JSON, ("Cache-Control", "max-age=60"), ("Set-Cookie", f"a={cookie}")), body))
    judgement = judge("COOKIE-13", exchange, facts=facts)
    assert judgement.verdict == verdict
    assert ("its Cache-Control is max-age=60" if verdict == "fail" else f"No answer of {LOGIN} brought a token.") in judgement.detail


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


def test_what_keeps_a_cookie_is_told() -> None:
    elsewhere = Response(200, (("set-cookie", "r=; Path=/; Max-Age=0; Secure"),))
    assert "cleared for the path /, and it was set for /api/admin/auth" in deletes(asked("logout", LOGOUT, elsewhere), POLICY).detail
    both = Response(200, (("set-cookie", "it24a_refresh_token=; Path=/api/admin/auth; Max-Age=0; Secure"),))
    assert judge("COOKIE-10", asked("logout", LOGOUT, both), at=LOGOUT).verdict is Verdict.PASS
    assert judge("COOKIE-10", asked("logout", LOGOUT, elsewhere), at=LOGOUT).verdict is Verdict.FAIL


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
        (401, 401, 200, "inconclusive"),
        (200, 200, 200, "fail"),
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


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (200, 401, "taken when it is first"),
        (401, 200, "taken when it is last"),
        (200, 200, "are accepted in either order"),
        (401, 401, "are refused in either order"),
        (500, 401, "make the server fail"),
        (429, 500, "limits requests"),
    ],
)
def test_which_of_two_cookies_is_taken_is_told(first: int, last: int, words: str) -> None:
    sent = [refreshed("cookie.twice", first, "first"), refreshed("cookie.twice", last, "last")]
    judgement = judge("COOKIE-15", *sent, at=REFRESH)
    assert words in judgement.detail
    assert [exchange.number for exchange in judgement.exchanges] == [1, 2]


def test_one_order_of_two_cookies_tells_nothing() -> None:
    judgement = judge("COOKIE-15", refreshed("cookie.twice", 200, "first"), at=REFRESH)
    assert (judgement.verdict, judgement.detail) == (Verdict.INCONCLUSIVE, "A request with two cookies was not answered in both orders.")


@pytest.mark.parametrize("requirement", ["COOKIE-14", "COOKIE-15"])
def test_a_refresh_that_reads_no_cookie_is_not_asked_about_its_value(requirement: str) -> None:
    of = changed_design(cookie=None, refresh_body=BodyCarrier("/refreshToken", "/refreshToken"))
    probes = [("cookie.altered", 401), ("cookie.control", 200), ("cookie.twice", 401), ("cookie.twice", 401)]
    judgements = {
        at: judge(requirement, *(asked(name, at, Response(status, (JSON,)), of=of) for name, status in probes), at=at, of=of)
        for at in ("refreshSession", "whoAmI")
    }
    assert judgements["refreshSession"].verdict is Verdict.SKIP
    assert judgements["refreshSession"].detail == "The refresh token of admin travels in no cookie."
    assert judgements["whoAmI"].verdict is Verdict.PASS
    # Where a cookie carries it, its value is asked about.
    exchanges = [asked(name, "refreshSession", Response(status, (JSON,)), of=design("access-token-in-cookie")) for name, status in probes]
    assert judge(requirement, *exchanges, at="refreshSession", of=design("access-token-in-cookie")).verdict is Verdict.PASS


def test_values_are_asked_about_where_cookies_are_read() -> None:
    assert subjects("COOKIE-14", contract()) == ["adminRefresh", "surveyRefresh"]
    assert subjects("COOKIE-14", design("access-token-in-cookie")) == ["refreshSession", "whoAmI"]
    assert subjects("COOKIE-14", changed_design(identity=None)) == ["refreshSession"]
    assert subjects("COOKIE-14", design("api-keys")) == []


def test_a_cookie_with_a_refusal() -> None:
    line = ("set-cookie", f"it24a_refresh_token=${{REFRESH_TOKEN_1}}; {GOOD}")
    for status, verdict in {
        400: "fail",
        401: "fail",
        499: "fail",
        200: "inconclusive",
        302: "inconclusive",
        429: "inconclusive",
        500: "inconclusive",
    }.items():
        assert judge("COOKIE-09", asked("refresh.garbage", REFRESH, Response(status, (JSON, line))), at=REFRESH).verdict == verdict, status
    assert judge("COOKIE-09", asked("refresh.garbage", REFRESH, Response(401, (JSON,))), at=REFRESH).verdict is Verdict.PASS
    assert judge("COOKIE-09", asked("refresh.garbage", REFRESH, Response(500, (JSON,))), at=REFRESH).detail == f"{REFRESH} refused nothing."


SURVEY, ALIAS = "POST /api/auth/login", "POST /api/auth/login/alias"


def test_what_another_login_of_the_application_sets_counts() -> None:
    for attributes, verdict in (("HttpOnly", Verdict.PASS), ("Secure", Verdict.FAIL)):
        assert judge("COOKIE-01", given(attributes, name="it24s_refresh_token", at=ALIAS), at=SURVEY).verdict is verdict
    # Of another operation it does not.
    nothing = judge("COOKIE-01", given("Secure", name="it24s_refresh_token", at="POST /api/auth/refresh"), at=SURVEY)
    assert (nothing.verdict, nothing.detail) == (Verdict.INCONCLUSIVE, f"No answer of {SURVEY} set the cookie it24s_refresh_token.")


@pytest.mark.parametrize("requirement", ["COOKIE-01", "COOKIE-09", "COOKIE-10"])
def test_an_operation_of_no_application_has_no_cookie(requirement: str) -> None:
    judgement = judge(requirement, given(GOOD, at=HEALTH), at=HEALTH)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert judgement.detail == "The operation belongs to no application with a token in a cookie."


SCRIPTS = [
    *((f"COOKIE-{number:02}", LOGIN, script) for number in (*range(1, 10), 11, 12, 13) for script in ("refresh", "second_factor")),
    *(("COOKIE-09", LOGIN, script) for script in ("logins", "wrong_secret", "refused_logins")),
    ("COOKIE-10", LOGOUT, "logout"),
    ("COOKIE-11", LOGOUT, "logout"),
    ("COOKIE-13", "createPersonalAccessToken", "personal_tokens"),
    ("COOKIE-14", REFRESH, "cookie_values"),
    ("COOKIE-15", REFRESH, "cookie_values"),
]


@pytest.mark.parametrize(("requirement", "at", "script"), SCRIPTS)
def test_what_was_not_asked_is_told_by_its_script(requirement: str, at: str, script: str) -> None:
    judgement = without(script, requirement, at)
    assert (judgement.verdict, judgement.detail) == (Verdict.SKIP, BROKE_OFF.reason)


@pytest.mark.parametrize(
    ("status", "headers", "verdict"),
    [
        (429, (JSON,), Verdict.INCONCLUSIVE),
        (500, (JSON,), Verdict.INCONCLUSIVE),
        (403, (PAGE,), Verdict.INCONCLUSIVE),
        (200, (JSON,), Verdict.FAIL),
        (401, (JSON,), Verdict.FAIL),
    ],
)
def test_a_logout_that_does_not_decide_clears_nothing(status: int, headers: tuple[tuple[str, str], ...], verdict: Verdict) -> None:
    assert Recorded().judge("COOKIE-10", "adminLogout", [asked("logout", "adminLogout", answer(status, b"{}", *headers))]).verdict is verdict


@pytest.mark.parametrize(("at", "words"), [("surveyLogin", "The cookie"), ("surveyAliasLogin", "At POST /api/auth/login/alias: The cookie")])
def test_what_a_further_login_does_is_told_of_it(at: str, words: str) -> None:
    given = answer(200, b"{}", JSON, ("Set-Cookie", "it24s_refresh_token=x; Path=/api/auth; Max-Age=86400; Secure; SameSite=Lax"))
    judgement = Recorded().judge("COOKIE-01", "surveyLogin", [asked("login.good", at, given)])
    assert judgement.verdict is Verdict.FAIL
    assert judgement.detail.startswith(words)
    flagged = answer(200, b"{}", JSON, ("Set-Cookie", "it24s_refresh_token=x; Path=/api/auth; Max-Age=86400; Secure; HttpOnly; SameSite=Lax"))
    assert Recorded().judge("COOKIE-01", "surveyLogin", [asked("login.good", at, flagged)]).detail.startswith("The cookie")
