"""What the checks of logout say of lawful and of broken answers that no fault of the mock gives."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from authproof.exchange import Exchange
from authproof.verdict import Verdict
from authproof_spec import Contract
from tests.conformance.checks import building
from tests.conformance.checks.altered import with_operation
from tests.conformance.checks.building import design
from tests.conformance.checks.recording import HTML, LOGOUT, ME, NO_ANSWER, REFRESH, altered, contract, judge, seen, sets

PASS, FAIL, WARN, SKIP, UNDECIDED = Verdict.PASS, Verdict.FAIL, Verdict.WARN, Verdict.SKIP, Verdict.INCONCLUSIVE
REFUSED = seen("refresh.missing", REFRESH, 401)
BESIDE = [seen("refresh.missing", "surveyRefresh", 401), seen("logout", LOGOUT, 200)]
ENDED = '"200": {$ref: "#/components/responses/SessionEnded"}'


@pytest.mark.parametrize(
    ("status", "headers", "of", "verdict"),
    [
        (200, (), None, PASS),
        (204, (), None, PASS),
        (202, (), None, FAIL),
        (202, (), contract((ENDED, f'{ENDED}\n        "202": {{description: Soon}}')), PASS),
        (401, (), None, FAIL),
        (401, (), contract((ENDED, f'{ENDED}\n        "401": {{description: Unknown}}')), Verdict.WARN),
        (302, (), None, FAIL),
        (429, (), None, UNDECIDED),
        (500, (), None, UNDECIDED),
        (403, (HTML,), None, UNDECIDED),
    ],
)
def test_a_second_logout(status: int, headers: tuple[tuple[str, str], ...], of: Contract | None, verdict: Verdict) -> None:
    assert judge("LOGOUT-04", LOGOUT, seen("logout.again", LOGOUT, status, None, *headers), of=of).verdict is verdict


@pytest.mark.parametrize(("status", "verdict"), [(200, PASS), (204, PASS), (202, FAIL), (401, PASS), (403, FAIL)])
def test_a_second_logout_where_the_document_has_204_and_asks_for_a_token(status: int, verdict: Verdict) -> None:
    of = design("api-keys")
    again = building.asked("logout.again", "logOut", building.answer(status, b""), of=of)
    assert judge("LOGOUT-04", "logOut", again, of=of).verdict is verdict


@pytest.mark.parametrize(
    ("answer", "after", "verdict"), [(200, 401, PASS), (200, 200, FAIL), (401, 401, FAIL), (200, 429, UNDECIDED), (204, 400, FAIL)]
)
def test_logout_revokes(answer: int, after: int, verdict: Verdict) -> None:
    judgement = judge("LOGOUT-01", LOGOUT, seen("logout", LOGOUT, answer), seen("logout.refresh_after", REFRESH, after))
    assert judgement.verdict is verdict
    assert ("Logout is answered" in judgement.detail) is (verdict is PASS or answer == 401)
    assert judge("LOGOUT-03", LOGOUT, seen("logout.ancestor_after", REFRESH, after)).verdict is (PASS if answer == 401 else verdict)


def without_refresh(*, opaque: bool = True, **changes: Any) -> Contract:
    """The document, but that the admin's sessions are known by their access tokens alone."""
    access = replace(contract().applications["admin"].access_token, opaque=opaque)
    return altered(**{"refresh_token": None, "refresh": None, "cookie": None, "access_token": access, **changes})


@pytest.mark.parametrize(
    ("answer", "after", "opaque", "verdict"),
    [
        (200, 401, True, PASS),
        (200, 401, False, PASS),
        (200, 200, True, FAIL),
        # Nobody has to remember the JWTs that end by themselves.
        (200, 200, False, WARN),
        (401, 401, True, FAIL),
        (401, 200, False, FAIL),
        (429, 200, False, UNDECIDED),
        (200, 403, False, FAIL),
        (200, 429, True, UNDECIDED),
    ],
)
def test_logout_where_sessions_have_no_refresh_token(answer: int, after: int, *, opaque: bool, verdict: Verdict) -> None:
    exchanges = (seen("logout", LOGOUT, answer), seen("logout.access_after", ME, after))
    assert judge("LOGOUT-01", LOGOUT, *exchanges, of=without_refresh(opaque=opaque)).verdict is verdict


@pytest.mark.parametrize("requirement", ["LOGOUT-01", "LOGOUT-06", "LOGOUT-07", "LOGOUT-09"])
def test_without_refresh_and_who_am_i_nothing_shows_life(requirement: str) -> None:
    exchanges = [seen(name, LOGOUT, 405 if name == "logout.get" else 200) for name in ("logout", "logout.forged", "logout.get")]
    judgement = judge(requirement, LOGOUT, *exchanges, of=without_refresh(identity=None))
    assert (judgement.verdict, judgement.detail) == (UNDECIDED, "The document has no operation that shows whether a session lives.")


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        ({"logout": 1, "logout.again": 1, "logout.garbage": 1}, PASS),
        ({"logout": 0, "logout.again": 1, "logout.garbage": 1}, FAIL),
        ({"logout": 1, "logout.again": 0, "logout.garbage": 1}, FAIL),
        ({"logout": 1, "logout.again": 1, "logout.garbage": 0}, FAIL),
        ({"logout": 1}, PASS),
        ({"logout.again": 1, "logout.garbage": 1}, UNDECIDED),
    ],
)
def test_each_logout_deletes_the_cookie(answers: dict[str, int], verdict: Verdict) -> None:
    lines = [(), (sets("", "; Path=/api/admin/auth; Max-Age=0; Secure"),)]
    assert judge("LOGOUT-02", LOGOUT, *(seen(name, LOGOUT, 200, None, *lines[deletes]) for name, deletes in answers.items())).verdict is verdict


