"""What the checks of logout say of lawful and of broken answers that no fault of the mock gives."""

from __future__ import annotations

import pytest

from authproof.exchange import Exchange
from authproof.verdict import Verdict
from authproof_spec import Contract
from tests.conformance.checks.recording import HTML, LOGOUT, ME, NO_ANSWER, REFRESH, contract, judge, seen, sets

PASS, FAIL, WARN, SKIP, UNDECIDED = Verdict.PASS, Verdict.FAIL, Verdict.WARN, Verdict.SKIP, Verdict.INCONCLUSIVE
REFUSED = seen("refresh.missing", REFRESH, 401)
ENDED = '"200": {$ref: "#/components/responses/SessionEnded"}'


@pytest.mark.parametrize(
    ("status", "headers", "of", "verdict"),
    [
        (200, (), None, PASS),
        (204, (), None, PASS),
        (202, (), None, FAIL),
        (202, (), contract((ENDED, f'{ENDED}\n        "202": {{description: Soon}}')), PASS),
        (401, (), None, FAIL),
        (302, (), None, FAIL),
        (429, (), None, UNDECIDED),
        (500, (), None, UNDECIDED),
        (403, (HTML,), None, UNDECIDED),
    ],
)
def test_a_second_logout(status: int, headers: tuple[tuple[str, str], ...], of: Contract | None, verdict: Verdict) -> None:
    assert judge("LOGOUT-04", LOGOUT, seen("logout.again", LOGOUT, status, None, *headers), of=of).verdict is verdict


@pytest.mark.parametrize(
    ("answer", "after", "verdict"), [(200, 401, PASS), (200, 200, FAIL), (401, 401, FAIL), (200, 429, UNDECIDED), (204, 400, FAIL)]
)
def test_logout_revokes(answer: int, after: int, verdict: Verdict) -> None:
    assert judge("LOGOUT-01", LOGOUT, seen("logout", LOGOUT, answer), seen("logout.refresh_after", REFRESH, after)).verdict is verdict


@pytest.mark.parametrize(
    ("by_get", "after", "again", "forged", "unforced"),
    [
        (405, 200, None, PASS, PASS),
        (200, 200, None, PASS, PASS),
        (200, 401, 200, PASS, FAIL),
        (405, 401, 401, FAIL, UNDECIDED),
        (405, 429, None, UNDECIDED, UNDECIDED),
    ],
)
def test_what_ended_a_session_is_told_apart(by_get: int, after: int, again: int | None, forged: Verdict, unforced: Verdict) -> None:
    exchanges = [seen("logout.get", LOGOUT, by_get), seen("logout.forged", LOGOUT, 200), seen("logout.unharmed", REFRESH, after)]
    exchanges += [] if again is None else [seen("logout.unharmed_by_forgery", REFRESH, again)]
    assert judge("LOGOUT-06", LOGOUT, *exchanges, REFUSED).verdict is forged
    assert judge("LOGOUT-09", LOGOUT, *exchanges, REFUSED).verdict is unforced


def test_a_refresh_that_refuses_nothing_shows_no_session_to_live() -> None:
    exchanges = [seen("logout.get", LOGOUT, 405), seen("logout.forged", LOGOUT, 200), seen("logout.unharmed", REFRESH, 200)]
    assert judge("LOGOUT-06", LOGOUT, *exchanges).verdict is UNDECIDED
    assert judge("LOGOUT-09", LOGOUT, *exchanges, seen("refresh.missing", REFRESH, 403, None, HTML)).verdict is UNDECIDED


def test_a_get_that_deletes_the_cookie_logs_a_browser_out() -> None:
    by_get = seen("logout.get", LOGOUT, 404, None, sets("", "; Path=/api/admin/auth; Max-Age=0"))
    assert judge("LOGOUT-09", LOGOUT, by_get, seen("logout.unharmed", REFRESH, 200)).verdict is FAIL


def test_a_document_with_get_is_told() -> None:
    path = "  /api/admin/auth/logout:\n    post:"
    assert judge("LOGOUT-09", LOGOUT, of=contract((path, path.replace("post:", "get:")))).verdict is WARN
    other = "  /api/admin/auth/logout:\n    get: {operationId: page, responses: {'200': {description: A page}}}\n    post:"
    assert judge("LOGOUT-09", LOGOUT, of=contract((path, other))).verdict is SKIP


@pytest.mark.parametrize(
    ("exchanges", "verdict"),
    [
        ([seen("logout", LOGOUT, 200), seen("logout.other_application", "surveyRefresh", 200)], UNDECIDED),
        (
            [
                seen("refresh.missing", "surveyRefresh", 401),
                seen("logout", LOGOUT, 200),
                seen("logout.other_application", "surveyRefresh", 200),
            ],
            PASS,
        ),
        ([seen("logout", LOGOUT, 200), seen("logout.other_application", "surveyRefresh", 401)], FAIL),
        ([seen("logout", LOGOUT, 200), seen("logout.other_application", "surveyRefresh", 429)], UNDECIDED),
        ([seen("logout", LOGOUT, 200), seen("logout.other_application", "surveyRefresh", NO_ANSWER)], UNDECIDED),
        ([seen("logout", LOGOUT, 200), seen("logout", "surveyLogout", 200), seen("logout.other_application", "surveyRefresh", 401)], UNDECIDED),
        ([seen("logout", LOGOUT, 200, None, ("Set-Cookie", "it24s_refresh_token=; Max-Age=0; Path=/api/auth"))], FAIL),
        ([], UNDECIDED),
    ],
)
def test_other_applications(exchanges: list[Exchange], verdict: Verdict) -> None:
    assert judge("LOGOUT-10", LOGOUT, *exchanges).verdict is verdict


@pytest.mark.parametrize(("before", "after", "verdict"), [(200, 200, PASS), (200, 401, FAIL), (401, 401, PASS), (None, 401, PASS)])
def test_a_personal_token_counts_where_it_worked_before(before: int | None, after: int, verdict: Verdict) -> None:
    person = {"profile": {"id": "7"}}
    exchanges = [seen("identity.control", ME, 200, person), seen("logout.other_session", REFRESH, 200), REFUSED]
    exchanges += [] if before is None else [seen("pat.extras_use", ME, before, person)]
    assert judge("LOGOUT-07", LOGOUT, *exchanges, seen("logout.personal_token_after", ME, after, person)).verdict is verdict
