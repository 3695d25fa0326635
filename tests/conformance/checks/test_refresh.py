"""What the checks of refresh say of lawful and of broken answers that no fault of the mock gives."""

from __future__ import annotations

import pytest

from authproof.exchange import Exchange
from authproof.verdict import Verdict
from authproof_spec import Contract
from authproof_spec.pointer import Json
from tests.conformance.checks.recording import COOKIE, HTML, ME, NO_ANSWER, REFRESH, contract, judge, seen, sends, sets, token

PASS, FAIL, WARN, SKIP, UNDECIDED = Verdict.PASS, Verdict.FAIL, Verdict.WARN, Verdict.SKIP, Verdict.INCONCLUSIVE
DECLARED = '"401": {$ref: "#/components/responses/RefreshRefused"}'
SESSION = {"accessToken": "${ACCESS_TOKEN_2}"}
GRACE = ("grace: 0", "grace: 10")


def declaring(status: int) -> Contract:
    """The document with one more refusal of a refresh."""
    return contract((DECLARED, f'{DECLARED}\n        "{status}": {{$ref: "#/components/responses/RefreshRefused"}}'))


@pytest.mark.parametrize(
    ("status", "headers", "verdict"),
    [
        (401, (), PASS),
        (400, (), FAIL),
        (403, (), FAIL),
        (200, (), FAIL),
        (302, (("Location", "/login"),), FAIL),
        (404, (), FAIL),
        (429, (), UNDECIDED),
        (500, (), UNDECIDED),
        (503, (HTML,), UNDECIDED),
        (403, (HTML,), UNDECIDED),
        (NO_ANSWER, (), UNDECIDED),
    ],
)
@pytest.mark.parametrize(
    ("requirement", "probe"),
    [
        ("REFRESH-03", "refresh.reuse"),
        ("REFRESH-10", "refresh.missing"),
        ("REFRESH-13", "isolation.refresh"),
        ("REFRESH-14", "expiry.refresh"),
        ("REFRESH-16", "logout.refresh_after"),
        ("REFRESH-17", "disabled.refresh"),
        ("PAT-14", "pat.as_refresh"),
    ],
)
def test_refusals(requirement: str, probe: str, status: int, headers: tuple[tuple[str, str], ...], verdict: Verdict) -> None:
    assert judge(requirement, REFRESH, seen(probe, REFRESH, status, None, *headers)).verdict is verdict


@pytest.mark.parametrize("status", [400, 403])
def test_a_document_may_choose_another_refusal(status: int) -> None:
    assert judge("REFRESH-03", REFRESH, seen("refresh.reuse", REFRESH, status), of=declaring(status)).verdict is PASS
    other = 403 if status == 400 else 400
    assert judge("REFRESH-03", REFRESH, seen("refresh.reuse", REFRESH, other), of=declaring(status)).verdict is FAIL


@pytest.mark.parametrize(
    ("status", "body", "of", "verdict"),
    [
        (200, SESSION, None, PASS),
        (201, SESSION, None, FAIL),
        (201, SESSION, contract((DECLARED, f'"201": {{$ref: "#/components/responses/SessionStarted"}}\n        {DECLARED}')), PASS),
        (204, None, None, FAIL),
        (200, {"accessToken": "${ACCESS_TOKEN_1}"}, None, FAIL),
        (200, {"accessToken": 7}, None, FAIL),
        (200, "<html>", None, FAIL),
        (401, None, None, FAIL),
        (429, None, None, UNDECIDED),
        (502, None, None, UNDECIDED),
    ],
)
def test_a_good_refresh(status: int, body: Json, of: Contract | None, verdict: Verdict) -> None:
    identity = seen("identity.control", ME, 200, {"profile": {"id": 7}})
    login = seen("login.good", "adminLogin", 200, {"accessToken": "${ACCESS_TOKEN_1}"})
    used = seen("refresh.new_access", ME, 200, {"profile": {"id": 7}})
    assert judge("REFRESH-01", REFRESH, identity, login, seen("refresh.first", REFRESH, status, body), used, of=of).verdict is verdict


