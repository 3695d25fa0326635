"""The only place that talks to the target.

Requests leave as they are given: no client adds a cookie, follows a redirect, reads the environment or mends a path on the way.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

import h11
import httpx

from authproof.exchange import Request, Response
from authproof.profile import Profile, ProfileError

MAXIMUM_BODY = 2_000_000
"""Bytes of a body beyond which an answer counts as endless."""
_CHUNK = 65536
_SAFE_TO_REPEAT = frozenset({"GET", "HEAD", "OPTIONS"})
_Result = TypeVar("_Result")


class Unanswered(Exception):
    """No usable answer came; the message says why, and holds nothing of the request."""


class Target:
    """The target's origin. Nothing is ever sent anywhere else.

    An answer must be complete within the profile's timeout, its header and body together, and within 2 MB.
    """

    def __init__(self, profile: Profile, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """Open the target of `profile`; with a `transport` of one's own, no socket is used. Raises ProfileError when its CA file cannot be used."""
        parts = urlsplit(profile.url)
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._prefix = parts.path
        self._timeout = profile.timeout
        self._host, self._port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        trust = trust_of(profile)
        self._tls = trust if parts.scheme == "https" else None
        self._own_transport = transport is not None
        self._transport = transport or httpx.AsyncHTTPTransport(
            verify=trust, trust_env=False, limits=httpx.Limits(max_connections=16, max_keepalive_connections=8, keepalive_expiry=4)
        )
        # A loop in a thread of its own: callers need no loop, and may have one; an interruption does not tear a request down midway.
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="authproof-target", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Close every connection."""
        if self._loop.is_running():
            self._wait_for(self._transport.aclose())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def send(self, request: Request) -> Response:
        """Send `request` and read its answer. Raises Unanswered when there is none."""
        return self._wait_for(self._answer(request))

    def send_together(self, requests: Sequence[Request]) -> list[Response | Unanswered]:
        """Send all `requests` at the same moment, each on a connection of its own."""

        async def one(request: Request) -> Response | Unanswered:
            try:
                return await self._answer(request)
            except Unanswered as why:
                return why

        async def all_of_them() -> list[Response | Unanswered]:
            return await asyncio.gather(*(one(request) for request in requests))

        return self._wait_for(all_of_them())

    def _wait_for(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except KeyboardInterrupt:
            future.cancel()
            raise

    async def _answer(self, request: Request) -> Response:
        try:
            async with asyncio.timeout(self._timeout):
                if request.verbatim and not self._own_transport:
                    return await self._send_verbatim(request)
                try:
                    return await self._send(request)
                except (httpx.ReadError, httpx.RemoteProtocolError):
                    # A kept connection may have been closed by the target just as it was used again.
                    if request.method not in _SAFE_TO_REPEAT:
                        raise
                    return await self._send(request)
        except (TimeoutError, httpx.TimeoutException) as error:
            raise Unanswered(f"no complete answer within {self._timeout:g} seconds") from error
        except (httpx.HTTPError, httpx.InvalidURL, h11.ProtocolError, OSError, ValueError) as error:
            raise Unanswered(_words(error)) from error

    async def _send(self, request: Request) -> Response:
        body = request.body or b""
        fields = [(name.encode("latin-1"), _octets(value)) for name, value in request.headers]
        fields.append((b"Host", urlsplit(self._origin).netloc.encode()))
        if body or request.method in {"POST", "PUT", "PATCH"}:
            fields.append((b"Content-Length", b"%d" % len(body)))
        seconds = dict.fromkeys(("connect", "read", "write", "pool"), self._timeout)
        message = httpx.Request(request.method, self._origin, headers=fields, stream=httpx.ByteStream(body))
        # httpx would write the path in its normal form; this one is sent as it is.
        message.extensions = {"target": self._target_of(request), "timeout": seconds}
        answer = await self._transport.handle_async_request(message)
        try:
            content = _Content()
            async for chunk in answer.aiter_raw():
                content.add(chunk)
        finally:
            await answer.aclose()
        return _response(answer.status_code, answer.headers.raw, content)

    async def _send_verbatim(self, request: Request) -> Response:
        """Send the bytes of `request` on a connection of its own, also where they are not HTTP, and read the answer."""
        fields = [*request.headers]
        if not any(name.lower() == "host" for name, _ in fields):
            fields.insert(0, ("Host", urlsplit(self._origin).netloc))
        if request.body is not None:
            fields.append(("Content-Length", str(len(request.body))))
        head = f"{request.method} ".encode() + self._target_of(request) + b" HTTP/1.1\r\n"
        lines = b"".join(name.encode("latin-1") + b":" + (b" " if value else b"") + _octets(value) + b"\r\n" for name, value in fields)
        reader, writer = await asyncio.open_connection(self._host, self._port, ssl=self._tls)
        try:
            writer.write(head + lines + b"Connection: close\r\n\r\n" + (request.body or b""))
            await writer.drain()
            return await _read_answer(reader, request.method)
        finally:
            writer.close()

    def _target_of(self, request: Request) -> bytes:
        whole = request.target if request.target.startswith(self._origin) else self._prefix + request.target
        return _octets(whole)


class _Content:
    """The body of an answer as it arrives. Raises Unanswered when it becomes too long."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []
        self._length = 0

    def add(self, chunk: bytes) -> None:
        self._chunks.append(chunk)
        self._length += len(chunk)
        if self._length > MAXIMUM_BODY:
            raise Unanswered(f"the body did not end after {MAXIMUM_BODY} bytes")

    def __bytes__(self) -> bytes:
        return b"".join(self._chunks)


async def _read_answer(reader: asyncio.StreamReader, method: str) -> Response:
    """Read one answer. h11 wants to know the request's method alone, since that tells whether there is a body."""
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method=method if method.isalpha() else "GET", target="/", headers=[("Host", "target"), ("Connection", "close")]))
    connection.send(h11.EndOfMessage())
    head: h11.Response | None = None
    content = _Content()
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(_CHUNK))
        elif isinstance(event, h11.Response):
            head = event
        elif isinstance(event, h11.Data):
            content.add(bytes(event.data))
        elif head is not None and isinstance(event, h11.EndOfMessage):
            return _response(head.status_code, list(head.headers.raw_items()), content)
        elif not isinstance(event, h11.InformationalResponse):
            raise Unanswered("the connection was closed without an answer")


def _response(status: int, fields: Sequence[tuple[bytes, bytes]], content: _Content) -> Response:
    return Response(status, tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in fields), bytes(content))


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def trust_of(profile: Profile) -> ssl.SSLContext:
    """What the target's certificate is verified with. Raises ProfileError when the CA file cannot be used."""
    try:
        context = ssl.create_default_context(cafile=str(profile.ca) if profile.ca else None)
    except (OSError, ssl.SSLError) as error:
        raise ProfileError(f"{profile.ca} cannot be used as a list of certificate authorities. Mend: give a PEM file.") from error
    if not profile.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _words(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text[0].lower() + text[1:] if text[:1].isupper() and text[1:2].islower() else text
