"""What answers beside the declared operations: any refusal is lawful, and only what callers are shown is a leak."""

from __future__ import annotations

import pytest

from authproof.exchange import Exchange, Response
from authproof.verdict import Verdict
from authproof_spec import load_contract
from tests.conformance.checks.building import CHALLENGE, JSON, MESSAGE, TOKEN, answer, asked, design, judge
from tests.conformance.checks.designs import BROKE_OFF, subjects, without

ME = "GET /api/admin/user"
LIST = "GET /api/admin/users"
REVOKE = "DELETE /api/admin/user/personal-access-tokens/{tokenId}"
CREATE = "POST /api/admin/user/personal-access-tokens"
CONTROL = b'{"profile": {"id": "1", "email": "a@example.com"}, "permissions": []}'
PAGE = ("Content-Type", "text/html")
GOOD = (
    asked("identity.control", ME, answer(200, CONTROL), headers=(("Authorization", f"Bearer {TOKEN}"),)),
    asked("bearer.control", ME, answer(200, CONTROL), headers=(("Authorization", f"Bearer {TOKEN}"),)),
)
SHOWN_TO_STRANGERS = [
    (answer(401, MESSAGE, CHALLENGE), Verdict.PASS),
    (answer(404, b"Not Found", ("Content-Type", "text/plain")), Verdict.PASS),
    (answer(405, b""), Verdict.PASS),
    (answer(501, b""), Verdict.PASS),
    (answer(505, b""), Verdict.PASS),
    (answer(502, b""), Verdict.INCONCLUSIVE),
    (answer(503, b"<html>", PAGE), Verdict.INCONCLUSIVE),
    (answer(401, CONTROL), Verdict.PASS),
    (answer(308, b"", ("Location", "/api/admin/user")), Verdict.PASS),
    (answer(204, b""), Verdict.PASS),
    (answer(200, b"<!doctype html><title>App</title>", PAGE), Verdict.PASS),
    (answer(200, b'{"name": "User", "renders": ["application/json"]}'), Verdict.PASS),
    (answer(200, CONTROL), Verdict.FAIL),
    (answer(200, b'{"profile": {"id": "9"}}'), Verdict.FAIL),
    (answer(200, b'{"profile": null, "permissions": null}'), Verdict.FAIL),
    (answer(429), Verdict.INCONCLUSIVE),
    (answer(500), Verdict.INCONCLUSIVE),
]


@pytest.mark.parametrize(("response", "verdict"), SHOWN_TO_STRANGERS)
def test_options_may_say_anything_but_what_is_protected(response: Response, verdict: Verdict) -> None:
    assert judge("BEARER-19", ME, asked("method.options", ME, response, method="OPTIONS"), *GOOD).verdict is verdict


@pytest.mark.parametrize(("response", "verdict"), SHOWN_TO_STRANGERS)
def test_another_spelling_may_lead_anywhere_but_in(response: Response, verdict: Verdict) -> None:
    assert judge("BEARER-25", ME, asked("path.spelled", ME, response, target="/api/admin/USER"), *GOOD).verdict is verdict


def options(shown: bytes, stranger: Response, at: str = ME) -> Verdict:
    """What is said of OPTIONS, answered with `stranger`, at an operation that shows `shown` to callers."""
    return judge("BEARER-19", at, asked("method.options", at, stranger, method="OPTIONS"), asked("bearer.control", at, answer(200, shown))).verdict


@pytest.mark.parametrize(
    ("shown", "stranger", "verdict"),
    [
        # Lists are alike when both have entries, whichever; what is no container, when it is the same.
        (b'["a"]', b'["b", "c"]', Verdict.FAIL),
        (b"[]", b"[]", Verdict.FAIL),
        (b'["a"]', b"[]", Verdict.PASS),
        (b'"a"', b'"b"', Verdict.PASS),
        (b'"a"', b'"a"', Verdict.FAIL),
        (b"<p>Hello</p>", b"<p>Hi</p>", Verdict.PASS),
    ],
)
def test_what_callers_are_shown_is_known_by_its_form(shown: bytes, stranger: bytes, verdict: Verdict) -> None:
    assert options(shown, answer(200, stranger)) is verdict