@pytest.mark.parametrize(
    ("cookie", "verdict"),
    [
        ((sets("${REFRESH_TOKEN_2}"),), PASS),
        ((sets("", "; Max-Age=0"), sets("${REFRESH_TOKEN_2}")), PASS),
        ((sets("${REFRESH_TOKEN_1}"),), FAIL),
        ((sets("${REFRESH_TOKEN_2}", "; Max-Age=0"),), FAIL),
        ((), FAIL),
    ],
)
def test_rotation(cookie: tuple[tuple[str, str], ...], verdict: Verdict) -> None:
    assert judge("REFRESH-02", REFRESH, seen("refresh.first", REFRESH, 200, SESSION, *cookie, sent=sends("${REFRESH_TOKEN_1}"))).verdict is verdict


@pytest.mark.parametrize(("late", "verdict"), [(401, PASS), (200, FAIL), (429, FAIL)])
def test_a_family_may_be_revoked_a_moment_later(late: int, verdict: Verdict) -> None:
    reuse = seen("refresh.reuse", REFRESH, 401)
    after = seen("refresh.after_reuse", REFRESH, 200, SESSION, sets("${REFRESH_TOKEN_3}"), sent=sends("${REFRESH_TOKEN_2}"))
    later = seen("refresh.after_reuse_later", REFRESH, late, sent=sends("${REFRESH_TOKEN_3}"))
    assert judge("REFRESH-04", REFRESH, reuse, after, later).verdict is verdict


def test_reuse_that_is_let_in_or_not_followed_up_passes_nothing() -> None:
    assert judge("REFRESH-04", REFRESH, seen("refresh.reuse", REFRESH, 200)).verdict is FAIL
    assert judge("REFRESH-04", REFRESH, seen("refresh.reuse", REFRESH, 401)).verdict is UNDECIDED
    assert judge("REFRESH-05", REFRESH, seen("ancestor.reuse", REFRESH, 401)).verdict is UNDECIDED


@pytest.mark.parametrize(
    ("status", "headers", "verdict"),
    [(200, (), PASS), (204, (), PASS), (401, (), FAIL), (429, (), UNDECIDED), (503, (), UNDECIDED), (403, (HTML,), UNDECIDED)],
)
@pytest.mark.parametrize(
    ("requirement", "subject", "probe"),
    [
        ("REFRESH-06", REFRESH, "refresh.bystander"),
        ("LOGOUT-07", "adminLogout", "logout.other_session"),
        ("LOGOUT-06", "adminLogout", "logout.unharmed"),
    ],
)
def test_what_lives_on(requirement: str, subject: str, probe: str, status: int, headers: tuple[tuple[str, str], ...], verdict: Verdict) -> None:
    forged = seen("logout.forged", "adminLogout", 200)
    refused = seen("refresh.missing", REFRESH, 401)
    assert judge(requirement, subject, refused, forged, seen(probe, REFRESH, status, None, *headers)).verdict is verdict


@pytest.mark.parametrize(
    ("statuses", "changes", "verdict"),
    [
        ((200, 401, 401), (), PASS),
        ((401, 401, 401), (), PASS),
        ((200, 409, 500), (), PASS),
        ((200, 200, 401), (), FAIL),
        ((200, 200, NO_ANSWER), (), FAIL),
        ((200, 401, NO_ANSWER), (), UNDECIDED),
        ((200, 401, 429), (), UNDECIDED),
        ((200, NO_ANSWER, NO_ANSWER), (), UNDECIDED),
        ((500, 500, 500), (), UNDECIDED),
        ((200, 200, 200), (GRACE,), PASS),
    ],
)
def test_a_race(statuses: tuple[int, ...], changes: tuple[tuple[str, str], ...], verdict: Verdict) -> None:
    assert judge("REFRESH-08", REFRESH, *(seen("race", REFRESH, status) for status in statuses), of=contract(*changes)).verdict is verdict


@pytest.mark.parametrize(
    ("at_once", "afterwards", "changes", "verdict"),
    [
        ((200, 401), (), (), PASS),
        ((), (), (), PASS),
        ((200, 200), (), (), FAIL),
        ((200, 200), (200, 401), (GRACE,), PASS),
        ((200, 200), (200, 200), (GRACE,), FAIL),
        ((200, 200), (), (GRACE,), UNDECIDED),
    ],
)
def test_successors_of_a_race(at_once: tuple[int, ...], afterwards: tuple[int, ...], changes: tuple[tuple[str, str], ...], verdict: Verdict) -> None:
    rivals = [seen("race", REFRESH, 200), seen("race", REFRESH, 401)]
    grown = [seen("race.successor", REFRESH, status) for status in at_once] + [seen("race.outlived", REFRESH, status) for status in afterwards]
    assert judge("REFRESH-09", REFRESH, *rivals, *grown, of=contract(*changes)).verdict is verdict


