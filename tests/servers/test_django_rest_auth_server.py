from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import httpx
import pytest

from authproof_spec import load_contract
from authproof_spec.contract import Operation
from tests.servers.process import running

pytestmark = pytest.mark.skipif(find_spec("dj_rest_auth") is None, reason="needs the extra `servers`")

HERE = Path(__file__).parents[2] / "examples" / "django-rest-auth"
CONTRACT = load_contract(HERE / "openapi.yaml", [HERE / "authproof-overlay.yaml"])
MEMBERS = CONTRACT.applications["members"]
PASSWORDS = {name: f"{name}'s long password" for name in ("olivia", "stella", "dora")}


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    command = [sys.executable, str(HERE / "server.py"), "0"]
    with running(command) as base_url, httpx.Client(base_url=base_url, timeout=30) as client:
        yield client


def log_in(client: httpx.Client, username: str) -> httpx.Response:
    return client.post(MEMBERS.logins[0].operation.path, json={"username": username, "password": PASSWORDS[username]})


def bearer(client: httpx.Client, username: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {log_in(client, username).json()['access']}"}


def test_a_login_answers_the_access_token_and_sets_the_declared_cookie(client: httpx.Client) -> None:
    answer = log_in(client, "olivia")
    assert answer.status_code == 200
    assert answer.json()["refresh"] == ""
    cookie = MEMBERS.cookie
    assert cookie
    name, *attributes = answer.headers["Set-Cookie"].split("; ")
    assert name.startswith(f"{cookie.name}=")
    assert {f"Path={cookie.path}", f"Max-Age={cookie.max_age}", f"SameSite={cookie.same_site}", "HttpOnly", "Secure"} <= set(attributes)


def test_a_disabled_account_is_refused_as_declared(client: httpx.Client) -> None:
    assert log_in(client, "dora").status_code == MEMBERS.logins[0].refusal


def test_the_access_token_tells_whose_it_is(client: httpx.Client) -> None:
    assert MEMBERS.identity
    answer = client.get(MEMBERS.identity.operation.path, headers=bearer(client, "olivia"))
    assert (answer.status_code, answer.json()["username"]) == (200, "olivia")


@pytest.mark.parametrize("operation", CONTRACT.protected_operations, ids=lambda operation: operation.name)
def test_nobody_enters_without_a_token(client: httpx.Client, operation: Operation) -> None:
    answer = client.request(operation.method, operation.path)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_the_accounts_are_for_staff_alone(client: httpx.Client) -> None:
    assert MEMBERS.accounts
    assert MEMBERS.accounts.list
    path = MEMBERS.accounts.list.path
    assert client.get(path, headers=bearer(client, "olivia")).status_code == 403
    assert client.get(path, headers=bearer(client, "stella")).status_code == 200
