"""A mock in this process, spoken to by an ordinary HTTP client. Time stands still unless a test moves it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import yaml
from hypothesis import settings

from authproof_mock.accounts import Accounts
from authproof_mock.backend import Backend
from authproof_mock.clock import Clock
from authproof_mock.http import Call
from authproof_spec import Contract, load_contract

# The same examples on every run: a failure here is a failure anywhere.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")

NOW = 1_800_000_000.0
PASSWORD = "correct horse battery staple"


class BackendTransport(httpx.BaseTransport):
    """Hands requests to a backend, and its answers back."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path, _, query = request.url.raw_path.decode("ascii").partition("?")
        headers = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in request.headers.raw]
        answer = self._backend.handle(Call(request.method, path, query, headers, request.read()))
        return httpx.Response(answer.status, headers=list(answer.headers), content=answer.body)


def client_of(backend: Backend) -> httpx.Client:
    """A client that keeps no cookies: each test says what it sends."""
    jar = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    return httpx.Client(transport=BackendTransport(backend), base_url="https://api.example.test", cookies=jar)


@pytest.fixture(scope="session")
def contract() -> Contract:
    return load_contract()


@pytest.fixture
def clock() -> Clock:
    return Clock(lambda: NOW)


@pytest.fixture
def backend(contract: Contract, clock: Clock) -> Backend:
    return Backend(contract, clock=clock)


@pytest.fixture
def client(backend: Backend) -> Iterator[httpx.Client]:
    with client_of(backend) as client:
        yield client


@pytest.fixture
def log_in(client: httpx.Client) -> Callable[..., httpx.Response]:
    """Log in to the admin application."""

    def send(email: str = "admin@example.com", password: str = PASSWORD) -> httpx.Response:
        return client.post("/api/admin/auth/login", json={"email": email, "password": password})

    return send


@pytest.fixture
def bearer(log_in: Callable[..., httpx.Response]) -> Callable[..., dict[str, str]]:
    """The Authorization header of a fresh login to the admin application."""
    return lambda email="admin@example.com": {"authorization": f"Bearer {log_in(email).json()['accessToken']}"}


@pytest.fixture
def respondent(client: httpx.Client) -> dict[str, str]:
    """The Authorization header of a respondent of the survey `breakfast`."""
    answer = client.post("/api/auth/login", json={"email": "respondent@example.com", "password": PASSWORD, "survey": "breakfast"})
    return {"authorization": f"Bearer {answer.json()['accessToken']}"}


@pytest.fixture
def edited(contract: Contract, tmp_path: Path) -> Callable[[Callable[[Any], None]], Contract]:
    """The contract of the bundled document after a change of its tree, read from a file as a user's would be."""

    def edit(change: Callable[[Any], None]) -> Contract:
        tree = copy.deepcopy(cast("Mapping[str, Any]", contract.document.root))
        change(tree)
        path = tmp_path / "openapi.yaml"
        path.write_text(yaml.safe_dump(tree), "utf-8")
        return load_contract(path)

    return edit


@pytest.fixture
def accounts(backend: Backend) -> Accounts:
    return backend.accounts