@pytest.mark.parametrize(
    ("exchange", "verdict"),
    [
        (seen("refresh.garbage", REFRESH, 401), PASS),
        (seen("refresh.garbage", REFRESH, 500), FAIL),
        (seen("refresh.garbage", REFRESH, 400), FAIL),
        (seen("refresh.garbage", REFRESH, 400, None, HTML), UNDECIDED),
        (seen("refresh.garbage", REFRESH, 502, None, HTML), UNDECIDED),
        (seen("refresh.garbage", REFRESH, 200, SESSION), FAIL),
        (seen("refresh.other", REFRESH, 401), UNDECIDED),
    ],
)
def test_garbage(exchange: Exchange, verdict: Verdict) -> None:
    assert judge("REFRESH-11", REFRESH, exchange).verdict is verdict


def test_a_session_that_an_attempt_ended_is_told() -> None:
    forged = seen("refresh.forged", REFRESH, 401, variant="unsigned")
    assert "Since then" in judge("REFRESH-12", REFRESH, forged, seen("refresh.control", REFRESH, 401)).detail
    assert "Since then" not in judge("REFRESH-12", REFRESH, forged, seen("refresh.cross_site", REFRESH, 200)).detail


@pytest.mark.parametrize(("requirement", "probe"), [("REFRESH-18", "refresh.elsewhere"), ("REFRESH-19", "refresh.get")])
@pytest.mark.parametrize(
    ("status", "body", "headers", "control", "verdict"),
    [
        (401, None, (), 200, PASS),
        (405, None, (), 200, PASS),
        (200, "<html>", (HTML,), 200, PASS),
        (500, None, (), 200, PASS),
        (302, None, (("Location", "/"),), 200, PASS),
        (200, SESSION, (), 200, FAIL),
        (204, None, (sets("${REFRESH_TOKEN_2}"),), 401, FAIL),
        (401, None, (sets("", "; Max-Age=0"),), 200, PASS),
        (200, "<html>", (HTML,), 401, UNDECIDED),
        (405, None, (), NO_ANSWER, UNDECIDED),
        (429, None, (), 200, UNDECIDED),
    ],
)
def test_what_must_not_refresh(
    requirement: str, probe: str, status: int, body: Json, headers: tuple[tuple[str, str], ...], control: int, verdict: Verdict
) -> None:
    exchanges = (seen(probe, REFRESH, status, body, *headers), seen("refresh.control", REFRESH, control))
    assert judge(requirement, REFRESH, *exchanges).verdict is verdict


@pytest.mark.parametrize(
    ("status", "headers", "verdict"),
    [
        (403, (), PASS),
        (401, (), PASS),
        (200, (sets("${REFRESH_TOKEN_2}"),), PASS),
        (200, (sets("${REFRESH_TOKEN_2}", "; samesite=strict"),), PASS),
        (200, (sets("${REFRESH_TOKEN_2}"), ("Access-Control-Allow-Origin", "*")), PASS),
        (200, (sets("${REFRESH_TOKEN_2}", "; SameSite=None"),), FAIL),
        (200, (sets("${REFRESH_TOKEN_2}", ""),), FAIL),
        (200, (), FAIL),
        (403, (("Access-Control-Allow-Origin", "https://evil.example"), ("Access-Control-Allow-Credentials", "true")), FAIL),
        (429, (), UNDECIDED),
        (500, (), UNDECIDED),
    ],
)
def test_a_refresh_from_another_site(status: int, headers: tuple[tuple[str, str], ...], verdict: Verdict) -> None:
    exchange = seen("refresh.cross_site", REFRESH, status, None, *headers, sent=(("Origin", "https://evil.example"),))
    assert judge("REFRESH-20", REFRESH, exchange).verdict is verdict