def test_any_answer_to_a_caller_is_protected() -> None:
    other = asked("identity.control", ME, answer(200, b'{"other": 1}'))
    exchange = asked("method.options", ME, answer(200, b'{"other": 2}'), method="OPTIONS")
    assert judge("BEARER-19", ME, exchange, *GOOD, other).verdict is Verdict.FAIL
    assert judge("BEARER-19", ME, exchange, *GOOD).verdict is Verdict.PASS


def test_a_person_is_shown_where_who_am_i_has_one() -> None:
    # Elsewhere the same place may hold anything.
    person = answer(200, b'{"profile": {"id": "9"}}')
    assert options(b"{}", person) is Verdict.FAIL
    assert options(b"{}", person, LIST) is Verdict.PASS


def test_what_callers_are_not_shown_either_proves_nothing() -> None:
    refused = asked("bearer.control", ME, answer(401))
    judgement = judge("BEARER-19", ME, asked("method.options", ME, answer(401), method="OPTIONS"), refused)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert "shown nothing either" in judgement.detail


@pytest.mark.parametrize(
    ("method", "response", "verdict"),
    [
        ("PUT", answer(405, b"", ("Allow", "GET")), Verdict.PASS),
        ("AUTHPROOF", answer(400, b"Invalid HTTP request received.", ("Content-Type", "text/plain")), Verdict.PASS),
        ("AUTHPROOF", answer(501, b""), Verdict.PASS),
        ("PUT", answer(200, b"<html>", PAGE), Verdict.PASS),
        ("PUT", answer(204, b""), Verdict.WARN),
        ("PUT", answer(200, CONTROL), Verdict.FAIL),
        ("TRACE", answer(200, b"TRACE / HTTP/1.1\r\nAuthorization: Bearer authproof-echo-3f9d", ("Content-Type", "message/http")), Verdict.FAIL),
        ("TRACE", answer(405, b""), Verdict.PASS),
    ],
)
def test_other_methods(method: str, response: Response, verdict: Verdict) -> None:
    name = "method.trace" if method == "TRACE" else "method.undeclared"
    headers = (("Authorization", "Bearer authproof-echo-3f9d"),) if method == "TRACE" else ()
    assert judge("BEARER-20", ME, asked(name, ME, response, method=method, headers=headers), *GOOD).verdict is verdict


@pytest.mark.parametrize(("of", "field"), [("access-token-in-cookie", "Cookie"), ("api-keys", "Authorization")])
def test_trace_does_not_send_the_field_of_the_token_back(of: str, field: str) -> None:
    echo = answer(200, b"TRACE /me HTTP/1.1\r\nX: authproof-echo", ("Content-Type", "message/http"))
    traced = asked("method.trace", "whoAmI", echo, of=design(of), method="TRACE", headers=((field, "authproof-echo"),))
    judgement = judge("BEARER-20", "whoAmI", traced, of=design(of))
    assert (judgement.verdict, judgement.detail) == (Verdict.FAIL, f"TRACE sends the {field} field back.")
    # Another field is no credential.
    other = asked("method.trace", "whoAmI", echo, of=design(of), method="TRACE", headers=(("X-Other", "authproof-echo"),))
    assert judge("BEARER-20", "whoAmI", other, of=design(of)).verdict is not Verdict.FAIL


@pytest.mark.parametrize(
    ("stranger", "caller", "verdict"),
    [
        (401, 200, Verdict.PASS),
        (405, 405, Verdict.PASS),
        (404, 404, Verdict.PASS),
        (501, 501, Verdict.PASS),
        (200, 200, Verdict.FAIL),
        (403, 200, Verdict.FAIL),
        (401, 401, Verdict.FAIL),
        (401, 403, Verdict.FAIL),
        (401, 429, Verdict.PASS),
        (429, 401, Verdict.INCONCLUSIVE),
    ],
)
def test_head_is_protected_like_get_or_not_offered(stranger: int, caller: int, verdict: Verdict) -> None:
    probes = (("bearer.head", stranger), ("bearer.head_of_caller", caller))
    exchanges = [asked(name, ME, answer(status, b""), method="HEAD") for name, status in probes]
    assert judge("BEARER-18", ME, *exchanges, *GOOD).verdict is verdict


