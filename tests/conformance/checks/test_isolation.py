"""What the checks of applications beside each other say of lawful and of broken answers that no fault of the mock gives."""

from __future__ import annotations

from dataclasses import replace

import pytest

from authproof.exchange import Exchange
from authproof.verdict import Verdict
from authproof_spec import Contract
from authproof_spec.pointer import Json
from tests.conformance.checks.recording import COOKIE, HTML, ME, NO_ANSWER, REFRESH, altered, contract, judge, seen, sets

PASS, FAIL, WARN, SKIP, UNDECIDED = Verdict.PASS, Verdict.FAIL, Verdict.WARN, Verdict.SKIP, Verdict.INCONCLUSIVE
PERSON = {"profile": {"id": "7"}}
USERS, LOGIN, FACTOR = "listUsers", "adminLogin", "adminSecondFactor"
ADMIN, SURVEY = contract().applications["admin"], contract().applications["survey"]


@pytest.mark.parametrize(
    ("status", "headers", "verdict"),
    [
        (401, (), PASS),
        (403, (), WARN),
        (403, (HTML,), UNDECIDED),
        (404, (), FAIL),
        (200, (), FAIL),
        (429, (), UNDECIDED),
        (500, (), UNDECIDED),
        (NO_ANSWER, (), UNDECIDED),
    ],
)
def test_the_access_token_of_another_application(status: int, headers: tuple[tuple[str, str], ...], verdict: Verdict) -> None:
    assert judge("APP-01", ME, seen("isolation.access", ME, status, None, *headers)).verdict is verdict


@pytest.mark.parametrize(("status", "verdict"), [(401, PASS), (403, WARN), (404, FAIL), (200, FAIL), (500, UNDECIDED)])
def test_each_operation_is_to_refuse_the_access_token_of_another_application(status: int, verdict: Verdict) -> None:
    exchanges = (seen("bearer.none", USERS, 401), seen("isolation.access", ME, 401), seen("isolation.access", USERS, status))
    judgement = judge("APP-01", ME, *exchanges)
    assert judgement.verdict is verdict
    assert judgement.exchanges[-1].probe.operation == USERS
    assert verdict is WARN or "GET /api/admin/users" in judgement.detail


def test_what_another_application_was_asked_is_not_judged() -> None:
    foreign = seen("isolation.access", "getSurveyUser", 200)
    judgement = judge("APP-01", ME, foreign)
    assert (judgement.verdict, judgement.detail) == (UNDECIDED, "No probe of this was answered: The access token of another application.")
    assert judge("APP-01", ME, foreign, seen("isolation.access", ME, 401)).verdict is PASS


def with_cookies(own: str, path: str, other: str | None = "it24s_refresh_token") -> Contract:
    """The document, with another cookie of the admin application, and with one of that name, or none, of the other application."""
    assert ADMIN.cookie is not None
    of = altered(cookie=replace(ADMIN.cookie, name=own, path=path))
    foreign = replace(SURVEY, cookie=replace(ADMIN.cookie, name=other, path="/api/auth") if other else None)
    return replace(of, applications={**of.applications, "survey": foreign})


@pytest.mark.parametrize(
    ("own", "declared", "given", "other", "verdict"),
    [
        (COOKIE, "/api/admin/auth", "/api/admin/auth", "it24s_refresh_token", PASS),
        # To other operations of its own application it may go.
        (COOKIE, "/api/admin/auth", "/api/admin", "it24s_refresh_token", PASS),
        (COOKIE, "/api/admin/auth", "/api/auth", "it24s_refresh_token", FAIL),
        # No login or refresh of the other one stands there, but an operation that a token opens.
        (COOKIE, "/api/admin/auth", "/api/surveys", "it24s_refresh_token", FAIL),
        (COOKIE, "/api/admin/auth", "/api/surveys", None, FAIL),
        # Where the document has it so, that is no fault of the server.
        (COOKIE, "/api", "/api", "it24s_refresh_token", WARN),
        (COOKIE, "/api", "/api", None, WARN),
        (COOKIE, "/api", "/api/admin", "it24s_refresh_token", PASS),
        # A cookie of one name would be taken for the other one's.
        (COOKIE, "/api", "/api", COOKIE, FAIL),
        # A cookie of this name has no other path.
        ("__Host-refresh", "/", "/", "it24s_refresh_token", PASS),
        ("__Host-refresh", "/", "/", None, PASS),
        ("__Host-refresh", "/", "/", "__Host-refresh", FAIL),
        ("refresh__Host-", "/", "/", "it24s_refresh_token", WARN),
    ],
)
def test_a_cookie_of_one_application_is_not_sent_to_another(own: str, declared: str, given: str, other: str | None, verdict: Verdict) -> None:
    login = seen("login.good", LOGIN, 200, {}, ("Set-Cookie", f"{own}=x; Path={given}; HttpOnly; Secure"))
    judgement = judge("APP-02", LOGIN, login, of=with_cookies(own, declared, other))
    assert judgement.verdict is verdict
    assert [exchange.probe.name for exchange in judgement.exchanges] == ["login.good"]


