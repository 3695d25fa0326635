"""Targets that answer with TLS and without it on one port, certified over sockets."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from authproof.certify import Certification, plan
from authproof.embedded import accounts_of
from authproof.exchange import plain_url
from authproof.profile import Profile
from authproof.verdict import Verdict
from authproof_mock.app import create_app
from authproof_mock.certificate import Certificates
from authproof_mock.seed import load_seed
from authproof_mock.server import running
from authproof_spec import Contract, load_contract

ASKED = ("TRANSPORT-01", "TRANSPORT-02", "TRANSPORT-04", "TRANSPORT-05")
"""The others read a whole run."""
CLIENT_HELLO = b"\x16"
"""The first byte of a TLS record that begins a handshake (RFC 8446 section 5.1)."""


@pytest.fixture(scope="module")
def contract() -> Contract:
    return load_contract()


@contextmanager
def one_port(secure: str, plain: str) -> Iterator[str]:
    """The URL of a port that hands TLS to the server at `secure`, and everything else to the one at `plain`."""
    done = threading.Event()

    def pipe(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def forward(client: socket.socket) -> None:
        with client:
            first = client.recv(1, socket.MSG_PEEK)
            parts = urlsplit(secure if first == CLIENT_HELLO else plain)
            with socket.create_connection((parts.hostname or "", parts.port or 0)) as server:
                back = threading.Thread(target=pipe, args=(server, client), daemon=True)
                back.start()
                pipe(client, server)
                back.join(10)

    def serve(listener: socket.socket) -> None:
        with suppress(OSError):
            while not done.is_set():
                client, _ = listener.accept()
                threading.Thread(target=forward, args=(client,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        port = listener.getsockname()[1]
        yield f"https://127.0.0.1:{port}"
        done.set()
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            pass
        thread.join(10)


def verdicts(contract: Contract, plain: ASGIApp, folder: Path) -> dict[str, Verdict]:
    """What TRANSPORT says of a mock whose port also answers without TLS, by `plain`."""
    tls = Certificates().tls("127.0.0.1")
    authority = folder / "ca.pem"
    authority.write_bytes(tls.authority)
    with ExitStack() as stack:
        secure = stack.enter_context(running(create_app(contract), tls=tls))
        url = stack.enter_context(one_port(secure, stack.enter_context(running(plain))))
        profile = Profile(url, accounts_of(contract, load_seed()), ca=authority)
        run = Certification(contract, profile, plan(contract, ASKED))
        run.run()
    return {result.requirement.id: result.verdict for result in run.report().results}


def test_an_api_that_is_served_without_tls_too(contract: Contract, tmp_path: Path) -> None:
    found = verdicts(contract, create_app(contract), tmp_path)
    assert found["TRANSPORT-01"] is Verdict.PASS
    assert found["TRANSPORT-02"] is Verdict.FAIL
    assert found["TRANSPORT-04"] is Verdict.PASS
    assert found["TRANSPORT-05"] is Verdict.PASS


async def redirecting(scope: Scope, _receive: Receive, send: Send) -> None:
    location = f"https://api.example.test{scope['path']}".encode()
    headers = [(b"location", location), (b"content-length", b"0"), (b"strict-transport-security", b"max-age=31536000")]
    await send({"type": "http.response.start", "status": 308, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def test_an_edge_that_redirects_and_promises_too_early(contract: Contract, tmp_path: Path) -> None:
    found = verdicts(contract, redirecting, tmp_path)
    assert found["TRANSPORT-02"] is Verdict.WARN
    assert found["TRANSPORT-04"] is Verdict.WARN


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("https://api.example.com", "http://api.example.com"),
        ("https://api.example.com:443/v1", "http://api.example.com/v1"),
        ("https://[::1]:8443", "http://[::1]:8443"),
        ("http://api.example.com:8080", "http://api.example.com:8080"),
    ],
)
def test_where_plain_http_would_be(url: str, plain: str) -> None:
    assert plain_url(url) == plain


@pytest.mark.parametrize(
    ("url", "is_rehearsal"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://localhost", True),
        ("http://api:8000", True),
        ("http://10.1.2.3", True),
        ("http://api.internal", True),
        ("http://[::1]:1", True),
        ("http://api.example.com", False),
        ("http://203.0.113.9", True),
        ("http://8.8.8.8", False),
    ],
)
def test_a_rehearsal_is_inside_a_machine_or_network(url: str, is_rehearsal: bool) -> None:  # noqa: FBT001
    assert Profile(url).is_rehearsal is is_rehearsal