@pytest.mark.parametrize(("status", "names"), [(200, ["logout.unharmed"]), (401, ["logout.forged", "logout.forged", "logout.unharmed"])])
def test_a_session_that_a_forgery_ended_is_shown_with_it(status: int, names: list[str]) -> None:
    forged = (seen("logout.forged", LOGOUT, 200, variant="unsigned"), seen("logout.forged", LOGOUT, 200, variant="altered"))
    judgement = judge("LOGOUT-06", LOGOUT, REFUSED, *forged, seen("logout.unharmed", REFRESH, status))
    assert judgement.verdict is (PASS if status == 200 else FAIL)
    assert [exchange.probe.name for exchange in judgement.exchanges] == names
    unforged = judge("LOGOUT-06", LOGOUT, REFUSED, seen("logout.unharmed", REFRESH, status))
    assert (unforged.verdict, unforged.detail) == (UNDECIDED, "No logout with a forged token was answered.")


@pytest.mark.parametrize(
    ("at_identity", "elsewhere", "verdict"),
    [
        (401, (), PASS),
        (401, (401, 401), PASS),
        (200, (), WARN),
        (403, (), WARN),
        (401, (200,), WARN),
        (401, (401, 403), WARN),
        (401, (429,), UNDECIDED),
        (500, (), UNDECIDED),
        (NO_ANSWER, (), UNDECIDED),
    ],
)
def test_the_access_token_after_a_logout(at_identity: int, elsewhere: tuple[int, ...], verdict: Verdict) -> None:
    exchanges = [seen("logout.access_after", ME, at_identity), *(seen("logout.access_after", "listUsers", status) for status in elsewhere)]
    judgement = judge("LOGOUT-08", LOGOUT, *exchanges)
    assert judgement.verdict is verdict
    # Where another operation lets it in or refuses it otherwise, that one is named.
    assert ("GET /api/admin/users" in judgement.detail) is bool(elsewhere and verdict is not UNDECIDED)
    # How long it may be used is told where it may.
    assert ("for at most 900 seconds" in judgement.detail) is (at_identity == 200)
    assert judge("LOGOUT-08", LOGOUT, *exchanges, of=altered(identity=None)).verdict is SKIP


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
        ([seen("logout.other_application", "surveyRefresh", 401), seen("logout", LOGOUT, 200)], UNDECIDED),
        # Of several tries the last one counts.
        ([*BESIDE, seen("logout.other_application", "surveyRefresh", 401), seen("logout.other_application", "surveyRefresh", 200)], PASS),
        ([*BESIDE, seen("logout.other_application", "surveyRefresh", 200), seen("logout.other_application", "surveyRefresh", 401)], FAIL),
        # What is asked of the application itself, or of who-am-I, is another question.
        ([*BESIDE, seen("logout.other_application", "surveyRefresh", 200), seen("logout.other_application", REFRESH, 401)], PASS),
        ([*BESIDE, seen("logout.other_application", "surveyRefresh", 200), seen("logout.other_application", "getSurveyUser", 401)], PASS),
        ([seen("logout", LOGOUT, 200, None, ("Set-Cookie", "it24s_refresh_token=; Max-Age=0; Path=/api/auth"))], FAIL),
        ([], UNDECIDED),
    ],
)
def test_other_applications(exchanges: list[Exchange], verdict: Verdict) -> None:
    assert judge("LOGOUT-10", LOGOUT, *exchanges).verdict is verdict


def test_that_no_other_application_was_asked_is_told() -> None:
    assert judge("LOGOUT-10", LOGOUT, *BESIDE).detail == "No session of another application was used after the logout."


@pytest.mark.parametrize(("status", "verdict"), [(200, PASS), (401, FAIL), (429, UNDECIDED), (NO_ANSWER, UNDECIDED)])
def test_other_applications_where_sessions_have_no_refresh_token(status: int, verdict: Verdict) -> None:
    person, of = {"profile": {"id": "7"}}, without_refresh()
    known = [seen("identity.control", "getSurveyUser", 200, person), seen("logout", LOGOUT, 200)]
    # The refresh of the other application is not asked by this script.
    asked = [seen("logout.other_application", "getSurveyUser", status, person), seen("logout.other_application", "surveyRefresh", 401)]
    assert judge("LOGOUT-10", LOGOUT, *known, *asked, of=of).verdict is verdict
    unnamed = replace(of, applications={**of.applications, "survey": replace(of.applications["survey"], identity=None)})
    shown = judge("LOGOUT-10", LOGOUT, *known, asked[1], of=unnamed)
    assert (shown.verdict, shown.detail) == (SKIP, "No other application has anything that would show whether its session lives.")


