"""ERR: what belongs to the application and what to the server in front, and what counts as a leak."""

from __future__ import annotations

import json

import pytest

from authproof.evidence import HookRecord
from authproof.exchange import Response
from authproof.verdict import Verdict
from tests.conformance.checks.building import CHALLENGE, JSON, MESSAGE, TOKEN, answer, asked, judge

ME = "GET /api/admin/user"
LIST = "GET /api/admin/users"
LOGIN = "POST /api/admin/auth/login"
REVOKE = "DELETE /api/admin/user/personal-access-tokens/{tokenId}"
PROBLEM = ("Content-Type", "application/problem+json")
PAGE = ("Content-Type", "text/html")


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
        (LOGIN, answer(400, b'{"errors": {"email": ["Missing."]}}'), Verdict.PASS),
    ],
)
def test_a_client_error_says_why_in_json(at: str, response: Response, verdict: Verdict) -> None:
    assert judge("ERR-01", at, asked("any", at, response)).verdict is verdict


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
    ],
)
def test_a_version_is_a_warning(headers: list[tuple[str, str]], verdict: Verdict) -> None:
    assert judge("ERR-04", ME, asked("any", ME, answer(401, MESSAGE, JSON, *headers))).verdict is verdict


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


@pytest.mark.parametrize(
    ("method", "status", "headers", "verdict"),
    [
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


def test_what_the_run_put_into_a_url_is_no_fault_of_the_log() -> None:
    sent = asked("bearer.query", ME, answer(401), target=f"/api/admin/user?access_token={TOKEN}")
    assert judge("ERR-09", LOGIN, sent, hooks=(HookRecord("read_log", 1.0, f"GET /api/admin/user?access_token={TOKEN} 401"),)).verdict is Verdict.PASS
