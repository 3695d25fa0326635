from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import httpx
import pyotp
import pytest

from authproof_mock.backend import Backend
from authproof_mock.clock import Clock
from authproof_mock.control import Control
from authproof_mock.http import Answer, Call
from authproof_mock.redaction import REDACTED, Redaction, without_tokens
from authproof_spec import Contract

PASSWORD = "correct horse battery staple"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


def redacted(contract: Contract, call: Call, answer: Answer | None = None, operation: str = "") -> tuple[Any, Any]:
    found = next((one for one in contract.operations if one.name == operation), None)
    request, response = Redaction(contract).exchange(call, found, answer or Answer(200))
    return asdict(request), asdict(response)


def posted(body: object) -> Call:
    return Call("POST", "/x", headers=[("content-type", "application/json")], body=json.dumps(body).encode())


def test_no_secret_of_a_whole_visit_is_in_the_log(backend: Backend, client: httpx.Client, clock: Clock) -> None:
    control = Control(backend)
    secrets = [PASSWORD, "the-token-of-a-personal-link", "a wrong guess", "opaque-credential"]

    def keep(answer: httpx.Response) -> httpx.Response:
        if cookie := answer.headers.get("set-cookie", ""):
            secrets.append(cookie.partition("=")[2].partition(";")[0])
        return answer

    login = keep(client.post("/api/admin/auth/login", json={"email": "admin@example.com", "password": PASSWORD}))
    client.post("/api/admin/auth/login", json={"email": "admin@example.com", "password": "a wrong guess"})
    client.post("/api/admin/auth/login", json={"email": "admin@example.com", "passwrod": PASSWORD})
    client.post("/api/admin/auth/login", content=f"password={PASSWORD}")
    client.post("/api/auth/login/token", json={"token": "the-token-of-a-personal-link"})
    keep(client.post("/api/admin/auth/refresh", headers={"cookie": login.headers["set-cookie"].split(";")[0]}))
    factor = client.post("/api/admin/auth/login", json={"email": "mfa@example.com", "password": PASSWORD}).json()["challenge"]
    code = pyotp.TOTP("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP").at(int(clock.now()))
    keep(client.post("/api/admin/auth/otp", json={"challengeId": factor["challengeId"], "provider": "otp", "token": code}))
    access = login.json()["accessToken"]
    header = {"authorization": f"Bearer {access}"}
    created = client.post("/api/admin/user/personal-access-tokens", json={"name": "mine", "expiresAt": "2027-06-01T00:00:00Z"}, headers=header)
    client.post("/api/admin/users", json={"email": "new@example.com", "name": "New", "password": PASSWORD}, headers=header)
    client.get(
        f"/api/admin/user?access_token={access}", headers={"x-forwarded-authorization": "opaque-credential", "authorization": "opaque-credential"}
    )
    client.get(f"/api/{access}", headers={"cookie": f"{access}; other=opaque-credential"})
    log = json.dumps([asdict(exchange) for exchange in control.exchanges()])
    assert len(control.exchanges()) == 12
    assert created.status_code == 201
    secrets += [access, created.json()["jwt"], factor["challengeId"], code]
    assert [secret for secret in secrets if secret and secret in log] == []
    assert "eyJ" not in log
    assert "admin@example.com" in log, "what is no secret stays"
    assert '"mine"' in log


def test_a_cookies_name_and_flags_stay(contract: Contract) -> None:
    cookie = ("set-cookie", "name=opaque; Path=/api; HttpOnly")
    request, response = redacted(contract, Call("GET", "/x", headers=[("cookie", "name=opaque; other=1")]), Answer(200, None, [cookie]))
    assert request["headers"] == (("cookie", f"name={REDACTED}; other={REDACTED}"),)
    assert response["headers"] == (("set-cookie", f"name={REDACTED}; Path=/api; HttpOnly"),)
    _, cleared = redacted(contract, Call("GET", "/x"), Answer(200, None, [("set-cookie", "name=; Max-Age=0")]))
    assert cleared["headers"] == (("set-cookie", "name=; Max-Age=0"),)


def test_a_credential_keeps_its_scheme(contract: Contract) -> None:
    request, _ = redacted(contract, Call("GET", "/x", headers=[("authorization", "Basic dXNlcjpwYXNz")]))
    assert request["headers"] == (("authorization", f"Basic {REDACTED}"),)


def test_only_what_is_no_credential_is_shown_where_one_logs_in(contract: Contract) -> None:
    body = {"email": "a@example.com", "password": ["x", {"y": 12}], "pasword": "typo", "n": 123456, "deep": {"email": "hidden"}}
    request, _ = redacted(contract, posted(body), operation="POST /api/admin/auth/login")
    hidden = {"password": [REDACTED, {"y": REDACTED}], "pasword": REDACTED, "n": REDACTED, "deep": {"email": REDACTED}}
    assert request["body"] == {"email": "a@example.com", **hidden}
    request, _ = redacted(contract, posted("text"), operation="POST /api/admin/auth/login")
    assert request["body"] == REDACTED


def test_elsewhere_what_is_called_a_secret_goes_with_all_that_is_in_it(contract: Contract) -> None:
    body = {"name": "Uma", "newPassword": {"value": "hunter2"}, "list": [{"apiKey": 1}, TOKEN, "plain"], "verification_code": 123456}
    request, _ = redacted(contract, posted(body))
    assert request["body"] == {
        "name": "Uma",
        "newPassword": REDACTED,
        "list": [{"apiKey": REDACTED}, REDACTED, "plain"],
        "verification_code": REDACTED,
    }


def test_a_secret_that_comes_back_is_found(contract: Contract) -> None:
    answer = Answer(400, {"message": "hunter2 is wrong for a@example.com", "errors": {"hunter2": [1]}}, [("location", "/back?hunter2")])
    _, response = redacted(contract, posted({"email": "a@example.com", "password": "hunter2"}), answer, "POST /api/admin/auth/login")
    assert response["body"] == {"message": f"{REDACTED} is wrong for a@example.com", "errors": {REDACTED: [1]}}
    assert response["headers"] == (("location", f"/back?{REDACTED}"),)


@pytest.mark.parametrize(("query", "shown"), [("", ""), ("a=1&token=opaque", f"a={REDACTED}&token={REDACTED}"), ("opaque", REDACTED)])
def test_a_query_keeps_its_names(contract: Contract, query: str, shown: str) -> None:
    request, _ = redacted(contract, Call("GET", "/x", query))
    assert request["query"] == shown


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"secret words", "[12 bytes that are no JSON]"),
        (b"\xff\xfe", "[2 bytes that are no JSON]"),
        (b" " * 20_000, "[more than 16384 bytes]"),
        (b"[" * 900 + b"]" * 900, "[1800 bytes, nested too deeply]"),
    ],
)
def test_what_cannot_be_searched_is_not_shown(contract: Contract, body: bytes, shown: str) -> None:
    request, _ = redacted(contract, Call("POST", "/x", body=body))
    assert request["body"] == shown


@pytest.mark.parametrize("text", ["a.b", "GET /api/v1.2.3", "index.html", ""])
def test_what_is_no_token_stays(text: str) -> None:
    assert without_tokens(text) == text
