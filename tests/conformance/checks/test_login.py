"""LOGIN: refusals and malformed logins as lawful and broken servers answer them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from authproof.exchange import Exchange, Response, TokenFacts
from authproof.verdict import Judgement, Verdict
from authproof_spec.pointer import Json
from tests.conformance.checks.building import JSON, answer, asked
from tests.conformance.checks.recorded import PAGE, Recorded

LOGIN, ALIAS, ME, REFRESH = "POST /api/admin/auth/login", "POST /api/auth/login/alias", "GET /api/admin/user", "POST /api/admin/auth/refresh"
SURVEY = "POST /api/auth/login"
TOKENS = b'{"accessToken": "${ACCESS_TOKEN_1}"}'
OPAQUE = TokenFacts("refresh_token", "", 43, unlike=40)
FACTS = {
    "ACCESS_TOKEN_1": TokenFacts("access_token", "", 200, header={}, claims={"sub": "2", "aud": ["admin", "access"], "iat": 1}),
    "ACCESS_TOKEN_2": TokenFacts("access_token", "", 200, header={}, claims={"sub": "2", "aud": ["admin", "access"], "iat": 2}),
    "ACCESS_TOKEN_3": TokenFacts("access_token", "", 200, header={}, claims={"sub": "1", "aud": ["admin", "access"], "iat": 2}),
    "REFRESH_TOKEN_1": OPAQUE,
    "REFRESH_TOKEN_2": OPAQUE,
}


def judge(requirement: str, *exchanges: Exchange, at: str = LOGIN, facts: dict[str, TokenFacts] | None = None) -> Judgement:
    return Recorded(facts=facts or FACTS).judge(requirement, at, exchanges)


def sent(name: str, response: Response, body: Json = None, at: str = LOGIN, variant: str = "") -> Exchange:
    return asked(name, at, response, variant, body=json.dumps(body).encode())


def refusal(message: str = "No.", *headers: tuple[str, str], status: int = 401, **members: Json) -> Response:
    return Response(status, (JSON, *headers), json.dumps({"message": message, **members}).encode())


WRONG = {"email": "user@example.com", "password": "${WRONG_PASSWORD_1}"}
UNKNOWN = {"email": "authproof-1@example.com", "password": "${WRONG_PASSWORD_1}"}


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        (refusal(), refusal(), "pass"),
        (refusal("No user@example.com."), refusal("No authproof-1@example.com."), "pass"),
        (refusal(traceId="00-abc"), refusal(traceId="00-xyz"), "pass"),
        (refusal(timestamp="2026-11-25 01:00:00+01:00"), refusal(timestamp="2026-11-25 01:00:01+01:00"), "pass"),
        (refusal("No.", ("Date", "a"), ("Keep-Alive", "max=99"), ("X-Runtime", "0.1")), refusal("No.", ("x-runtime", "0.2")), "pass"),
        (refusal(left=4), refusal(left=3), "inconclusive"),
        (refusal(left=4), refusal(), "fail"),
        (refusal("Wrong password."), refusal("No such account."), "fail"),
        (refusal("No.", ("X-Code", "1")), refusal(), "fail"),
        (refusal(), refusal(status=404), "fail"),
        (refusal(), answer(429), "inconclusive"),
        (refusal(), answer(500), "inconclusive"),
        (refusal(), answer(403, b"<html>", PAGE), "inconclusive"),
    ],
)
def test_refusals_look_alike(one: Response, other: Response, verdict: str) -> None:
    assert judge("LOGIN-04", sent("login.near_miss", one, WRONG), sent("login.unknown", other, UNKNOWN)).verdict == verdict


def test_one_kind_of_refusal_is_no_comparison() -> None:
    assert judge("LOGIN-04", sent("login.near_miss", refusal())).verdict is Verdict.SKIP
    assert judge("LOGIN-04", sent("login.near_miss", answer(200)), sent("login.unknown", refusal())).verdict is Verdict.SKIP


def test_an_account_of_another_application_is_unknown_where_it_is_refused_like_one() -> None:
    wrong = sent("login.near_miss", refusal("Wrong."), at=SURVEY)
    foreign = sent("isolation.credentials", refusal("Unknown."), at=SURVEY)
    assert judge("LOGIN-04", wrong, foreign, at=SURVEY).verdict is Verdict.FAIL
    assert judge("LOGIN-03", foreign, at=SURVEY).verdict is Verdict.PASS
    forbidden = sent("isolation.credentials", refusal("No access.", status=403), at=SURVEY)
    assert judge("LOGIN-04", wrong, forbidden, at=SURVEY).verdict is Verdict.SKIP
    assert judge("LOGIN-03", forbidden, at=SURVEY).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("near", "random", "exactly", "refused"),
    [(401, None, "pass", "pass"), (200, 401, "fail", "pass"), (200, 200, "fail", "fail"), (429, None, "inconclusive", "inconclusive")],
)
def test_a_near_miss_tells_a_careless_comparison_from_none(near: int, random: int | None, exactly: str, refused: str) -> None:
    exchanges = [sent("login.near_miss", answer(near), variant="a blank added")]
    if random:
        exchanges.append(sent("login.wrong_secret", answer(random)))
    assert judge("LOGIN-15", *exchanges).verdict == exactly
    assert judge("LOGIN-02", *exchanges).verdict == refused


@pytest.mark.parametrize(("status", "verdict"), [(401, "pass"), (400, "fail"), (403, "fail"), (422, "fail"), (302, "fail"), (500, "inconclusive")])
def test_a_wrong_password_is_401(status: int, verdict: str) -> None:
    assert judge("LOGIN-02", sent("login.near_miss", answer(status))).verdict == verdict


def test_a_login_that_the_account_cannot_use_is_not_asked() -> None:
    good = sent("login.good", answer(200, TOKENS), at=ALIAS)
    for requirement in ("LOGIN-01", "LOGIN-02", "LOGIN-03", "LOGIN-04", "LOGIN-07", "LOGIN-15"):
        judgement = judge(requirement, good, at=SURVEY)
        assert (judgement.verdict, judgement.detail) == (Verdict.SKIP, "The profile's account has not what this login asks for."), requirement
    assert judge("LOGIN-20", good, sent("login.near_miss", answer(200), at=ALIAS), at=ALIAS).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("empty", "secret", "verdict"),
    [
        (400, 400, "pass"),
        (401, 400, "fail"),
        (500, 400, "fail"),
        (415, 400, "warn"),
        (429, 400, "inconclusive"),
        (400, 200, "fail"),
        (400, 401, "fail"),
    ],
)
def test_missing_and_empty_fields(empty: int, secret: int, verdict: str) -> None:
    # The bundled document has a minLength for passwords.
    exchanges = [sent("login.empty", answer(empty), {}), sent("login.empty_secret", answer(secret), {"email": "a@example.com", "password": ""})]
    assert judge("LOGIN-07", *exchanges).verdict == verdict


@pytest.mark.parametrize(("status", "verdict"), [(400, "pass"), (401, "warn"), (413, "warn"), (200, "fail"), (500, "fail"), (429, "inconclusive")])
def test_wrong_types(status: int, verdict: str) -> None:
    assert judge("LOGIN-08", sent("login.wrong_type", answer(status), variant="null")).verdict == verdict


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        (answer(400), "pass"),
        (answer(400, b'{"title": "Bad"}', ("Content-Type", "application/problem+json")), "pass"),
        (answer(400, b"Bad", ("Content-Type", "text/plain")), "fail"),
        (answer(400, b"{}"), "fail"),
        (answer(401), "fail"),
        (answer(500), "fail"),
        (answer(503, b"<html>", PAGE), "inconclusive"),
        (answer(429), "inconclusive"),
    ],
)
def test_broken_json(response: Response, verdict: str) -> None:
    assert judge("LOGIN-09", sent("login.broken_json", response)).verdict == verdict


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        (answer(415), "pass"),
        (answer(400), "pass"),
        (answer(401), "pass"),
        (answer(200, TOKENS), "fail"),
        (answer(200, b"{}"), "fail"),
        (answer(302), "inconclusive"),
        (answer(500), "inconclusive"),
        (answer(429), "inconclusive"),
    ],
)
def test_other_formats(response: Response, verdict: str) -> None:
    assert judge("LOGIN-10", sent("login.other_format", response, variant="a form")).verdict == verdict


def test_where_every_format_is_declared_none_is_foreign() -> None:
    assert judge("LOGIN-10", sent("login.broken_json", answer(400))).verdict is Verdict.SKIP


@pytest.mark.parametrize(
    ("by_post", "empty", "by_get", "bare", "verdict"),
    [
        (400, 400, 405, None, "pass"),
        (400, 400, 404, None, "pass"),
        (400, 400, 200, None, "pass"),
        (401, 400, 405, None, "fail"),
        (400, 400, 401, 401, "pass"),
        (400, 400, 401, 400, "fail"),
        (429, 400, 405, None, "inconclusive"),
    ],
)
def test_credentials_in_the_query(by_post: int, empty: int, by_get: int, bare: int | None, verdict: str) -> None:
    exchanges = [sent("login.post_query", answer(by_post)), sent("login.empty", answer(empty))]
    exchanges.append(asked("login.get_query", LOGIN, answer(by_get, b"{}"), method="GET"))
    if bare:
        exchanges.append(asked("login.get_bare", LOGIN, answer(bare, b"{}"), method="GET"))
    exchanges.append(sent("login.unknown", refusal()))
    assert judge("LOGIN-11", *exchanges).verdict == verdict


def test_a_get_in_the_words_of_a_wrong_password_decides_nothing() -> None:
    exchanges = [sent(name, answer(400)) for name in ("login.post_query", "login.empty")]
    exchanges += [asked(name, LOGIN, refusal(), method="GET") for name in ("login.get_query", "login.get_bare")]
    assert judge("LOGIN-11", *exchanges, sent("login.unknown", refusal())).verdict is Verdict.INCONCLUSIVE


def me(name: str, identifier: str = "2", permissions: tuple[str, ...] = ()) -> Exchange:
    return asked(name, ME, answer(200, json.dumps({"profile": {"id": identifier}, "permissions": permissions}).encode()))


@pytest.mark.parametrize(
    ("status", "token", "shown", "verdict"),
    [
        (200, 2, me("login.extra_identity"), "pass"),
        (200, 3, me("login.extra_identity"), "fail"),
        (200, 2, me("login.extra_identity", "1"), "fail"),
        (200, 2, me("login.extra_identity", "2", ("users:browse",)), "fail"),
        (200, 2, asked("login.extra_identity", ME, answer(401)), "inconclusive"),
        (400, 0, None, "pass"),
        (429, 0, None, "inconclusive"),
        (500, 0, None, "inconclusive"),
    ],
)
def test_extra_members(status: int, token: int, shown: Exchange | None, verdict: str) -> None:
    body = json.dumps({"accessToken": f"${{ACCESS_TOKEN_{token}}}"} if token else {}).encode()
    exchanges = [sent("login.good", answer(200, TOKENS)), me("identity.control"), sent("login.extra_members", answer(status, body))]
    assert judge("LOGIN-12", *exchanges, *([shown] if shown else [])).verdict == verdict


def brought(given: str | None, status: int = 200) -> Exchange:
    lines = () if given is None else (("set-cookie", f"it24a_refresh_token={given}; Path=/api/admin/auth"),)
    cookie = (("Cookie", "it24a_refresh_token=${REFRESH_TOKEN_1}"),)
    return asked("login.with_cookie", LOGIN, Response(status, (JSON, *lines), TOKENS), headers=cookie)


@pytest.mark.parametrize(
    ("given", "made_up", "verdict"),
    [
        ("${REFRESH_TOKEN_2}", 401, "pass"),
        ("${REFRESH_TOKEN_1}", 401, "fail"),
        (None, 401, "fail"),
        ("${REFRESH_TOKEN_2}", 200, "fail"),
        ("${REFRESH_TOKEN_2}", 429, "inconclusive"),
    ],
)
def test_a_cookie_that_is_brought_along(given: str | None, made_up: int, verdict: str) -> None:
    after = asked("login.made_up_cookie", REFRESH, answer(made_up))
    assert judge("LOGIN-13", brought(given), after).verdict == verdict


def test_a_login_that_is_refused_for_its_cookie_decides_nothing() -> None:
    assert judge("LOGIN-13", brought(None, 400)).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        (OPAQUE, OPAQUE, "pass"),
        (OPAQUE, replace(OPAQUE, unlike=3), "fail"),
        (replace(OPAQUE, length=12), OPAQUE, "fail"),
        (replace(OPAQUE, header={}, length=12), replace(OPAQUE, header={}, unlike=1), "pass"),
    ],
)
def test_refresh_tokens_are_unrelated(first: TokenFacts, second: TokenFacts, verdict: str) -> None:
    logins = [brought(f"${{REFRESH_TOKEN_{number}}}") for number in (1, 2)]
    assert judge("LOGIN-14", *logins, facts={**FACTS, "REFRESH_TOKEN_1": first, "REFRESH_TOKEN_2": second}).verdict == verdict
    assert judge("LOGIN-14", logins[0], logins[0]).verdict is Verdict.FAIL
    assert judge("LOGIN-14", logins[0]).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("response", "seconds", "later", "verdict"),
    [
        (answer(413), 0.1, True, "pass"),
        (answer(401), 0.1, True, "pass"),
        (None, 0.1, True, "pass"),
        (None, 10.0, True, "fail"),
        (answer(400), 5.5, True, "fail"),
        (answer(500), 0.1, True, "fail"),
        (answer(200), 0.1, True, "fail"),
        (answer(429), 0.1, True, "inconclusive"),
        (answer(413), 0.1, False, "inconclusive"),
    ],
)
def test_absurd_length(response: Response | None, seconds: float, later: bool, verdict: str) -> None:  # noqa: FBT001
    exchanges = [replace(asked("login.long", LOGIN, response), elapsed=seconds)]
    if later:
        exchanges.append(sent("login.extra_members", answer(200)))
    assert judge("LOGIN-16", *exchanges).verdict == verdict