def test_head_of_a_caller_may_be_answered_by_something_in_front() -> None:
    exchanges = [asked("bearer.head", ME, answer(401, b""), method="HEAD"), asked("bearer.head_of_caller", ME, answer(403, b"", PAGE), method="HEAD")]
    assert judge("BEARER-18", ME, *exchanges, *GOOD).verdict is Verdict.PASS


def test_head_is_judged_at_every_operation_of_the_application() -> None:
    heads = [asked("bearer.head", at, answer(status, b""), method="HEAD") for at, status in ((ME, 401), (LIST, 200))]
    judgement = judge("BEARER-18", ME, *heads, *GOOD)
    assert judgement.verdict is Verdict.FAIL
    assert f"at {LIST}," in judgement.detail


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [
        ((401, 401), Verdict.PASS),
        ((401, 400), Verdict.PASS),
        ((401, 413), Verdict.PASS),
        ((401, 415), Verdict.PASS),
        ((401, 422), Verdict.PASS),
        ((413, 422), Verdict.WARN),
        ((401, 404), Verdict.FAIL),
        ((400, 415), Verdict.WARN),
        ((201, 401), Verdict.FAIL),
        ((401, 429), Verdict.INCONCLUSIVE),
    ],
)
def test_a_token_in_the_body(statuses: tuple[int, int], verdict: Verdict) -> None:
    exchanges = [asked("bearer.body", CREATE, answer(status)) for status in statuses]
    assert judge("BEARER-13", CREATE, *exchanges, *GOOD).verdict is verdict


@pytest.mark.parametrize(
    ("unknown", "malformed", "verdict"),
    [
        (answer(401, MESSAGE, JSON, CHALLENGE), answer(401, MESSAGE, JSON, CHALLENGE), Verdict.PASS),
        (answer(401, b'{"message": "No.", "id": 7}', JSON, CHALLENGE), answer(401, MESSAGE, JSON, CHALLENGE), Verdict.FAIL),
        (answer(404), answer(404), Verdict.FAIL),
        (answer(401, b'{"message": "There is none."}', JSON, CHALLENGE), answer(401, MESSAGE, JSON, CHALLENGE), Verdict.FAIL),
        (answer(401, MESSAGE, JSON, CHALLENGE), answer(404, b"<html>", PAGE), Verdict.WARN),
        (answer(401, MESSAGE, JSON, ("WWW-Authenticate", 'Bearer realm="other"')), answer(401, MESSAGE, JSON, CHALLENGE), Verdict.FAIL),
        (answer(401, MESSAGE, JSON), answer(401, MESSAGE, JSON, CHALLENGE), Verdict.FAIL),
        (answer(401, b"No.", ("Content-Type", "text/plain"), CHALLENGE), answer(401, MESSAGE, JSON, CHALLENGE), Verdict.FAIL),
        (answer(403, MESSAGE, JSON, CHALLENGE), answer(401, MESSAGE, JSON, CHALLENGE), Verdict.FAIL),
    ],
)
def test_strangers_cannot_tell_what_exists(unknown: Response, malformed: Response, verdict: Verdict) -> None:
    assert of_strangers(answer(401, MESSAGE, JSON, CHALLENGE), unknown, malformed) is verdict


def of_strangers(*responses: Response) -> Verdict:
    return judge("BEARER-24", REVOKE, *(asked("object.stranger", REVOKE, response) for response in responses)).verdict


