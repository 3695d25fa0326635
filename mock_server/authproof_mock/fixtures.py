"""Mocks for tests: behind a socket, or in place of the transport of every httpx client."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import respx

from authproof_mock.backend import Backend
from authproof_mock.control import Control
from authproof_mock.http import Call
from authproof_mock.seed import SeedAccount
from authproof_mock.server import running_mock
from authproof_spec import Contract


@dataclass(frozen=True, slots=True)
class AuthMock:
    """A mock, and how to reach it.

    url: its origin. accounts: those that it started with, their secrets readable. authority: over TLS, the file of the certificate to trust.
    router: in process, what answers every httpx client; other hosts may be given routes of their own.
    """

    url: str
    contract: Contract
    accounts: tuple[SeedAccount, ...] = field(repr=False)
    control: Control
    authority: Path | None = None
    router: respx.MockRouter | None = None


@contextmanager
def served(contract: Contract, accounts: Sequence[SeedAccount], tls_folder: Path | None = None) -> Iterator[AuthMock]:
    """A mock on a free port of 127.0.0.1, over TLS when `tls_folder` says where its certificate goes."""
    tls, authority = None, None
    if tls_folder:
        from authproof_mock.certificate import Certificates

        tls, authority = Certificates().tls("127.0.0.1"), tls_folder / "authproof-ca.pem"
        authority.write_bytes(tls.authority)
    with running_mock(contract, seed=accounts, tls=tls) as (url, backend):
        yield AuthMock(url, contract, tuple(accounts), Control(backend), authority=authority)


@contextmanager
def in_process(contract: Contract, accounts: Sequence[SeedAccount], origin: str) -> Iterator[AuthMock]:
    """A mock that every httpx client of this process meets at `origin`. What another host is asked is an error unless it has a route."""
    backend = Backend(contract, seed=accounts)
    with respx.mock(assert_all_called=False) as router:
        router.route(url__startswith=f"{origin}/").mock(side_effect=_Answering(backend))
        yield AuthMock(origin, contract, tuple(accounts), Control(backend), router=router)


class _Answering:
    """Answers an httpx request. It does not wait: a delay that the client would not bear is its timeout, any other is none."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path, _, query = request.url.raw_path.decode("ascii").partition("?")
        headers = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in request.headers.raw]
        answer = self._backend.handle(Call(request.method, path, query, headers, request.content))
        patience = request.extensions.get("timeout", {}).get("read")
        if patience is not None and answer.delay > patience:
            raise httpx.ReadTimeout("The answer is late.", request=request)
        return httpx.Response(answer.status, headers=list(answer.headers), content=answer.body)
