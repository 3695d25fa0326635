"""The mock behind a socket: as a program's main work, or beside it in a thread."""

from __future__ import annotations

import errno
import ipaddress
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from email.utils import formatdate

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from authproof_mock.app import app_of
from authproof_mock.backend import Backend
from authproof_mock.certificate import Tls
from authproof_mock.clock import Clock
from authproof_mock.parts import Parts
from authproof_mock.redaction import without_tokens
from authproof_mock.seed import SeedAccount
from authproof_spec import load_contract
from authproof_spec.contract import Contract

_STOPS = (signal.SIGINT, signal.SIGTERM)
_GRACE = 1
"""Seconds that calls in progress have to end in when the server stops."""


class AddressError(Exception):
    """An address that cannot be listened on; the text says why, and how to mend it."""


def serve(
    app: ASGIApp,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    tls: Tls | None = None,
    log_level: str = "warning",
    clock: Clock | None = None,
    started: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve `app` until SIGINT or SIGTERM comes, and return. Of the main thread only.

    port: 0 for a free one. clock: the time that the header Date tells, the real one when None. log_level: `info` and below also log each call, without its query, on standard error.
    started: told the base URL once the server listens. Raises AddressError.
    """
    logging.basicConfig(level=log_level.upper(), format="%(levelname)s: %(message)s")
    logging.getLogger("uvicorn.access").addFilter(_without_secrets)
    with listen(host, port) as listener:
        url = _base_url(listener, host, tls)
        server = _Server(_config(app, tls, clock, log_level=log_level), lambda: started(url))
        with _stopped_by_signals(server):
            server.run(sockets=[listener])


@contextmanager
def running(app: ASGIApp, *, host: str = "127.0.0.1", port: int = 0, tls: Tls | None = None, clock: Clock | None = None) -> Iterator[str]:
    """The base URL of `app`, served by a thread. Port 0 is a free one; `clock` as for `serve`. Raises AddressError.

    It logs errors alone: whoever runs a server in his own process knows what he sends.
    """
    started = threading.Event()
    with listen(host, port) as listener:
        server = _Server(_config(app, tls, clock, log_level="error", access_log=False), started.set)

        def run() -> None:
            try:
                server.run(sockets=[listener])
            finally:
                started.set()

        thread = threading.Thread(target=run, name="authproof-mock", daemon=True)
        thread.start()
        started.wait()
        try:
            yield _base_url(listener, host, tls)
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def running_mock(
    contract: Contract | None = None,
    *,
    seed: Iterable[SeedAccount] | None = None,
    clock: Clock | None = None,
    signing_key: str | None = None,
    cors_origins: Sequence[str] = (),
    parts: Parts = Parts(),  # noqa: B008  # frozen
    tls: Tls | None = None,
) -> Iterator[tuple[str, Backend]]:
    """Base URL and backend of a mock of `contract`, the bundled one when None, on a free port of 127.0.0.1. Arguments as those of Backend."""
    backend = Backend(contract or load_contract(), seed=seed, clock=clock, signing_key=signing_key, cors_origins=cors_origins, parts=parts)
    with running(app_of(backend), tls=tls, clock=backend.clock) as url:
        yield url, backend


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens already, so that a client may connect at once. Raises AddressError."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except (OSError, UnicodeError) as error:
        raise AddressError(f"The host {host!r} is not known. Mend: give an address of this machine, such as 127.0.0.1.") from error
    listener = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":
            # A port whose last connections are still closing is free; elsewhere the option means a port that two share.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen()
    except (OSError, OverflowError) as error:
        listener.close()
        raise AddressError(_why_not(error, host, port)) from error
    return listener


def is_loopback(host: str) -> bool:
    """True when nobody but this machine's own programs gets at what listens on `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _why_not(error: Exception, host: str, port: int) -> str:
    match getattr(error, "errno", None):
        case errno.EADDRINUSE:
            return f"Port {port} of {host} is in use. Mend: stop the program that has it, or give another port; 0 takes a free one."
        case errno.EADDRNOTAVAIL:
            return f"{host} is no address of this machine. Mend: give one that is, such as 127.0.0.1."
        case errno.EACCES:
            return f"Port {port} of {host} is not allowed to this user. Mend: give a port from 1024 on; 0 takes a free one."
        case _:
            return f"Port {port} of {host} cannot be listened on: {error}. Mend: give another host or port."


class _Server(uvicorn.Server):
    """Tells when it listens."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._tell = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._tell()


class _Dated:
    """Tells the time of `clock` in each answer (RFC 9110 section 6.6.1), so that a client finds one time in tokens, cookies and Date."""

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self._app = app
        self._clock = clock
        self._told = -1, b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"date", self._date())]
            await send(message)

        await self._app(scope, receive, dated)

    def _date(self) -> bytes:
        now = int(self._clock.now())
        if now != self._told[0]:
            self._told = now, formatdate(now, usegmt=True).encode("ascii")
        return self._told[1]


def _config(app: ASGIApp, tls: Tls | None, clock: Clock | None, *, log_level: str | None = None, access_log: bool = True) -> uvicorn.Config:
    config = uvicorn.Config(
        _Dated(app, clock or Clock()),
        interface="asgi3",
        lifespan="off",
        ws="none",
        proxy_headers=False,
        server_header=False,
        date_header=False,
        log_config=None,
        log_level=log_level,
        access_log=access_log,
        timeout_graceful_shutdown=_GRACE,
    )
    config.load()
    # uvicorn would want files, and a private key is not to lie about.
    config.ssl = tls.context if tls else None
    return config


def _base_url(listener: socket.socket, host: str, tls: Tls | None) -> str:
    port = listener.getsockname()[1]
    # No client can connect to "every address".
    name = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # it is read here, not listened on
    return f"{'https' if tls else 'http'}://{f'[{name}]' if ':' in name else name}:{port}"


@contextmanager
def _stopped_by_signals(server: uvicorn.Server) -> Iterator[None]:
    """Uvicorn ends well on a signal and then raises it again, for whoever handled it before: here somebody who is content with that."""

    def stop(*_: object) -> None:
        server.should_exit = True

    before = {number: signal.signal(number, stop) for number in _STOPS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _without_secrets(record: logging.LogRecord) -> bool:
    """Take the query, and whatever looks like a token, out of a line of uvicorn's access log."""
    if isinstance(record.args, tuple):
        record.args = tuple(without_tokens(part.partition("?")[0]) if isinstance(part, str) else part for part in record.args)
    return True