def test_numbers_do_not_tell_what_exists() -> None:
    def told(message: str) -> Response:
        return answer(401, f'{{"message": "{message}"}}'.encode(), JSON, CHALLENGE)

    assert of_strangers(told("Request 7."), told("Request 18."), told("Request 250.")) is Verdict.PASS
    assert of_strangers(told("Request 7."), told("Request seven."), told("Request 250.")) is Verdict.FAIL


@pytest.mark.parametrize(("status", "verdict"), [(200, Verdict.FAIL), (404, Verdict.FAIL), (429, Verdict.INCONCLUSIVE), (500, Verdict.INCONCLUSIVE)])
def test_strangers_are_refused_whatever_exists(status: int, verdict: Verdict) -> None:
    assert of_strangers(answer(status), answer(status), answer(status)) is verdict


@pytest.mark.parametrize(
    ("override", "owner", "verdict"),
    [
        (405, 204, Verdict.PASS),
        (405, 404, Verdict.FAIL),
        (405, 410, Verdict.FAIL),
        (204, 204, Verdict.FAIL),
        (405, 409, Verdict.INCONCLUSIVE),
        (405, 500, Verdict.INCONCLUSIVE),
    ],
)
def test_an_overridden_deletion_has_no_effect(override: int, owner: int, verdict: Verdict) -> None:
    exchanges = [
        asked("method.override", ME, answer(405), method="POST"),
        asked("object.override", REVOKE, answer(override, b""), method="POST"),
        asked("object.revoke", REVOKE, answer(owner, b"")),
    ]
    assert judge("BEARER-21", ME, *exchanges, *GOOD).verdict is verdict


@pytest.mark.parametrize(
    ("status", "verdict"), [(401, Verdict.PASS), (400, Verdict.FAIL), (422, Verdict.FAIL), (403, Verdict.FAIL), (429, Verdict.INCONCLUSIVE)]
)
def test_the_body_of_a_stranger_is_not_judged(status: int, verdict: Verdict) -> None:
    assert judge("BEARER-23", CREATE, asked("bearer.invalid_body", CREATE, answer(status))).verdict is verdict


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        (b"ref: refs/heads/main\n", Verdict.FAIL),
        (b"# settings\nDB_PASSWORD=secret\n", Verdict.FAIL),
        (b'{"propertySources": []}', Verdict.FAIL),
        (b"ref: refs/heads/\xff", Verdict.FAIL),
        (b"<!doctype html><title>App</title>", Verdict.PASS),
        (b'{"status": "up"}', Verdict.PASS),
    ],
)
def test_a_neighbour_is_known_by_what_it_shows(body: bytes, verdict: Verdict) -> None:
    exchange = asked("neighbour", ME, answer(200, body, PAGE), target="/.env", variant="/.env")
    assert judge("DOC-09", ME, exchange).verdict is verdict


@pytest.mark.parametrize(
    ("response", "verdict"),
    [(answer(405, b"", ("allow", "GET")), Verdict.PASS), (answer(405, b""), Verdict.FAIL), (answer(404), Verdict.PASS), (answer(401), Verdict.PASS)],
)
def test_a_method_that_is_not_allowed(response: Response, verdict: Verdict) -> None:
    assert judge("ERR-08", ME, asked("method.undeclared", ME, response, method="PUT")).verdict is verdict


def other_method(method: str, status: int, *headers: tuple[str, str]) -> Exchange:
    return asked("method.undeclared", ME, answer(status, b"", *headers), method=method)


ALLOW = ("Allow", "GET")


