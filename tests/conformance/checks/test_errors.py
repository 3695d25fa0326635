"""ERR: what belongs to the application and what to the server in front, and what counts as a leak."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from authproof.evidence import HookRecord, Outcome
from authproof.exchange import Response, TokenFacts
from authproof.verdict import Verdict
from authproof_spec import Contract
from authproof_spec.contract import MediaType, ResponseRule
from tests.conformance.checks.building import CHALLENGE, FACTS, JSON, MESSAGE, TOKEN, answer, asked, contract, judge, operation

ME = "GET /api/admin/user"
LIST = "GET /api/admin/users"
LOGIN = "POST /api/admin/auth/login"
REVOKE = "DELETE /api/admin/user/personal-access-tokens/{tokenId}"
PROBLEM = ("Content-Type", "application/problem+json")
PAGE = ("Content-Type", "text/html")
CREATE, HEALTH = "POST /api/admin/users", "GET /api/health"


def declaring(*changed: tuple[str, Mapping[int, Mapping[str, str | None]]]) -> Contract:
    """The bundled contract, but that these operations declare these answers alone: by status, the schema of each media type."""
    answers = {operation(name).id: {str(status): _rule(status, content) for status, content in declared.items()} for name, declared in changed}
    return replace(contract(), operations=tuple(replace(each, responses=answers.get(each.id, each.responses)) for each in contract().operations))


def _rule(status: int, content: Mapping[str, str | None]) -> ResponseRule:
    return ResponseRule(str(status), tuple(MediaType(name, schema) for name, schema in content.items()))


@pytest.mark.parametrize(
    ("at", "response", "verdict"),
    [
        (ME, answer(401, MESSAGE, ("Content-Type", "Application/JSON; charset=utf-8")), Verdict.PASS),
        (ME, answer(401, b'{"title": "No."}', PROBLEM), Verdict.PASS),
        (ME, answer(401, b"", CHALLENGE), Verdict.FAIL),
        (ME, answer(401, b'"No."'), Verdict.FAIL),
        (ME, answer(401, b'{"message": 1}'), Verdict.FAIL),
        (ME, answer(403, b"<html>", PAGE), Verdict.SKIP),
        (REVOKE, answer(404, b"<html>", PAGE), Verdict.WARN),
        (ME, answer(404, b"<html>", PAGE), Verdict.FAIL),
        (REVOKE, answer(401, b"<html>", PAGE), Verdict.FAIL),
        (REVOKE, answer(404, b"{}"), Verdict.FAIL),
        (ME, answer(499, b"<html>", PAGE), Verdict.FAIL),
        # A failure of the server is ERR-07's matter.
        (ME, answer(500, b"<html>", PAGE), Verdict.SKIP),
        (ME, answer(399, b"<html>", PAGE), Verdict.SKIP),
        (ME, answer(401, b'{"detail": "No."}'), Verdict.PASS),
        (LOGIN, answer(400, b'{"errors": {"email": ["Missing."]}}'), Verdict.PASS),
        (LOGIN, answer(422, b'{"errors": [{"loc": "email"}]}'), Verdict.PASS),
        (LOGIN, answer(400, b'{"errors": "email"}'), Verdict.FAIL),
        (LOGIN, answer(401, b'{"errors": {"email": ["Missing."]}}'), Verdict.FAIL),
    ],
)
def test_a_client_error_says_why_in_json(at: str, response: Response, verdict: Verdict) -> None:
    assert judge("ERR-01", at, asked("any", at, response)).verdict is verdict


@pytest.mark.parametrize(
    ("headers", "words"),
    [((PAGE,), "is no JSON object (text/html)"), ((CHALLENGE,), "is no JSON object (has no media type)"), ((JSON,), "(application/json)")],
)
def test_what_an_error_is_instead_is_told(headers: tuple[tuple[str, str], ...], words: str) -> None:
    assert words in judge("ERR-01", ME, asked("any", ME, answer(401, b"[]", *headers))).detail


@pytest.mark.parametrize(
    ("names", "verdict"),
    [
        (["application/json"], Verdict.FAIL),
        (["application/json; charset=utf-8"], Verdict.FAIL),
        (["application/problem+json"], Verdict.FAIL),
        (["application/*"], Verdict.FAIL),
        (["text/html", "application/json"], Verdict.FAIL),
        (["text/html"], Verdict.SKIP),
        (["text/html; of=application/json"], Verdict.SKIP),
        ([], Verdict.SKIP),
    ],
)
def test_an_error_may_be_declared_to_be_no_json(names: list[str], verdict: Verdict) -> None:
    of = declaring((ME, {400: dict.fromkeys(names)}))
    page = asked("any", ME, answer(400, b"<html>", PAGE), of=of)
    assert judge("ERR-01", ME, page, of=of).verdict is verdict
    # So it need not look like other errors either.
    other = asked("any", LOGIN, answer(400), of=of)
    assert judge("ERR-06", ME, page, other, of=of).verdict is (Verdict.SKIP if verdict is Verdict.SKIP else Verdict.WARN)


def test_errors_need_not_look_like_what_was_answered_to_no_call() -> None:
    # The login comes first in the document.
    page, own = asked("any", LOGIN, answer(400, b"<html>", PAGE), verbatim=True), asked("any", ME, answer(400))
    assert judge("ERR-06", ME, page, own).verdict is Verdict.PASS
    declared = asked("any", LOGIN, answer(400, b"<html>", PAGE), of=(of := declaring((LOGIN, {400: {"text/html": None}}))))
    assert judge("ERR-06", ME, declared, own, of=of).verdict is Verdict.PASS


@pytest.mark.parametrize("request_", [{"method": "HEAD"}, {"method": "PUT"}, {"target": "/api/admin/user/"}, {"verbatim": True}])
def test_what_is_no_call_of_the_operation_is_not_judged_as_one(request_: dict[str, object]) -> None:
    refused = asked("any", ME, answer(405, b""), **request_)  # type: ignore[arg-type]
    for requirement in ("ERR-01", "ERR-06", "DOC-02", "DOC-03"):
        assert judge(requirement, ME, refused).verdict is Verdict.SKIP


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        ({}, Verdict.PASS),
        ({"type": "about:blank", "title": "No", "status": 401, "detail": "", "instance": "/log/17", "trace": 5}, Verdict.PASS),
        ({"type": "https://example.com/errors#no"}, Verdict.PASS),
        ({"status": 403}, Verdict.FAIL),
        ({"status": "401"}, Verdict.FAIL),
        ({"status": True}, Verdict.FAIL),
        ({"title": None}, Verdict.FAIL),
        ({"detail": {}}, Verdict.FAIL),
        ({"type": 7}, Verdict.FAIL),
        ({"instance": []}, Verdict.FAIL),
        ({"type": "no such <thing>"}, Verdict.FAIL),
        ({"instance": "http://[::1"}, Verdict.FAIL),
        ([], Verdict.FAIL),
    ],
)
def test_problem_details(body: object, verdict: Verdict) -> None:
    assert judge("ERR-02", ME, asked("any", ME, answer(401, json.dumps(body).encode(), PROBLEM))).verdict is verdict


@pytest.mark.parametrize(
    ("status", "body", "verdict"),
    [
        (400, {"errors": {"email": ["Missing."], "password": ["Missing."]}}, Verdict.PASS),
        (422, {"errors": {"email": "Missing."}}, Verdict.PASS),
        (400, {"errors": [{"loc": ["body", "email"], "msg": "Field required"}]}, Verdict.PASS),
        (400, {"errors": {"/password": "Missing."}}, Verdict.PASS),
        (400, {"errors": {"credentials.email": "Missing."}}, Verdict.PASS),
        (400, {"errors": {"body": "This is not valid."}}, Verdict.FAIL),
        (400, {"message": "email is missing"}, Verdict.FAIL),
        (401, {"message": "No."}, Verdict.INCONCLUSIVE),
    ],
)
def test_the_fields_at_fault_are_named(status: int, body: object, verdict: Verdict) -> None:
    assert judge("ERR-03", LOGIN, asked("login.empty", LOGIN, answer(status, json.dumps(body).encode()))).verdict is verdict


def test_where_no_fields_are_said_none_are_asked_for() -> None:
    of = replace(contract(), error_fields=None)
    empty = asked("login.empty", LOGIN, answer(400, b'{"message": "No."}'), of=of)
    judgement = judge("ERR-03", LOGIN, empty, of=of)
    assert (judgement.verdict, "errors.fields" in judgement.detail) == (Verdict.SKIP, True)


@pytest.mark.parametrize(("script", "verdict"), [("logins", Verdict.SKIP), ("log", Verdict.INCONCLUSIVE)])
def test_why_no_login_was_without_fields(script: str, verdict: Verdict) -> None:
    assert judge("ERR-03", LOGIN, outcomes={(script, "admin"): Outcome(Verdict.SKIP, "It was left out.")}).verdict is verdict


@pytest.mark.parametrize(
    "text",
    [
        'Traceback (most recent call last):\n  File "app.py", line 3, in main',
        "java.lang.NullPointerException\n\tat com.example.UserService.find(UserService.java:42)",
        "TypeError: x is undefined\n    at Object.handler (/app/src/users.js:10:5)",
        "Error\n    at async file:///app/main.mjs:3:1",
        "System.Exception: no\n   at Api.Users.Find(Int32 id) in C:\\src\\Users.cs:line 12",
        "panic: no\n\ngoroutine 17 [running]:",
        "/srv/app/models/user.rb:12:in `find'",
        "#0 /var/www/html/index.php(12): main()",
        "thread 'main' panicked at src/main.rs:4:5",
        "SQLSTATE[42S02]: Base table or view not found",
        'ERROR: syntax error at or near "FROM"',
        "ORA-00942: table or view does not exist",
        "You have an error in your SQL syntax; check the manual",
        "SELECT * FROM users WHERE id = 1",
        "E11000 duplicate key error collection: app.users",
        "cannot open /etc/app/settings.yaml",
        "C:\\inetpub\\wwwroot\\web.config is missing",
    ],
)
@pytest.mark.parametrize("as_json", [True, False])
def test_the_inside_of_a_program_is_a_leak(text: str, *, as_json: bool) -> None:
    body = json.dumps({"message": text}) if as_json else text
    assert judge("ERR-04", ME, asked("any", ME, answer(500, body.encode()))).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    "text",
    [
        "/data/attributes/name is required",
        "There is no GET /api/app/users.json",
        "Please select a survey from the list where you are a member.",
        "The file report.pdf is too large.",
        "See https://example.com/docs/errors/etc/1.yaml",
        "You are looking at user (id 7).",
        "Unexpected token < in JSON at position 0",
        "Invalid value at line 3, column 5",
    ],
)
def test_a_message_for_users_is_no_leak(text: str) -> None:
    assert judge("ERR-04", ME, asked("any", ME, answer(400, json.dumps({"message": text}).encode()))).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("headers", "verdict"),
    [
        ([("Server", "nginx")], Verdict.PASS),
        ([("server", "uvicorn"), ("X-Powered-By", "Express")], Verdict.PASS),
        ([("Server", "nginx/1.18.0 (Ubuntu)")], Verdict.WARN),
        ([("X-Powered-By", "PHP/8.1.2")], Verdict.WARN),
        ([("X-AspNet-Version", "4.0.30319")], Verdict.WARN),
        ([("X-AspNetMvc-Version", "5.2")], Verdict.WARN),
        ([("X-Generator", "Drupal/10.1")], Verdict.WARN),
        ([("X-Runtime-Version", "1.2.3")], Verdict.WARN),
        ([("X-Api-Version", "1.2.3")], Verdict.PASS),
    ],
)
def test_a_version_is_a_warning(headers: list[tuple[str, str]], verdict: Verdict) -> None:
    assert judge("ERR-04", ME, asked("any", ME, answer(401, MESSAGE, JSON, *headers))).verdict is verdict


LEAK = "goroutine 17 ["


@pytest.mark.parametrize(("length", "verdict"), [(20_000, Verdict.FAIL), (20_001, Verdict.PASS)])
def test_only_the_beginning_of_a_body_is_read(length: int, verdict: Verdict) -> None:
    text = "-" * (length - len(LEAK)) + LEAK
    for body in (text.encode(), json.dumps([text]).encode()):
        assert judge("ERR-04", ME, asked("any", ME, answer(500, body))).verdict is verdict


def test_what_is_no_text_is_read_all_the_same() -> None:
    assert judge("ERR-04", ME, asked("any", ME, answer(500, b"\xff" + LEAK.encode()))).verdict is Verdict.FAIL
    assert judge("ERR-04", ME, asked("any", ME, answer(500, b"\xff"))).verdict is Verdict.PASS


KINDS = ("access_token", "refresh_token", "personal_access_token", "challenge", "password", "code")
SECRETS = {**FACTS, **{f"{kind.upper()}_1": TokenFacts(kind, "", 1) for kind in KINDS}}


@pytest.mark.parametrize(
    ("at", "status", "kind", "verdict"),
    [
        # Where tokens are given the same one may come again.
        *((at, 200, kind, Verdict.PASS) for at in (LOGIN, "adminSecondFactor", "surveyRefresh", "surveyLogout") for kind in KINDS[:4]),
        *((LOGIN, 200, kind, Verdict.FAIL) for kind in KINDS[4:]),
        *((LOGIN, 401, kind, Verdict.FAIL) for kind in KINDS),
        *((ME, 200, kind, Verdict.FAIL) for kind in KINDS),
    ],
)
def test_an_answer_that_repeats_a_secret(at: str, status: int, kind: str, verdict: Verdict) -> None:
    name = kind.upper() + "_1"
    echo = asked("any", at, answer(status, f'{{"it": "${{{name}}}"}}'.encode()), body=f'{{"it": "${{{name}}}"}}'.encode())
    judgement = judge("ERR-05", at, echo, facts=SECRETS)
    assert judgement.verdict is verdict
    assert (f"({kind})" in judgement.detail) == (verdict is Verdict.FAIL)


@pytest.mark.parametrize(
    "request_",
    [
        {"target": f"/api/admin/user?token={TOKEN}"},
        {"headers": (("Accept", "*/*"), ("X-Token", TOKEN))},
        {"body": b"\xff" + TOKEN.encode()},
    ],
)
@pytest.mark.parametrize("response", [answer(401, b"\xff" + TOKEN.encode()), answer(401, b"", CHALLENGE, ("X-Echo", TOKEN))])
def test_a_secret_may_stand_anywhere(request_: dict[str, Any], response: Response) -> None:
    echo = asked("any", ME, response, **request_)
    assert judge("ERR-05", ME, echo).verdict is Verdict.FAIL
    # What is no HTTP no application sees, and what was not sent is not repeated.
    assert judge("ERR-05", ME, asked("any", ME, response, verbatim=True, **request_)).verdict is Verdict.WARN
    assert judge("ERR-05", ME, asked("any", ME, response), asked("any", ME, answer(401), **request_)).verdict is Verdict.PASS


def test_an_echo_to_an_application_is_told_before_one_to_a_reader_of_requests() -> None:
    raw, sent = (asked("any", ME, answer(401, TOKEN.encode()), body=TOKEN.encode(), verbatim=verbatim) for verbatim in (True, False))
    judgement = judge("ERR-05", ME, raw, sent)
    assert (judgement.verdict, judgement.exchanges[0].number) == (Verdict.FAIL, 2)


def test_the_parts_of_a_page_are_no_files_of_the_server() -> None:
    page = answer(404, b'<script src="/app/main.js"></script><link href="/usr/theme.conf">', PAGE)
    assert judge("ERR-04", ME, asked("any", ME, page)).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("other", "verdict"),
    [
        (answer(401), Verdict.PASS),
        (answer(401, b'{"message": "No.", "requestId": "7"}'), Verdict.PASS),
        (answer(401, b'{"error": "No."}'), Verdict.FAIL),
        (answer(401, MESSAGE, PROBLEM), Verdict.FAIL),
        (answer(403, b'{"error": "No."}'), Verdict.PASS),
    ],
)
def test_errors_of_one_status_look_alike(other: Response, verdict: Verdict) -> None:
    exchanges = [asked("any", ME, answer(401)), asked("any", LIST, other)]
    assert judge("ERR-06", LIST, *exchanges).verdict is verdict


OWN, ERROR = "/components/schemas/ListMeta", "/components/schemas/Error"


@pytest.mark.parametrize(
    ("status", "first", "second", "verdict"),
    [
        *((status, LIST, CREATE, Verdict.FAIL) for status in (400, 401, 403, 404)),
        # Of a path with an object the router may not know the path.
        (404, LIST, "deleteUser", Verdict.WARN),
        (404, "updateUser", "deleteUser", Verdict.WARN),
        (404, REVOKE, LIST, Verdict.WARN),
        (404, LOGIN, "updateUser", Verdict.WARN),
        (401, LIST, "deleteUser", Verdict.FAIL),
        # What an API does not give everywhere may look as it likes.
        *((status, LIST, CREATE, Verdict.SKIP) for status in (402, 405, 409, 422, 429)),
    ],
)
def test_which_errors_look_alike(status: int, first: str, second: str, verdict: Verdict) -> None:
    of = declaring(*((name, {status: {"application/json": ERROR}}) for name in (first, second)))
    exchanges = [asked("any", first, answer(status), of=of), asked("any", second, answer(status, b'{"error": "No."}'), of=of)]
    judgement = judge("ERR-06", second, *exchanges, of=of)
    assert judgement.verdict is verdict, judgement.detail
    assert "the document itself" not in judgement.detail
    if verdict is not Verdict.SKIP:
        assert {exchange.number for exchange in judgement.exchanges} == {1, 2}
        assert judge("ERR-06", first, *exchanges, of=of).verdict is not Verdict.SKIP


@pytest.mark.parametrize(
    ("here", "there", "verdict"),
    [
        ({"application/json": OWN}, {"application/json": ERROR}, Verdict.WARN),
        ({"application/json": ERROR}, {"text/html": None, "application/json": ERROR}, Verdict.FAIL),
        ({"application/json": None}, {"application/json": ERROR}, Verdict.WARN),
        ({"application/json": None}, {"application/json": None}, Verdict.FAIL),
    ],
)
def test_the_document_may_declare_errors_of_two_forms(here: dict[str, str | None], there: dict[str, str | None], verdict: Verdict) -> None:
    of = declaring((LIST, {401: there}), (CREATE, {401: here}))
    exchanges = [asked("any", LIST, answer(401), of=of), asked("any", CREATE, answer(401, b'{"error": "No."}'), of=of)]
    judgement = judge("ERR-06", CREATE, *exchanges, of=of)
    assert judgement.verdict is verdict, judgement.detail
    assert ("as the document itself declares it" in judgement.detail) == (verdict is Verdict.WARN)


@pytest.mark.parametrize(
    ("fields", "status", "bodies", "verdict"),
    [
        # Where errors are nothing but fields, their names are no form of an error.
        ("", 400, ({"email": ["No."]}, {"name": ["No."]}), Verdict.PASS),
        ("", 400, (["email"], ["name"]), Verdict.PASS),
        ("", 401, ({"email": ["No."]}, {"name": ["No."]}), Verdict.FAIL),
        ("/errors", 400, ({"email": ["No."]}, {"name": ["No."]}), Verdict.FAIL),
        ("/errors", 400, (["email"], ["name"]), Verdict.PASS),
        ("/errors", 400, ({"errors": {"email": ["No."]}}, {"errors": {"name": ["No."]}}), Verdict.PASS),
    ],
)
def test_errors_that_are_named_after_fields(fields: str, status: int, bodies: tuple[object, object], verdict: Verdict) -> None:
    of = replace(contract(), error_fields=fields)
    exchanges = [asked("any", at, answer(status, json.dumps(body).encode()), of=of) for at, body in zip((LOGIN, CREATE), bodies, strict=True)]
    assert judge("ERR-06", CREATE, *exchanges, of=of).verdict is verdict


@pytest.mark.parametrize(
    ("method", "status", "headers", "verdict"),
    [
        ("AUTHPROOF", 505, (JSON,), Verdict.PASS),
        ("AUTHPROOF", 500, (JSON,), Verdict.FAIL),
        ("GET", 505, (JSON,), Verdict.FAIL),
        ("AUTHPROOF", 501, (JSON,), Verdict.PASS),
        ("GET", 501, (JSON,), Verdict.FAIL),
        ("GET", 500, (JSON,), Verdict.FAIL),
        ("GET", 503, (PAGE,), Verdict.INCONCLUSIVE),
        ("GET", 431, (JSON,), Verdict.PASS),
    ],
)
def test_a_failure_of_the_server(method: str, status: int, headers: tuple[tuple[str, str], ...], verdict: Verdict) -> None:
    assert judge("ERR-07", ME, asked("any", ME, answer(status, MESSAGE, *headers), method=method)).verdict is verdict


@pytest.mark.parametrize(
    ("log", "verdict"),
    [
        ("GET /api/admin/user 200", Verdict.PASS),
        (f"Authorization: Bearer {TOKEN}", Verdict.FAIL),
        ("POST /login password=${PASSWORD_1}", Verdict.FAIL),
        ("  \n", Verdict.INCONCLUSIVE),
    ],
)
def test_the_log(log: str, verdict: Verdict) -> None:
    assert judge("ERR-09", LOGIN, hooks=(HookRecord("read_log", 1.0, log),)).verdict is verdict


def test_a_challenge_in_the_log_is_none_of_its_secrets() -> None:
    assert judge("ERR-09", LOGIN, hooks=(HookRecord("read_log", 1.0, "${CHALLENGE_1}"),), facts=SECRETS).verdict is Verdict.PASS


def test_a_log_may_be_read_more_than_once() -> None:
    empty, full = HookRecord("read_log", 1.0, ""), HookRecord("read_log", 2.0, "GET /api/admin/user 200")
    assert judge("ERR-09", LOGIN, hooks=(empty, full)).verdict is Verdict.PASS
    assert judge("ERR-09", LOGIN, hooks=(empty, empty)).verdict is Verdict.INCONCLUSIVE
    assert judge("ERR-09", LOGIN, hooks=(full, HookRecord("read_log", 3.0, TOKEN), empty)).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("outcomes", "verdict", "detail"),
    [
        ({}, Verdict.INCONCLUSIVE, "The log was not read."),
        ({("log", "admin"): Outcome(Verdict.SKIP, "There is no hook.")}, Verdict.SKIP, "There is no hook."),
        ({("logins", "admin"): Outcome(Verdict.SKIP, "There is no hook.")}, Verdict.INCONCLUSIVE, "The log was not read."),
    ],
)
def test_a_log_that_nobody_read(outcomes: dict[tuple[str, str], Outcome], verdict: Verdict, detail: str) -> None:
    judgement = judge("ERR-09", LOGIN, hooks=(HookRecord("set_clock", 1.0, TOKEN),), outcomes=outcomes)
    assert (judgement.verdict, judgement.detail) == (verdict, detail)


def test_what_the_run_put_into_a_url_is_no_fault_of_the_log() -> None:
    sent = asked("bearer.query", ME, answer(401), target=f"/api/admin/user?access_token={TOKEN}")
    assert judge("ERR-09", LOGIN, sent, hooks=(HookRecord("read_log", 1.0, f"GET /api/admin/user?access_token={TOKEN} 401"),)).verdict is Verdict.PASS


@pytest.mark.parametrize(("message", "verdict"), [("No.", Verdict.PASS), ("", Verdict.FAIL), ("  ", Verdict.FAIL)])
def test_an_empty_message_says_nothing(message: str, verdict: Verdict) -> None:
    body = json.dumps({"message": message}).encode()
    assert judge("ERR-01", ME, asked("bearer.none", ME, answer(401, body))).verdict is verdict