@pytest.mark.parametrize(
    ("status", "line", "verdict"),
    [
        (401, f"{COOKIE}=; Path=/api/admin/auth; Max-Age=0; Secure", PASS),
        (401, f"{COOKIE}=; path=/api/admin/auth; expires=Thu, 01 Jan 1970 00:00:00 GMT; secure", PASS),
        (401, f"{COOKIE}=deleted; expires=Thu, 01-Jan-1970 00:00:01 GMT; Max-Age=0; path=/api/admin/auth; secure", PASS),
        (400, f"{COOKIE}=gone; Path=/api/admin/auth; Max-Age=-1; Secure", PASS),
        (401, f"{COOKIE}=; Path=/api/admin/auth; Max-Age=0", WARN),
        (401, f"{COOKIE}=; Path=/; Max-Age=0; Secure", FAIL),
        (401, f"{COOKIE}=; Path=/api/admin/auth; Secure", FAIL),
        (401, "other=; Path=/api/admin/auth; Max-Age=0", FAIL),
        (429, "other=1", UNDECIDED),
    ],
)
def test_a_refusal_clears_the_cookie(status: int, line: str, verdict: Verdict) -> None:
    assert judge("REFRESH-21", REFRESH, seen("refresh.reuse", REFRESH, status, None, ("Set-Cookie", line))).verdict is verdict


@pytest.mark.parametrize(
    ("status", "changes", "verdict"),
    [
        (401, (), PASS),
        (200, (), FAIL),
        (200, (("sessionLifetime: 172800", ""),), WARN),
        (401, (("sessionLifetime: 172800", ""),), PASS),
        (429, (), UNDECIDED),
    ],
)
def test_the_end_of_a_session(status: int, changes: tuple[tuple[str, str], ...], verdict: Verdict) -> None:
    assert judge("REFRESH-15", REFRESH, seen("session.end", REFRESH, status), of=contract(*changes)).verdict is verdict


@pytest.mark.parametrize(
    ("old", "new", "identity", "verdict"),
    [
        ({"sub": "7", "aud": ["admin", "access"]}, {"sub": "7", "aud": ["access", "admin"]}, {"profile": {"id": "7"}}, PASS),
        ({"sub": "7", "aud": ["admin"]}, {"sub": "8", "aud": ["admin"]}, {"profile": {"id": "7"}}, FAIL),
        ({"sub": "7", "aud": "admin"}, {"sub": "7", "aud": ["admin", "root"]}, {"profile": {"id": "7"}}, FAIL),
        ({"sub": "7", "scope": "a b"}, {"sub": "7", "scope": "a"}, {"profile": {"id": "7"}}, PASS),
        ({"sub": "7", "scope": "a"}, {"sub": "7", "scope": "a b"}, {"profile": {"id": "7"}}, FAIL),
        ({}, {}, {"profile": {"id": "7"}}, PASS),
        ({}, {}, {"profile": {"id": "8"}}, FAIL),
        ({}, {}, {"profile": {"id": "7"}, "permissions": ["users:browse"]}, FAIL),
    ],
)
def test_the_rights_of_the_new_token(old: dict[str, Json], new: dict[str, Json], identity: Json, verdict: Verdict) -> None:
    facts = dict([token("ACCESS_TOKEN_1", "access_token", **old), token("ACCESS_TOKEN_2", "access_token", **new)])
    exchanges = (
        seen("identity.control", ME, 200, {"profile": {"id": "7"}, "permissions": []}),
        seen("login.good", "adminLogin", 200, {"accessToken": "${ACCESS_TOKEN_1}"}, sets("${REFRESH_TOKEN_1}")),
        seen("refresh.first", REFRESH, 200, SESSION, sets("${REFRESH_TOKEN_2}"), sent=sends("${REFRESH_TOKEN_1}")),
        seen("refresh.new_access", ME, 200, identity),
    )
    assert judge("REFRESH-22", REFRESH, *exchanges, facts=facts).verdict is verdict


@pytest.mark.parametrize(("later", "verdict"), [((), FAIL), ((401,), PASS), ((200,), FAIL)])
def test_a_lock_out_may_take_some_seconds(later: tuple[int, ...], verdict: Verdict) -> None:
    exchanges = (seen("disabled.refresh", REFRESH, 200), *(seen("disabled.refresh_later", REFRESH, status) for status in later))
    assert judge("REFRESH-17", REFRESH, *exchanges).verdict is verdict