@pytest.mark.parametrize(
    ("exchanges", "verdict", "words"),
    [
        ([other_method("PUT", 404)], Verdict.PASS, "No 405 was seen: other methods are answered 404."),
        ([other_method("PUT", 405, ALLOW)], Verdict.PASS, "Each 405 tells what is allowed."),
        ([other_method("HEAD", 405, ALLOW)], Verdict.PASS, "Each 405 tells what is allowed."),
        ([other_method("OPTIONS", 405)], Verdict.FAIL, "OPTIONS is answered 405 without Allow"),
        ([other_method("PUT", 405, ALLOW), other_method("PATCH", 405)], Verdict.FAIL, "PATCH is answered 405 without Allow"),
        # These are no methods that a server would have to refuse.
        ([other_method("HEAD", 404)], Verdict.SKIP, "No other method was tried here."),
        ([other_method("OPTIONS", 404)], Verdict.SKIP, ""),
        ([other_method("TRACE", 404)], Verdict.SKIP, ""),
        ([other_method("GET", 404)], Verdict.SKIP, ""),
        ([], Verdict.SKIP, ""),
    ],
)
def test_what_is_allowed_is_told(exchanges: list[Exchange], verdict: Verdict, words: str) -> None:
    judgement = judge("ERR-08", ME, *exchanges)
    assert judgement.verdict is verdict
    assert words in judgement.detail


ELSEWHERE = "/api/health"


@pytest.mark.parametrize(
    ("claimed", "rerouted", "target", "verdict"),
    [
        (401, answer(401), None, Verdict.PASS),
        (200, answer(401), None, Verdict.FAIL),
        (401, answer(200, b"{}"), None, Verdict.FAIL),
        # A public path may answer as it likes, but not with what is protected.
        (401, answer(200, b"{}"), ELSEWHERE, Verdict.PASS),
        (401, answer(404), ELSEWHERE, Verdict.PASS),
        (401, answer(200, CONTROL), ELSEWHERE, Verdict.FAIL),
        (429, answer(401), None, Verdict.INCONCLUSIVE),
    ],
)
def test_what_a_stranger_claims_is_not_believed(claimed: int, rerouted: Response, target: str | None, verdict: Verdict) -> None:
    sent = asked("bearer.rerouted", ME, rerouted, target=target) if target else asked("bearer.rerouted", ME, rerouted)
    exchanges = [asked("bearer.claimed_identity", ME, answer(claimed)), sent]
    assert judge("BEARER-26", ME, *exchanges, *GOOD).verdict is verdict


def test_objects_and_bodies_are_asked_about_at_their_operations() -> None:
    assert subjects("BEARER-13", load_contract()) == ["createPersonalAccessToken"]
    assert subjects("BEARER-13", design("access-token-in-cookie")) == ["addNote"]
    assert subjects("BEARER-24", load_contract()) == ["revokePersonalAccessToken", "getSurveySession"]
    assert subjects("BEARER-24", design("scopes-and-logins")) == ["removeMachine"]


SCRIPTS = [
    ("BEARER-13", CREATE, "bearer_in_body", "No probe of A token in the body was answered."),
    ("BEARER-18", ME, "methods", "The probe bearer.head was not answered."),
    ("BEARER-18", ME, "bearer", "The probe bearer.head was not answered."),
    ("BEARER-19", ME, "methods", "The probe method.options was not answered."),
    ("BEARER-20", ME, "methods", "No undeclared method was answered."),
    ("BEARER-21", ME, "methods", "The probe method.override was not answered."),
    ("BEARER-21", ME, "existing_objects", "The probe method.override was not answered."),
    ("BEARER-23", CREATE, "bearer_in_body", "The probe bearer.invalid_body was not answered."),
    ("BEARER-24", REVOKE, "existing_objects", "The probe object.stranger was not answered each time."),
    ("BEARER-25", ME, "paths", "No other spelling of the path was answered."),
    ("BEARER-26", ME, "bearer", "The probe bearer.claimed_identity was not answered."),
    ("BEARER-26", ME, "bearer_in_full", "The probe bearer.claimed_identity was not answered."),
    ("DOC-09", ME, "neighbours", "No neighbour of the API was asked."),
]


@pytest.mark.parametrize(("requirement", "at", "script", "reason"), SCRIPTS)
def test_what_was_not_asked_is_told(requirement: str, at: str, script: str, reason: str) -> None:
    judgement = without(script, requirement, at)
    assert (judgement.verdict, judgement.detail) == (Verdict.SKIP, BROKE_OFF.reason)
    judgement = judge(requirement, at)
    assert (judgement.verdict, judgement.detail) == (Verdict.INCONCLUSIVE, reason)
