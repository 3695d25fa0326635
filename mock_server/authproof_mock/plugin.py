"""pytest fixtures: a mock for a project's own tests, behind a socket or in place of httpx's transport.

This module is imported in every pytest run of its host, so it imports nothing of ours before a fixture is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from authproof_mock.fixtures import AuthMock
    from authproof_mock.seed import SeedAccount
    from authproof_spec import Contract


@pytest.fixture(scope="session")
def auth_mock_contract() -> Contract:
    """The contract of the mocks: that of the bundled document. Override it with a `load_contract` of your own."""
    from authproof_spec import load_contract

    return load_contract()


@pytest.fixture(scope="session")
def auth_mock_seed(auth_mock_contract: Contract) -> tuple[SeedAccount, ...]:
    """The accounts of a fresh mock: those that suit its contract. Override it with a `load_seed` of your own."""
    from authproof_mock.made_accounts import seed_for

    return seed_for(auth_mock_contract)


@pytest.fixture(scope="session")
def auth_mock_tls() -> bool:
    """Whether `auth_mock` serves https. Override it to have clients that send Secure cookies over https alone."""
    return False


@pytest.fixture(scope="session")
def auth_mock_origin() -> str:
    """Where code under test finds the mock of `auth_mock_in_process`. Override it with the origin that your code calls."""
    return "https://api.example.test"


@pytest.fixture
def auth_mock(auth_mock_contract: Contract, auth_mock_seed: tuple[SeedAccount, ...], *, auth_mock_tls: bool, tmp_path: Path) -> Iterator[AuthMock]:
    """A fresh mock on a free port of 127.0.0.1: its `url`, `contract`, `accounts` and `control`."""
    from authproof_mock.fixtures import served

    with served(auth_mock_contract, auth_mock_seed, tmp_path if auth_mock_tls else None) as mock:
        yield mock


@pytest.fixture
def auth_mock_in_process(auth_mock_contract: Contract, auth_mock_seed: tuple[SeedAccount, ...], auth_mock_origin: str) -> Iterator[AuthMock]:
    """A fresh mock that every httpx client, synchronous or not, meets at `auth_mock_origin` without a socket."""
    from authproof_mock.fixtures import in_process

    with in_process(auth_mock_contract, auth_mock_seed, auth_mock_origin) as mock:
        yield mock