@pytest.mark.parametrize(("before", "after", "verdict"), [(200, 200, PASS), (200, 401, FAIL), (401, 401, PASS), (None, 401, PASS)])
def test_a_personal_token_counts_where_it_worked_before(before: int | None, after: int, verdict: Verdict) -> None:
    person = {"profile": {"id": "7"}}
    exchanges = [seen("identity.control", ME, 200, person), seen("logout.other_session", REFRESH, 200), REFUSED]
    exchanges += [] if before is None else [seen("pat.extras_use", ME, before, person)]
    assert judge("LOGOUT-07", LOGOUT, *exchanges, seen("logout.personal_token_after", ME, after, person)).verdict is verdict


@pytest.mark.parametrize(
    ("other", "status", "verdict"),
    [("${ACCESS_TOKEN_2}", 200, PASS), ("${ACCESS_TOKEN_2}", 401, FAIL), ("${ACCESS_TOKEN_1}", 200, SKIP), ("${ACCESS_TOKEN_1}", 401, SKIP)],
)
def test_logins_that_give_one_token_open_one_session(other: str, status: int, verdict: Verdict) -> None:
    person = {"profile": {"id": "7"}}
    exchanges = [
        seen("identity.control", ME, 200, person),
        seen("logout", LOGOUT, 200, sent=(("Authorization", "Bearer ${ACCESS_TOKEN_1}"),)),
        seen("logout.other_session", ME, status, person, sent=(("Authorization", f"Bearer {other}"),)),
    ]
    assert judge("LOGOUT-07", LOGOUT, *exchanges, of=without_refresh()).verdict is verdict
    # A personal access token is known by itself, and lives on in any case.
    personal = [seen("pat.extras_use", ME, 200, person), seen("logout.personal_token_after", ME, 401)]
    assert judge("LOGOUT-07", LOGOUT, *exchanges, *personal, of=without_refresh()).verdict is FAIL


@pytest.mark.parametrize(("statuses", "verdict"), [((401, 200), PASS), ((200, 401), FAIL), ((200,), PASS)])
def test_of_several_tries_with_another_session_the_last_one_counts(statuses: tuple[int, ...], verdict: Verdict) -> None:
    exchanges = [REFUSED, seen("logout", LOGOUT, 200), *(seen("logout.other_session", REFRESH, status) for status in statuses)]
    assert judge("LOGOUT-07", LOGOUT, *exchanges).verdict is verdict


@pytest.mark.parametrize(("before", "verdict"), [(401, SKIP), (200, FAIL)])
def test_where_a_login_ends_the_earlier_sessions_none_is_left_to_look_at(before: int, verdict: Verdict) -> None:
    exchanges = [
        REFUSED,
        seen("logout", LOGOUT, 200),
        seen("logout.other_session", REFRESH, 401),
        seen("logout.other_session_before", REFRESH, before),
    ]
    assert judge("LOGOUT-07", LOGOUT, *exchanges).verdict is verdict


@pytest.mark.parametrize(("again", "protected", "verdict"), [(401, True, PASS), (200, True, FAIL), (401, False, FAIL), (403, True, FAIL)])
def test_what_a_protected_logout_refuses_clears_nothing(again: int, protected: bool, verdict: Verdict) -> None:  # noqa: FBT001
    ways = next(operation for operation in contract().operations if operation.id == ME).security if protected else ()
    of = with_operation(contract(), LOGOUT, security=ways)
    exchanges = [seen("logout", LOGOUT, 200, None, sets("", "; Path=/api/admin/auth; Max-Age=0; Secure")), seen("logout.again", LOGOUT, again)]
    assert judge("LOGOUT-02", LOGOUT, *exchanges, of=of).verdict is verdict


def test_a_logout_that_failed_counts_without_a_refresh_after_it() -> None:
    assert judge("LOGOUT-01", LOGOUT, seen("logout", LOGOUT, 401)).verdict is FAIL
    assert judge("LOGOUT-01", LOGOUT, seen("logout", LOGOUT, 200)).verdict is UNDECIDED
    assert judge("LOGOUT-05", LOGOUT, seen("logout.without_cookie", LOGOUT, 401)).verdict is FAIL


def test_of_other_applications_one_that_shows_its_session_is_enough() -> None:
    of = contract()
    silent = replace(of.applications["survey"], refresh=None, refresh_token=None, identity=None)
    several = replace(of, applications={**of.applications, "third": silent})
    exchanges = [
        REFUSED,
        seen("logout", LOGOUT, 200),
        seen("logout.other_application", "surveyRefresh", 200),
        seen("refresh.any", "surveyRefresh", 401),
    ]
    assert judge("LOGOUT-10", LOGOUT, *exchanges, of=several).verdict is PASS
