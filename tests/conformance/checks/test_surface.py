"""What answers beside the declared operations: any refusal is lawful, and only what callers are shown is a leak."""

from __future__ import annotations

import pytest

from authproof.exchange import Response
from authproof.verdict import Verdict
from tests.conformance.checks.building import CHALLENGE, JSON, MESSAGE, TOKEN, answer, asked, judge

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


@pytest.mark.parametrize(
    ("stranger", "caller", "verdict"),
    [(401, 200, Verdict.PASS), (405, 405, Verdict.PASS), (404, 404, Verdict.PASS), (200, 200, Verdict.FAIL), (401, 401, Verdict.FAIL)],
)
def test_head_is_protected_like_get_or_not_offered(stranger: int, caller: int, verdict: Verdict) -> None:
    probes = (("bearer.head", stranger), ("bearer.head_of_caller", caller))
    exchanges = [asked(name, ME, answer(status, b""), method="HEAD") for name, status in probes]
    assert judge("BEARER-18", ME, *exchanges, *GOOD).verdict is verdict


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [
        ((401, 401), Verdict.PASS),
        ((401, 415), Verdict.PASS),
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
    ],
)
def test_strangers_cannot_tell_what_exists(unknown: Response, malformed: Response, verdict: Verdict) -> None:
    known = answer(401, MESSAGE, JSON, CHALLENGE)
    exchanges = [asked("object.stranger", REVOKE, response, variant=str(index)) for index, response in enumerate((known, unknown, malformed))]
    assert judge("BEARER-24", REVOKE, *exchanges).verdict is verdict


@pytest.mark.parametrize(
    ("override", "owner", "verdict"), [(405, 204, Verdict.PASS), (405, 404, Verdict.FAIL), (204, 204, Verdict.FAIL), (405, 500, Verdict.INCONCLUSIVE)]
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
