"""BEARER: what a right server may answer, and what decides nothing."""

from __future__ import annotations

import pytest

from authproof.exchange import Response
from authproof.verdict import Verdict
from tests.conformance.checks.building import CHALLENGE, INVALID, JSON, MESSAGE, TOKEN, answer, asked, judge

ME = "GET /api/admin/user"
CONTROL = b'{"profile": {"id": "1", "email": "a@example.com"}, "permissions": []}'
PAGE = ("Content-Type", "text/html; charset=utf-8")
GOOD = (
    asked("identity.control", ME, answer(200, CONTROL), headers=(("Authorization", f"Bearer {TOKEN}"),)),
    asked("bearer.control", ME, answer(200, CONTROL), headers=(("Authorization", f"Bearer {TOKEN}"),)),
)


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        (answer(401, MESSAGE, CHALLENGE), Verdict.PASS),
        (answer(200, CONTROL), Verdict.FAIL),
        (answer(403), Verdict.FAIL),
        (answer(302, b"", ("Location", "/login")), Verdict.FAIL),
        (answer(404), Verdict.FAIL),
        (answer(405), Verdict.FAIL),
        (answer(429), Verdict.INCONCLUSIVE),
        (answer(403, b"<html>", PAGE), Verdict.INCONCLUSIVE),
        (answer(503, b"<html>", PAGE), Verdict.INCONCLUSIVE),
        (answer(500), Verdict.INCONCLUSIVE),
        (None, Verdict.INCONCLUSIVE),
    ],
)
def test_a_stranger_is_answered_401(response: Response | None, verdict: Verdict) -> None:
    assert judge("BEARER-01", ME, asked("bearer.none", ME, response), *GOOD).verdict is verdict


@pytest.mark.parametrize("status", [404, 405])
def test_an_operation_that_nobody_finds_shows_nothing_of_authentication(status: int) -> None:
    strangers = asked("bearer.none", ME, answer(status))
    callers = asked("bearer.control", ME, answer(status))
    assert judge("BEARER-01", ME, strangers, callers).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("challenges", "verdict"),
    [
        (['Bearer realm="api"'], Verdict.PASS),
        (["bearer realm=api"], Verdict.PASS),
        (['Basic realm="a"', 'Bearer error="invalid_token" , error_description="a, b"'], Verdict.PASS),
        (['DPoP algs="ES256", Bearer realm="x"'], Verdict.PASS),
        (["Negotiate abc==, Bearer realm=x"], Verdict.PASS),
        (["Bearer"], Verdict.WARN),
        (['Bearer realm="a", realm="b"'], Verdict.WARN),
        (['Bearer realm="a" error="b"'], Verdict.WARN),
        (['Bearer realm="a'], Verdict.WARN),
        ([""], Verdict.WARN),
        ([], Verdict.SKIP),  # BEARER-02 tells of a challenge that is missing
    ],
)
def test_a_challenge_is_well_formed(challenges: list[str], verdict: Verdict) -> None:
    response = answer(401, MESSAGE, JSON, *(("WWW-Authenticate", line) for line in challenges))
    judgement = judge("BEARER-03", ME, asked("bearer.none", ME, response), asked("bearer.garbage", ME, response))
    # The level of the requirement, SHOULD, makes a warning of a failure.
    assert (Verdict.WARN if judgement.verdict is Verdict.FAIL else judgement.verdict) is verdict


def test_any_of_several_bearer_challenges_may_name_the_error() -> None:
    response = answer(401, MESSAGE, JSON, CHALLENGE, INVALID)
    assert judge("BEARER-05", ME, asked("bearer.garbage", ME, response)).verdict is Verdict.PASS


@pytest.mark.parametrize("requirement_and_probe", [("BEARER-11", "bearer.trailing"), ("BEARER-16", "bearer.twice"), ("BEARER-12", "bearer.query")])
@pytest.mark.parametrize(("status", "verdict"), [(401, Verdict.PASS), (400, Verdict.PASS), (200, Verdict.FAIL), (429, Verdict.INCONCLUSIVE)])
def test_a_credential_out_of_form_is_refused(requirement_and_probe: tuple[str, str], status: int, verdict: Verdict) -> None:
    requirement, probe = requirement_and_probe
    refusal = asked(probe, ME, answer(status, CONTROL if status == 200 else MESSAGE))
    assert judge(requirement, ME, refusal, *GOOD).verdict is verdict


def test_a_refusal_proves_nothing_where_the_good_token_is_refused_too() -> None:
    refused = answer(401)
    judgement = judge("BEARER-08", ME, asked("bearer.bare", ME, refused), GOOD[0], asked("bearer.control", ME, refused))
    assert judgement.verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        ("no-store", Verdict.PASS),
        ("private, max-age=60", Verdict.PASS),
        ("max-age=60", Verdict.PASS),
        ("private, must-revalidate, max-age=60", Verdict.PASS),
        ("max-age=0, must-revalidate", Verdict.PASS),
        ("must-revalidate", Verdict.PASS),
        ("no-cache", Verdict.PASS),
        ("Public, max-age=60", Verdict.FAIL),
        ('S-MaxAge="60"', Verdict.FAIL),
        ("must-revalidate, max-age=60", Verdict.FAIL),
        ("public, no-cache", Verdict.WARN),
        ("public, max-age=0", Verdict.WARN),
        ("max-age=0, s-maxage=60", Verdict.FAIL),
        ("s-maxage=0", Verdict.WARN),
        (None, Verdict.WARN),
    ],
)
def test_shared_caches_are_not_invited(value: str | None, verdict: Verdict) -> None:
    headers = (JSON,) if value is None else (JSON, ("cache-control", value))
    exchange = asked("bearer.control", ME, answer(200, CONTROL, *headers), headers=(("Authorization", f"Bearer {TOKEN}"),))
    assert judge("BEARER-27", ME, exchange).verdict is verdict
