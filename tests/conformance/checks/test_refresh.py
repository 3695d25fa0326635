"""What the checks of refresh say of lawful and of broken answers that no fault of the mock gives."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from authproof.evidence import Outcome
from authproof.exchange import Exchange, Probe, Request, Response
from authproof.verdict import Verdict
from authproof_spec import Contract
from authproof_spec.contract import RotationPolicy
from authproof_spec.pointer import Json
from tests.conformance.checks import building
from tests.conformance.checks.altered import with_responses
from tests.conformance.checks.building import design
from tests.conformance.checks.recording import COOKIE, HTML, ME, NO_ANSWER, REFRESH, altered, contract, judge, seen, sends, sets, token

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
    # Without a who-am-I nobody can use the new token; what the answer says counts alone.
    nobody = replace(of or contract(), applications=altered(identity=None).applications)
    assert judge("REFRESH-01", REFRESH, login, seen("refresh.first", REFRESH, status, body), of=nobody).verdict is verdict


@pytest.mark.parametrize(("status", "verdict"), [(200, PASS), (401, FAIL), (429, UNDECIDED)])
def test_the_new_access_token_is_used(status: int, verdict: Verdict) -> None:
    identity = seen("identity.control", ME, 200, {"profile": {"id": 7}})
    used = seen("refresh.new_access", ME, status, {"profile": {"id": 7}})
    assert judge("REFRESH-01", REFRESH, identity, seen("refresh.first", REFRESH, 200, SESSION), used).verdict is verdict


def test_what_is_wrong_with_a_refresh_is_told() -> None:
    login = seen("login.good", "adminLogin", 200, {"accessToken": "${ACCESS_TOKEN_1}"})
    none = judge("REFRESH-01", REFRESH, login, seen("refresh.first", REFRESH, 200, {}))
    assert none.detail == "The answer has no access token at /accessToken."
    again = judge("REFRESH-01", REFRESH, login, seen("refresh.first", REFRESH, 200, {"accessToken": "${ACCESS_TOKEN_1}"}))
    assert [exchange.probe.name for exchange in again.exchanges] == ["refresh.first", "login.good"]


@pytest.mark.parametrize("requirement", ["REFRESH-01", "REFRESH-02", "REFRESH-03", "REFRESH-18", "LOGOUT-01", "APP-02"])
def test_an_operation_of_no_application_is_not_judged(requirement: str) -> None:
    nowhere = contract().read_of("/nowhere")
    probes = ("refresh.first", "refresh.reuse", "refresh.elsewhere", "logout")
    exchanges = [Exchange(1, Probe(name, Request("GET", "/nowhere"), nowhere.id), Response(200)) for name in probes]
    judgement = building.judge(requirement, nowhere, *exchanges)
    assert judgement.verdict is UNDECIDED
    assert "belongs to no application" in judgement.detail


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
    refused = judge("REFRESH-02", REFRESH, seen("refresh.first", REFRESH, 401, None, *cookie, sent=sends("${REFRESH_TOKEN_1}")))
    assert (refused.verdict, refused.detail) == (UNDECIDED, "The refresh was answered 401.")


@pytest.mark.parametrize(("given", "verdict"), [("${REFRESH_TOKEN_2}", PASS), ("${REFRESH_TOKEN_1}", FAIL), (None, FAIL)])
def test_rotation_in_bodies(given: str | None, verdict: Verdict) -> None:
    of = design("refresh-token-in-body")
    body = json.dumps({"accessToken": "${ACCESS_TOKEN_2}", "refreshToken": given}).encode()
    # Half a character before it keeps nobody from seeing which token was sent.
    sent = b'{"x": "\xc3", "refreshToken": "${REFRESH_TOKEN_1}"}'
    answer = building.answer(200, body)
    exchange = building.asked("refresh.first", "refreshSession", answer, of=of, headers=(building.JSON,), body=sent)
    assert judge("REFRESH-02", "refreshSession", exchange, of=of).verdict is verdict


@pytest.mark.parametrize(("late", "verdict"), [(401, PASS), (200, FAIL), (429, FAIL)])
def test_a_family_may_be_revoked_a_moment_later(late: int, verdict: Verdict) -> None:
    reuse = seen("refresh.reuse", REFRESH, 401)
    after = seen("refresh.after_reuse", REFRESH, 200, SESSION, sets("${REFRESH_TOKEN_3}"), sent=sends("${REFRESH_TOKEN_2}"))
    later = seen("refresh.after_reuse_later", REFRESH, late, sent=sends("${REFRESH_TOKEN_3}"))
    assert judge("REFRESH-04", REFRESH, reuse, after, later).verdict is verdict
    # That another token is refused later says nothing of this family.
    other = seen("refresh.after_reuse_later", REFRESH, late, sent=sends("${REFRESH_TOKEN_4}"))
    assert judge("REFRESH-04", REFRESH, reuse, after, other).verdict is FAIL


def test_reuse_that_is_let_in_or_not_followed_up_passes_nothing() -> None:
    assert judge("REFRESH-04", REFRESH, seen("refresh.reuse", REFRESH, 200)).verdict is FAIL
    for requirement, probe in (("REFRESH-04", "refresh.reuse"), ("REFRESH-05", "ancestor.reuse")):
        unfollowed = judge(requirement, REFRESH, seen(probe, REFRESH, 401))
        assert (unfollowed.verdict, unfollowed.detail) == (UNDECIDED, "No newer token of the family was tried.")


@pytest.mark.parametrize(
    ("late", "hint"),
    [(None, "accepted: answered 200 where 401 is due."), (200, "seem to live on."), (401, "Declare it in the document as rotation.grace.")],
)
def test_a_used_token_that_is_let_in_is_tried_again_later(late: int | None, hint: str) -> None:
    exchanges = [seen("refresh.reuse", REFRESH, 200), *([] if late is None else [seen("refresh.reuse_later", REFRESH, late)])]
    judgement = judge("REFRESH-03", REFRESH, *exchanges)
    assert judgement.verdict is FAIL
    assert judgement.detail.endswith(hint)


@pytest.mark.parametrize(
    ("grace", "lifetime", "verdict"),
    [
        (1, 900, PASS),
        (60, 900, PASS),
        (61, 900, WARN),
        (300, 900, WARN),
        (301, 900, FAIL),
        (60, None, PASS),
        (300, None, WARN),
        (301, None, FAIL),
        # An access token would be over before reuse is noticed.
        (30, 31, PASS),
        (30, 30, FAIL),
        (30, 29, FAIL),
    ],
)
def test_how_long_a_grace_may_be(grace: int, lifetime: int | None, verdict: Verdict) -> None:
    rotated = seen("reuse.rotate", REFRESH, 200, SESSION, sets("${REFRESH_TOKEN_2}"))
    again = seen("reuse.in_grace", REFRESH, 200, SESSION, sets("${REFRESH_TOKEN_3}"))
    judgement = judge("REFRESH-03", REFRESH, rotated, again, seen("refresh.reuse", REFRESH, 401), of=graceful(grace, lifetime=lifetime))
    assert judgement.verdict is verdict
    assert str(grace) in judgement.detail


def graceful(grace: int, *, same_child: bool = False, lifetime: int | None = 900) -> Contract:
    """The document with a grace."""
    access = replace(contract().applications["admin"].access_token, lifetime=lifetime)
    return altered(rotation=RotationPolicy(grace=grace, same_child=same_child), access_token=access)


@pytest.mark.parametrize(
    ("again", "same_child", "given", "verdict"),
    [
        (200, False, "${REFRESH_TOKEN_3}", PASS),
        (200, True, "${REFRESH_TOKEN_2}", PASS),
        (200, True, "${REFRESH_TOKEN_3}", FAIL),
        # What gives no other successor gives no wrong one.
        (200, True, None, PASS),
        (204, True, None, PASS),
        (400, False, None, WARN),
        (401, False, None, WARN),
        (401, True, "${REFRESH_TOKEN_3}", WARN),
        (409, False, None, WARN),
        (429, False, None, UNDECIDED),
        (500, False, None, UNDECIDED),
        (503, True, None, UNDECIDED),
        (NO_ANSWER, False, None, UNDECIDED),
    ],
)
def test_the_answer_within_a_grace(again: int, *, same_child: bool, given: str | None, verdict: Verdict) -> None:
    rotated = seen("reuse.rotate", REFRESH, 200, SESSION, sets("${REFRESH_TOKEN_2}"))
    in_grace = seen("reuse.in_grace", REFRESH, again, SESSION, *(() if given is None else (sets(given),)))
    reuse = seen("refresh.reuse", REFRESH, 401)
    assert judge("REFRESH-03", REFRESH, rotated, in_grace, reuse, of=graceful(10, same_child=same_child)).verdict is verdict
    # Too long a grace stays too long, whatever is answered in it.
    assert judge("REFRESH-03", REFRESH, rotated, in_grace, reuse, of=graceful(400, same_child=same_child)).verdict is (
        UNDECIDED if again == NO_ANSWER else FAIL
    )


@pytest.mark.parametrize(
    ("revoked", "access", "verdict"),
    [(401, 401, PASS), (401, 200, WARN), (401, 403, FAIL), (401, 429, UNDECIDED), (401, NO_ANSWER, UNDECIDED), (200, 401, SKIP), (200, 200, SKIP)],
)
def test_the_access_token_of_a_revoked_family(revoked: int, access: int, verdict: Verdict) -> None:
    exchanges = (seen("refresh.after_reuse", REFRESH, revoked), seen("refresh.access_after_reuse", ME, access))
    assert judge("REFRESH-07", REFRESH, *exchanges).verdict is verdict
    assert judge("REFRESH-07", REFRESH, *exchanges, of=altered(identity=None)).verdict is SKIP


@pytest.mark.parametrize(
    ("account", "bystanders", "reuse", "verdict", "detail"),
    [
        (False, (200,), 401, PASS, "Another session of the account"),
        (True, (200,), 401, PASS, "A session of another account"),
        (True, (401,), 401, FAIL, "A session of another account"),
        (True, (), 401, SKIP, "no second account"),
        (False, (), 401, UNDECIDED, "not answered"),
        (True, (), NO_ANSWER, UNDECIDED, "not answered"),
        # Of several tries the last one counts.
        (False, (401, 200), 401, PASS, "Another session of the account"),
        (False, (200, 401), 401, FAIL, "Another session of the account"),
    ],
)
def test_whom_a_reuse_may_concern(*, account: bool, bystanders: tuple[int, ...], reuse: int, verdict: Verdict, detail: str) -> None:
    of = altered(rotation=RotationPolicy(revokes_account=account))
    exchanges = [seen("refresh.missing", REFRESH, 401), seen("refresh.reuse", REFRESH, reuse)]
    judgement = judge("REFRESH-06", REFRESH, *exchanges, *(seen("refresh.bystander", REFRESH, status) for status in bystanders), of=of)
    assert judgement.verdict is verdict
    assert detail in judgement.detail


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
        ((400, 400), (), PASS),
        ((403, 403), (), PASS),
        ((409, 409), (), UNDECIDED),
        ((200,), (), UNDECIDED),
        ((200, 401), (GRACE,), PASS),
        ((200, 200, 401), (GRACE,), PASS),
        ((200, 200, 200), (GRACE,), PASS),
    ],
)
def test_a_race(statuses: tuple[int, ...], changes: tuple[tuple[str, str], ...], verdict: Verdict) -> None:
    judgement = judge("REFRESH-08", REFRESH, *(seen("race", REFRESH, status) for status in statuses), of=contract(*changes))
    assert judgement.verdict is verdict
    # The grace is an excuse only where one is needed.
    assert ("grace" in judgement.detail) is (bool(changes) and statuses.count(200) > 1)


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
    undecided = judge("REFRESH-09", REFRESH, seen("race", REFRESH, 500), seen("race", REFRESH, 500), *grown, of=contract(*changes))
    assert undecided.verdict is UNDECIDED


@pytest.mark.parametrize(
    ("leaves", "outlived", "changes", "ran", "verdict"),
    [
        ((200, 401), (), (GRACE,), True, PASS),
        ((200, 200), (200, 401), (GRACE,), True, PASS),
        ((200, 200), (200, 200), (GRACE,), True, FAIL),
        ((200, 200), (), (GRACE,), True, UNDECIDED),
        # Where the script of the fork broke off, the race tells what it can.
        ((200, 200), (200, 200), (GRACE,), False, PASS),
        # Without a grace there is nothing to fork.
        ((200, 200), (200, 200), (), True, PASS),
    ],
)
def test_successors_of_a_fork(
    leaves: tuple[int, ...], outlived: tuple[int, ...], changes: tuple[tuple[str, str], ...], *, ran: bool, verdict: Verdict
) -> None:
    rivals = [seen("race", REFRESH, 200), seen("race", REFRESH, 401)]
    grown = [seen("fork.leaf", REFRESH, status) for status in leaves] + [seen("fork.outlived", REFRESH, status) for status in outlived]
    outcomes = {} if ran else {("fork", "admin"): Outcome(SKIP, "There is no session for it.")}
    assert building.judge("REFRESH-09", REFRESH, *rivals, *grown, of=contract(*changes), outcomes=outcomes).verdict is verdict


@pytest.mark.parametrize(
    ("exchange", "verdict"),
    [
        (seen("refresh.garbage", REFRESH, 401), PASS),
        (seen("refresh.garbage", REFRESH, 500), FAIL),
        (seen("refresh.garbage", REFRESH, 501), FAIL),
        (seen("refresh.garbage", REFRESH, 502), UNDECIDED),
        (seen("refresh.garbage", REFRESH, 400), FAIL),
        (seen("refresh.garbage", REFRESH, 413), FAIL),
        (seen("refresh.garbage", REFRESH, 400, None, HTML), UNDECIDED),
        (seen("refresh.garbage", REFRESH, 413, None, HTML), UNDECIDED),
        (seen("refresh.garbage", REFRESH, 431, None, HTML), UNDECIDED),
        (seen("refresh.garbage", REFRESH, 404, None, HTML), FAIL),
        (seen("refresh.garbage", REFRESH, 502, None, HTML), UNDECIDED),
        (seen("refresh.garbage", REFRESH, 200, SESSION), FAIL),
        (seen("refresh.other", REFRESH, 401), UNDECIDED),
    ],
)
def test_garbage(exchange: Exchange, verdict: Verdict) -> None:
    assert judge("REFRESH-11", REFRESH, exchange).verdict is verdict


def test_a_session_that_an_attempt_ended_is_told() -> None:
    forged = seen("refresh.forged", REFRESH, 401, variant="unsigned")
    ended = judge("REFRESH-12", REFRESH, forged, seen("refresh.control", REFRESH, 401))
    assert (ended.verdict, [exchange.probe.name for exchange in ended.exchanges]) == (PASS, ["refresh.forged"])
    assert "Since then" in ended.detail
    accepted = judge("REFRESH-12", REFRESH, seen("refresh.forged", REFRESH, 200), seen("refresh.control", REFRESH, 401))
    assert accepted.verdict is FAIL
    assert "Since then" not in accepted.detail
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


def test_where_a_token_was_taken_from_is_told() -> None:
    control = seen("refresh.control", REFRESH, 200)
    elsewhere = seen("refresh.elsewhere", REFRESH, 200, SESSION, variant="as a bearer token")
    assert judge("REFRESH-18", REFRESH, elsewhere, control).detail == "A refresh token as a bearer token refreshes: it is answered 200 with tokens."
    by_get = seen("refresh.get", REFRESH, 200, SESSION)
    assert judge("REFRESH-19", REFRESH, by_get, control).detail == "GET with the refresh token refreshes: it is answered 200 with tokens."
    served = judge("REFRESH-19", REFRESH, seen("refresh.get", REFRESH, 405), control)
    assert served.detail == "GET where none is due is answered 405, and changes nothing."
    assert [exchange.probe.name for exchange in served.exchanges] == ["refresh.get", "refresh.control"]


def test_a_document_with_get_is_told() -> None:
    path = "  /api/admin/auth/refresh:\n    post:"
    assert judge("REFRESH-19", REFRESH, of=contract((path, path.replace("post:", "get:")))).verdict is WARN
    other = "  /api/admin/auth/refresh:\n    get: {operationId: page, responses: {'200': {description: A page}}}\n    post:"
    assert judge("REFRESH-19", REFRESH, of=contract((path, other))).verdict is SKIP


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
        (403, (("Access-Control-Allow-Origin", "https://evil.example"), ("Access-Control-Allow-Credentials", "True")), FAIL),
        # Without credentials nobody reads an answer that was asked for with a cookie.
        (403, (("Access-Control-Allow-Origin", "https://evil.example"),), PASS),
        (403, (("Access-Control-Allow-Origin", "https://app.example"), ("Access-Control-Allow-Credentials", "true")), PASS),
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
        (403, f"{COOKIE}=; Path=/api/admin/auth; Max-Age=0; Secure", PASS),
        (403, "other=1", FAIL),
        (429, "other=1", UNDECIDED),
        (200, "other=1", UNDECIDED),
    ],
)
@pytest.mark.parametrize("probe", ["refresh.reuse", "refresh.garbage", "expiry.refresh"])
def test_a_refusal_clears_the_cookie(probe: str, status: int, line: str, verdict: Verdict) -> None:
    judgement = judge("REFRESH-21", REFRESH, seen(probe, REFRESH, status, None, ("Set-Cookie", line)))
    assert judgement.verdict is verdict
    assert (judgement.detail == "No refresh with a cookie was refused.") is (verdict is UNDECIDED)


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
    judgement = judge("REFRESH-15", REFRESH, seen("session.end", REFRESH, status), of=contract(*changes))
    assert judgement.verdict is verdict
    assert ("172800 seconds" in judgement.detail) is (not changes and status != 429)


@pytest.mark.parametrize(
    ("old", "new", "identity", "verdict"),
    [
        ({"sub": "7", "aud": ["admin", "access"]}, {"sub": "7", "aud": ["access", "admin"]}, {"profile": {"id": "7"}}, PASS),
        ({"sub": "7", "aud": ["admin"]}, {"sub": "8", "aud": ["admin"]}, {"profile": {"id": "7"}}, FAIL),
        ({"sub": "7", "aud": "admin"}, {"sub": "7", "aud": ["admin", "root"]}, {"profile": {"id": "7"}}, FAIL),
        ({"sub": "7", "scope": "a b"}, {"sub": "7", "scope": "a"}, {"profile": {"id": "7"}}, PASS),
        ({"sub": "7", "scope": "a"}, {"sub": "7", "scope": "a b"}, {"profile": {"id": "7"}}, FAIL),
        ({"sub": "7", "scp": ["a"]}, {"sub": "7", "scp": ["a", "b"]}, {"profile": {"id": "7"}}, FAIL),
        ({"sub": "7"}, {"sub": "7", "permissions": ["a"]}, {"profile": {"id": "7"}}, FAIL),
        ({"sub": "7", "roles": ["a", "b"]}, {"sub": "7", "roles": ["b"]}, {"profile": {"id": "7"}}, PASS),
        ({"sub": "7", "roles": ["a"]}, {"sub": "7", "roles": ["b"]}, {"profile": {"id": "7"}}, FAIL),
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


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [({"sub": "7"}, {"sub": "7"}, PASS), ({"sub": "7"}, {"sub": "8"}, FAIL), ({"sub": "7"}, {}, SKIP), ({}, {"sub": "7"}, SKIP), ({}, {}, SKIP)],
)
def test_without_a_who_am_i_the_claims_alone_tell_whose_a_token_is(old: dict[str, Json], new: dict[str, Json], verdict: Verdict) -> None:
    facts = dict([token("ACCESS_TOKEN_1", "access_token", **old), token("ACCESS_TOKEN_2", "access_token", **new)])
    exchanges = (
        seen("login.good", "adminLogin", 200, {"accessToken": "${ACCESS_TOKEN_1}"}, sets("${REFRESH_TOKEN_1}")),
        seen("refresh.first", REFRESH, 200, SESSION, sets("${REFRESH_TOKEN_2}"), sent=sends("${REFRESH_TOKEN_1}")),
    )
    assert judge("REFRESH-22", REFRESH, *exchanges, of=altered(identity=None), facts=facts).verdict is verdict


def test_a_refresh_does_not_give_the_token_that_it_is_sent_with() -> None:
    exchange = seen("refresh.first", REFRESH, 200, SESSION, sets("${REFRESH_TOKEN_1}"), sent=sends("${REFRESH_TOKEN_1}"))
    judgement = judge("REFRESH-22", REFRESH, exchange, of=altered(identity=None))
    assert (judgement.verdict, judgement.detail) == (UNDECIDED, "The login of the refreshed session was not answered.")


@pytest.mark.parametrize(("later", "verdict"), [((), FAIL), ((401,), PASS), ((200,), FAIL)])
def test_a_lock_out_may_take_some_seconds(later: tuple[int, ...], verdict: Verdict) -> None:
    exchanges = (seen("disabled.refresh", REFRESH, 200), *(seen("disabled.refresh_later", REFRESH, status) for status in later))
    assert judge("REFRESH-17", REFRESH, *exchanges).verdict is verdict


@pytest.mark.parametrize(
    ("status", "sent", "verdict"), [(400, (), SKIP), (401, (), SKIP), (403, (), SKIP), (200, (), FAIL), (403, (HTML,), FAIL), (429, (), FAIL)]
)
def test_where_a_login_ends_the_earlier_sessions_there_is_no_other_one(status: int, sent: tuple[tuple[str, str], ...], verdict: Verdict) -> None:
    before = seen("refresh.bystander_before", REFRESH, status, None, *sent)
    exchanges = [seen("refresh.missing", REFRESH, 401), seen("refresh.reuse", REFRESH, 401), seen("refresh.bystander", REFRESH, 401), before]
    judgement = judge("REFRESH-06", REFRESH, *exchanges)
    assert judgement.verdict is verdict
    assert ("A login ends the earlier sessions" in judgement.detail) is (verdict is SKIP)


def test_without_a_refresh_token_elsewhere_none_can_be_offered() -> None:
    of = contract()
    alone = replace(of, applications={**of.applications, "survey": replace(of.applications["survey"], refresh_token=None)})
    judgement = judge("REFRESH-13", REFRESH, of=alone)
    assert (judgement.verdict, judgement.detail) == (SKIP, "No other application has a refresh token.")
    # Of several one is enough.
    several = replace(of, applications={**alone.applications, "third": of.applications["survey"]})
    assert judge("REFRESH-13", REFRESH, seen("isolation.refresh", REFRESH, 401), of=several).verdict is PASS


@pytest.mark.parametrize(("declared", "verdict"), [(True, PASS), (False, FAIL)])
def test_a_document_may_choose_422_for_a_body_without_a_token(declared: bool, verdict: Verdict) -> None:  # noqa: FBT001
    of = with_responses(contract(), REFRESH, 422) if declared else contract()
    assert judge("REFRESH-10", REFRESH, seen("refresh.missing", REFRESH, 422), of=of).verdict is verdict


def test_a_use_in_grace_without_an_answer_hides_no_reuse() -> None:
    of = altered(rotation=RotationPolicy(grace=30))
    assert judge("REFRESH-03", REFRESH, seen("refresh.reuse", REFRESH, 200), of=of).verdict is FAIL
    assert judge("REFRESH-03", REFRESH, seen("refresh.reuse", REFRESH, 401), of=of).verdict is UNDECIDED