@pytest.mark.parametrize(
    ("target", "path", "verdict"),
    [
        ("/api/admin/auth/login", "", PASS),
        ("/api/admin/auth/login", "; Path=relative", PASS),
        ("/api/login", "", FAIL),
        ("/login", "", FAIL),
        ("/login", "; Path=/api/admin/auth", PASS),
    ],
)
def test_without_a_path_a_cookie_has_that_of_its_login(target: str, path: str, verdict: Verdict) -> None:
    login = seen("login.good", LOGIN, 200, {}, ("Set-Cookie", f"{COOKIE}=x{path}"))
    login = replace(login, probe=replace(login.probe, request=replace(login.probe.request, target=target)))
    assert judge("APP-02", LOGIN, login).verdict is verdict


@pytest.mark.parametrize("login", [seen("login.good", LOGIN, 401, None, sets("x")), seen("login.good", LOGIN, 200, None, sets(""))])
def test_a_login_without_its_cookie_tells_nothing_of_its_path(login: Exchange) -> None:
    judgement = judge("APP-02", LOGIN, login)
    assert (judgement.verdict, judgement.detail) == (UNDECIDED, f"No login set the cookie {COOKIE}.")
    assert judge("APP-02", LOGIN, login, of=altered(cookie=None)).verdict is SKIP


@pytest.mark.parametrize(
    ("status", "refusal", "body", "verdict"),
    [
        (401, 401, None, PASS),
        (403, 401, None, FAIL),
        (403, 403, None, PASS),
        (401, 403, None, FAIL),
        (400, 401, None, PASS),
        (422, 401, None, PASS),
        (422, 403, None, PASS),
        (404, 401, None, FAIL),
        (200, 401, {"accessToken": "x"}, FAIL),
        (200, 401, {}, UNDECIDED),
        (429, 401, None, UNDECIDED),
        (500, 401, None, UNDECIDED),
    ],
)
def test_an_account_of_another_application_is_refused_as_this_login_refuses(status: int, refusal: int, body: Json, verdict: Verdict) -> None:
    # Of several logins the one that was asked says how it refuses.
    logins = tuple(replace(login, refusal=refusal if login.operation.id == "surveyLogin" else 418) for login in SURVEY.logins)
    of = replace(contract(), applications={**contract().applications, "survey": replace(SURVEY, logins=logins)})
    assert judge("APP-03", "surveyLogin", seen("isolation.credentials", "surveyLogin", status, body), of=of).verdict is verdict


@pytest.mark.parametrize(
    ("own", "answer", "verdict"),
    [
        (200, 404, PASS),
        (200, 403, PASS),
        (200, 429, UNDECIDED),
        (200, 430, PASS),
        (200, 500, UNDECIDED),
        (200, 599, UNDECIDED),
        # Where the application itself is refused, every other one is.
        (401, 404, UNDECIDED),
        (401, 200, UNDECIDED),
        (NO_ANSWER, 404, UNDECIDED),
        (200, NO_ANSWER, UNDECIDED),
    ],
)
def test_an_application_that_no_document_has(own: int, answer: int, verdict: Verdict) -> None:
    undeclared = replace(seen("undeclared", ME, answer), number=2)
    undeclared = replace(undeclared, probe=replace(undeclared.probe, operation=None, variant="admin"))
    judgement = judge("APP-04", ME, seen("identity.control", ME, own, PERSON), undeclared)
    assert judgement.verdict is verdict
    assert ("so no refusal proves anything" in judgement.detail) is (own == 401)
    # What another application was asked with says nothing here.
    elsewhere = replace(undeclared, probe=replace(undeclared.probe, variant="survey"))
    unasked = judge("APP-04", ME, seen("identity.control", ME, own, PERSON), elsewhere)
    assert (unasked.verdict, unasked.detail) == (UNDECIDED, "The path of an undeclared application was not asked for.")


@pytest.mark.parametrize(
    ("access", "refresh", "verdict"),
    [
        (401, None, PASS),
        (403, 401, PASS),
        (404, 401, FAIL),
        (200, None, FAIL),
        (401, 403, FAIL),
        (None, 401, UNDECIDED),
        (None, 200, UNDECIDED),
    ],
)
def test_a_session_without_the_second_factor(access: int | None, refresh: int | None, verdict: Verdict) -> None:
    exchanges = [] if access is None else [seen("elsewhere.access", ME, access)]
    exchanges += [] if refresh is None else [seen("elsewhere.refresh", REFRESH, refresh)]
    judgement = judge("APP-05", FACTOR, *exchanges)
    assert judgement.verdict is verdict
    assert (judgement.detail == "No operation was asked with a session of another application.") is (access is None)


@pytest.mark.parametrize(("status", "verdict"), [(401, PASS), (200, FAIL), (403, FAIL), (429, UNDECIDED), (NO_ANSWER, UNDECIDED)])
def test_the_personal_token_of_another_application(status: int, verdict: Verdict) -> None:
    assert judge("PAT-22", "getSurveyUser", seen("pat.elsewhere", "getSurveyUser", status)).verdict is verdict
