"""Logins that are forms, as OAuth 2.0 libraries have them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from authproof.certify import Certification, plan
from authproof.embedded import accounts_of
from authproof.profile import Profile
from authproof.verdict import Verdict
from authproof_mock.backend import Backend
from authproof_mock.seed import load_seed
from authproof_mock.server import running_mock
from authproof_mock.start_text import start_text
from authproof_spec import Contract
from tests.mock_server.conftest import PASSWORD, client_of

FORM = "application/x-www-form-urlencoded"
SCHEMA = {
    "type": "object",
    "required": ["username", "password"],
    "properties": {
        "username": {"type": "string"},
        "password": {"type": "string", "minLength": 1},
        "remember": {"type": "boolean"},
        "scope": {"type": "array", "items": {"type": "string"}},
    },
}


@pytest.fixture
def contract(edited: Callable[[Callable[[Any], None]], Contract]) -> Contract:
    def change(tree: Any) -> None:
        tree["paths"]["/api/admin/auth/login"]["post"]["requestBody"] = {"required": True, "content": {FORM: {"schema": SCHEMA}}}
        tree["x-authproof"]["applications"]["admin"]["logins"][0]["credentials"] = {"/username": "email", "/password": "password"}

    return edited(change)


@pytest.fixture
def client(contract: Contract) -> httpx.Client:
    return client_of(Backend(contract))


def log_in(client: httpx.Client, content: str, media_type: str = FORM) -> httpx.Response:
    return client.post("/api/admin/auth/login", content=content, headers={"content-type": media_type})


RIGHT = f"username=admin%40example.com&password={PASSWORD.replace(' ', '+')}"


@pytest.mark.parametrize("content", [RIGHT, f"{RIGHT}&remember=true", f"{RIGHT}&scope=a&scope=b", f"{RIGHT}&scope=a"])
def test_the_right_fields_open_a_session(client: httpx.Client, content: str) -> None:
    answer = log_in(client, content)
    assert answer.status_code == 200
    assert answer.json()["accessToken"]


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ("", "username"),
        ("username=a", "password"),
        (f"{RIGHT}&password=x", "password"),
        (f"{RIGHT}&remember=maybe", "remember"),
        ("password=", "password"),
    ],
)
def test_a_field_that_is_not_as_declared_is_named(client: httpx.Client, content: str, field: str) -> None:
    answer = log_in(client, content)
    assert answer.status_code == 400
    assert field in answer.json()["errors"]


@pytest.mark.parametrize("content", ["username=%ff", "&".join(f"f{number}=" for number in range(2000))])
def test_what_is_no_form_is_refused(client: httpx.Client, content: str) -> None:
    assert log_in(client, content).status_code == 400


def test_json_is_not_taken(client: httpx.Client) -> None:
    assert log_in(client, '{"username": "admin@example.com"}', "application/json").status_code == 415


def test_the_curl_line_sends_a_form(contract: Contract) -> None:
    text = start_text(contract, load_seed(), "http://127.0.0.1:1")
    assert f"--data-urlencode 'password={PASSWORD}'" in text
    assert "--data-urlencode username=admin@example.com" in text


def test_a_form_is_certified_as_json_is(contract: Contract) -> None:
    seed = load_seed()
    with running_mock(contract, seed=seed) as (url, _):
        run = Certification(contract, Profile(url, accounts_of(contract, seed)), plan(contract, ["LOGIN", "REFRESH-03", "MFA-01"]))
        run.run()
    report = run.report()
    assert {result.verdict for result in report.results} <= {Verdict.PASS, Verdict.SKIP}
    verdicts = {result.requirement.id: result.verdict for result in report.results if result.operation == "POST /api/admin/auth/login"}
    assert {name for name, verdict in verdicts.items() if verdict is Verdict.SKIP} >= {"LOGIN-08", "LOGIN-09", "LOGIN-10"}
    assert {name for name, verdict in verdicts.items() if verdict is Verdict.PASS} >= {"LOGIN-01", "LOGIN-04", "LOGIN-07", "LOGIN-11"}
