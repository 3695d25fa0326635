from __future__ import annotations

import asyncio
import logging
import signal
import socket
import ssl
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from time import monotonic
from urllib.parse import urlsplit

import httpx
import pytest

from authproof_mock.app import create_app
from authproof_mock.certificate import Certificates
from authproof_mock.clock import Clock
from authproof_mock.server import AddressError, listen, running, running_mock, serve
from authproof_spec import Contract

PASSWORD = "correct horse battery staple"


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    yield
    for filter_ in list(logging.getLogger("uvicorn.access").filters):
        logging.getLogger("uvicorn.access").removeFilter(filter_)


def test_running_mock_answers_at_its_url_and_shares_its_backend(contract: Contract) -> None:
    with running_mock(contract) as (url, backend):
        answer = httpx.post(f"{url}/api/admin/auth/login", json={"email": "admin@example.com", "password": PASSWORD})
        assert answer.status_code == 200
        assert len(backend.sessions.list()) == 1
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/api/health")


def test_running_mock_without_arguments_is_one_of_the_bundled_document() -> None:
    with running_mock() as (url, _):
        assert httpx.get(f"{url}/api/health").json() == {"status": "up"}


def test_the_date_is_that_of_the_mocks_clock(contract: Contract) -> None:
    with running_mock(contract, clock=Clock(lambda: 1_800_000_000.5)) as (url, backend):
        assert httpx.get(f"{url}/api/health").headers.get_list("date") == ["Fri, 15 Jan 2027 08:00:00 GMT"]
        backend.clock.advance(60)
        assert httpx.get(f"{url}/nowhere").headers.get_list("date") == ["Fri, 15 Jan 2027 08:01:00 GMT"]


def test_head_tells_what_get_would(contract: Contract) -> None:
    with running_mock(contract, clock=Clock(lambda: 1_800_000_000.5)) as (url, _):
        get, head = httpx.get(f"{url}/api/admin/user"), httpx.head(f"{url}/api/admin/user")
    assert (head.status_code, head.content) == (401, b"")
    assert sorted(head.headers.multi_items()) == sorted(get.headers.multi_items())


def test_no_header_names_the_server(contract: Contract) -> None:
    with running_mock(contract) as (url, _):
        assert "server" not in httpx.get(f"{url}/api/health").headers


def test_two_run_beside_each_other_and_leave_no_thread(contract: Contract) -> None:
    threads = set(threading.enumerate())
    with running_mock(contract) as (first, _), running_mock(contract) as (second, _):
        assert first != second
        assert {httpx.get(f"{url}/api/health").status_code for url in (first, second)} == {200}
    assert set(threading.enumerate()) == threads


def test_an_idle_connection_does_not_hold_the_end_up(contract: Contract) -> None:
    with running_mock(contract) as (url, _):
        connection = HTTPConnection(urlsplit(url).netloc)
        connection.request("GET", "/api/health")
        connection.getresponse().read()
        before = monotonic()
    assert monotonic() - before < 1
    connection.close()


def test_a_call_that_never_ends_does_not_hold_the_end_up_for_long(caplog: pytest.LogCaptureFixture) -> None:
    entered = threading.Event()

    async def stuck(_scope: object, _receive: object, _send: object) -> None:
        entered.set()
        await asyncio.Event().wait()

    with running(stuck) as url:
        connection = HTTPConnection(urlsplit(url).netloc)
        connection.request("GET", "/")
        assert entered.wait(5)
        before = monotonic()
    assert monotonic() - before < 3
    connection.close()
    caplog.clear()


def test_tls_is_trusted_by_the_certificate_of_its_authority(contract: Contract) -> None:
    tls = Certificates().tls("mock.example.test")
    client_context = ssl.create_default_context(cadata=tls.authority.decode())
    with running(create_app(contract), tls=tls) as url:
        assert url.startswith("https://127.0.0.1:")
        port = urlsplit(url).port
        for name in ("127.0.0.1", "localhost"):
            assert httpx.get(f"https://{name}:{port}/api/health", verify=client_context).status_code == 200
        with socket.create_connection(("127.0.0.1", port)) as plain, client_context.wrap_socket(plain, server_hostname="mock.example.test") as secure:
            assert secure.version() in {"TLSv1.2", "TLSv1.3"}
            certificate = secure.getpeercert() or {}
            times = [ssl.cert_time_to_seconds(str(certificate[name])) for name in ("notBefore", "notAfter")]
            # What browsers take, at most 398 days of which some are past.
            assert times[1] - times[0] < 398 * 86_400
        with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
            httpx.get(f"{url}/api/health")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_returns_on_a_signal_and_puts_the_handlers_back(contract: Contract, number: signal.Signals) -> None:
    handlers = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    seen = []

    def started(url: str) -> None:
        seen.append(url)
        signal.raise_signal(number)

    serve(create_app(contract), started=started)
    assert len(seen) == 1
    assert seen[0].startswith("http://127.0.0.1:")
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == handlers


def test_the_access_log_has_neither_query_nor_token(contract: Contract, caplog: pytest.LogCaptureFixture) -> None:
    def started(url: str) -> None:
        def call() -> None:
            httpx.get(f"{url}/api/eyJhbGciOiJIUzI1NiJ9.e30.c2ln?token=hunter2")
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)

        threading.Thread(target=call, daemon=True).start()

    serve(create_app(contract), log_level="info", started=started)
    logging.getLogger("uvicorn.access").setLevel(logging.NOTSET)
    (line,) = [record.getMessage() for record in caplog.records if record.name == "uvicorn.access"]
    assert line.endswith('"GET /api/[redacted] HTTP/1.1" 404')


def test_a_port_in_use_is_told_with_its_mend() -> None:
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(AddressError, match=f"Port {port} of 127.0.0.1 is in use. Mend: "):
            listen("127.0.0.1", port)


@pytest.mark.parametrize(
    ("host", "message"),
    [("no.such.host.invalid", "is not known"), ("\udcff", "is not known"), ("a" * 80, "is not known"), ("192.0.2.1", "no address of this machine")],
)
def test_a_host_that_is_not_of_this_machine_is_told_with_its_mend(host: str, message: str) -> None:
    with pytest.raises(AddressError, match=f"{message}.* Mend: "):
        listen(host, 0)


@pytest.mark.parametrize(("host", "start"), [("0.0.0.0", "http://127.0.0.1:"), ("localhost", "http://localhost:"), ("::1", "http://[::1]:")])
def test_the_url_is_one_that_a_client_can_use(contract: Contract, host: str, start: str) -> None:
    with running(create_app(contract), host=host) as url:
        assert url.startswith(start)
        assert httpx.get(f"{url}/api/health").status_code == 200
