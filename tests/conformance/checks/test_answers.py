"""What one answer says by itself, where documents and runs give it its meaning."""

from __future__ import annotations

from dataclasses import replace

import pytest

from authproof.checks.answers import response_of
from authproof.evidence import NotObserved
from authproof.exchange import Response
from authproof.verdict import Verdict
from tests.conformance.checks.building import answer, asked, judge, operation

REFRESH = "POST /api/admin/auth/refresh"
PAGE = ("Content-Type", "text/html")
PASS, FAIL, UNCLEAR = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE


def test_what_was_not_answered_says_nothing() -> None:
    with pytest.raises(NotObserved, match=r"The probe jwt\.none was not answered: connection reset\."):
        response_of(asked("jwt.none", REFRESH, None))


@pytest.mark.parametrize(
    ("declared", "tolerated"),
    [
        (["200"], {401}),
        (["200", "401"], {401}),
        (["200", "400"], {401, 400}),
        (["200", "403"], {401, 403}),
        (["200", "4XX"], {401, 400, 403}),
        (["200", "5XX", "default"], {401}),
    ],
)
def test_a_document_may_choose_how_a_refresh_is_refused(declared: list[str], tolerated: set[int]) -> None:
    rule = next(iter(operation(REFRESH).responses.values()))
    refresh = replace(operation(REFRESH), responses=dict.fromkeys(declared, rule))
    for status in (400, 401, 403, 404, 409):
        judgement = judge("REFRESH-16", refresh, asked("logout.refresh_after", REFRESH, answer(status)))
        assert judgement.verdict is (PASS if status in tolerated else FAIL), status


@pytest.mark.parametrize(
    ("other", "verdict"),
    [
        (answer(400), PASS),
        (answer(401), PASS),
        (answer(403), PASS),
        (answer(403, b"<html>", PAGE), UNCLEAR),
        (answer(404), UNCLEAR),
        (answer(429), UNCLEAR),
        (answer(200), UNCLEAR),
    ],
)
def test_a_session_is_alive_where_others_are_refused(other: Response, verdict: Verdict) -> None:
    judgement = judge("REFRESH-06", REFRESH, asked("refresh.garbage", REFRESH, other), asked("refresh.bystander", REFRESH, answer(200)))
    assert judgement.verdict is verdict
    elsewhere = asked("bearer.none", "GET /api/admin/user", answer(401))
    assert judge("REFRESH-06", REFRESH, elsewhere, asked("refresh.bystander", REFRESH, answer(200))).verdict is UNCLEAR


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        (answer(401), FAIL),
        (answer(302), FAIL),
        (answer(499), FAIL),
        (answer(500), UNCLEAR),
        (answer(429), UNCLEAR),
        (answer(403, b"<html>", PAGE), UNCLEAR),
        (answer(406, b"<html>", PAGE), UNCLEAR),
        (answer(404, b"<html>", PAGE), FAIL),
    ],
)
def test_a_session_that_is_not_served_is_over(response: Response, verdict: Verdict) -> None:
    assert (
        judge("REFRESH-06", REFRESH, asked("refresh.garbage", REFRESH, answer(401)), asked("refresh.bystander", REFRESH, response)).verdict is verdict
    )
