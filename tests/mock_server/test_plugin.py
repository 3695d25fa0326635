"""The fixtures, in small projects of their own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.small_document import SMALL

pytest_plugins = ["pytester"]

PAGE = Path(__file__).parents[2] / "docs" / "mock.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)

LIVE = """
import httpx

def test_first(auth_mock):
    auth_mock.control.change_account({"email": "admin@example.com"}, {"name": "Changed"})
    assert httpx.get(f"{auth_mock.url}/api/health").json() == {"status": "up"}
    assert auth_mock.authority is None

def test_second_is_fresh(auth_mock):
    assert "Changed" not in [account.name for account in auth_mock.control.accounts()]
    assert auth_mock.contract.applications.keys() == {"admin", "survey"}
    assert [one.operation for one in auth_mock.control.exchanges()] == []
"""
IN_PROCESS = """
import asyncio
import httpx
import pytest
import respx

URL = "https://api.example.test"

async def chunks():
    yield b'{"email": "admin@example.com", '
    yield b'"password": "correct horse battery staple"}'

def test_a_streamed_body_and_a_query(auth_mock_in_process):
    async def work():
        async with httpx.AsyncClient() as client:
            return await client.post(f"{URL}/api/admin/auth/login?x=%20", content=chunks(), headers={"content-type": "application/json"})

    assert asyncio.run(work()).status_code == 200
    (exchange,) = auth_mock_in_process.control.exchanges()
    assert (exchange.request.path, exchange.request.query) == ("/api/admin/auth/login", "x=[redacted]")

def test_other_hosts_have_routes_or_fail(auth_mock_in_process):
    auth_mock_in_process.router.get("https://other.example/").respond(202)
    assert httpx.get("https://other.example/").status_code == 202
    for url in ("https://another.example/", "https://api.example.test.evil.example/"):
        with pytest.raises(respx.models.AllMockedAssertionError):
            httpx.get(url)

def test_a_short_delay_is_none(auth_mock_in_process):
    auth_mock_in_process.control.answer_next("GET /api/health", delay=4)
    assert httpx.get(f"{URL}/api/health", timeout=5).status_code == 200
    auth_mock_in_process.control.answer_next("GET /api/health", delay=4000)
    assert httpx.get(f"{URL}/api/health", timeout=None).status_code == 200

def test_it_ends_with_the_test():
    assert not respx.mock.routes
"""
OVERRIDDEN = """
import httpx
import pytest
from authproof_mock.seed import SeedAccount
from authproof_spec import load_contract

@pytest.fixture(scope="session")
def auth_mock_contract():
    return load_contract("small.yaml")

@pytest.fixture(scope="session")
def auth_mock_seed():
    return (SeedAccount(7, frozenset({"app"}), username="seven", password="word"),)

@pytest.fixture(scope="session")
def auth_mock_origin():
    return "http://backend:8000"

def test_both(auth_mock, auth_mock_in_process):
    login = httpx.post("http://backend:8000/login", json={"name": "seven", "word": "word"})
    assert login.status_code == 201
    assert auth_mock.contract.title == "Small"
"""


def passes(pytester: pytest.Pytester, count: int) -> None:
    # In a process of its own, as users have it, without this project's settings, and without plugins that take a second to load.
    others = [word for name in ("cacheprovider", "schemathesis", "hypothesispytest") for word in ("-p", f"no:{name}")]
    pytester.runpytest_subprocess(*others, "-W", "error").assert_outcomes(passed=count)


@pytest.mark.parametrize(("text", "count"), [(LIVE, 2), (IN_PROCESS, 4)], ids=["live", "in-process"])
def test_the_fixtures_are_there_without_any_setting(pytester: pytest.Pytester, text: str, count: int) -> None:
    pytester.makepyfile(text)
    passes(pytester, count)


def test_contract_accounts_and_origin_are_the_projects_own(pytester: pytest.Pytester) -> None:
    (pytester.path / "small.yaml").write_text(SMALL, "utf-8")
    pytester.makepyfile(OVERRIDDEN)
    passes(pytester, 1)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_the_pages_examples_work(pytester: pytest.Pytester, number: int) -> None:
    pytester.makepyfile(EXAMPLES[number])
    passes(pytester, EXAMPLES[number].count("\ndef test_"))


def test_the_plugin_costs_a_run_that_does_not_use_it_nothing() -> None:
    program = (
        "import sys, pytest; before = set(sys.modules); import authproof_mock.plugin; print(sorted(set(sys.modules) - before - {'authproof_mock'}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['authproof_mock.plugin']"
