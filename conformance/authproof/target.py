"""The only place that talks to the target.

Requests leave as they are given: no client adds a cookie, follows a redirect, reads the environment or mends a path on the way.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from urllib.parse import urlsplit

import h11
import httpcore
import httpx

from authproof import tls
from authproof.exchange import Handshake, Request, Response, plain_url
from authproof.in_process import InProcess
from authproof.profile import Profile, ProfileError

MAXIMUM_BODY = 2_000_000
"""Bytes of a body beyond which an answer counts as endless."""
_CHUNK = 65536
_SAFE_TO_REPEAT = frozenset({"GET", "HEAD", "OPTIONS"})
_NO_ANSWER = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, httpx.HTTPError, h11.ProtocolError, OSError, ValueError)

_NO_MATTER_OF_TRUST = frozenset({9, 10, 62, 64})
"""OpenSSL's codes of certificates that no authority makes right: not yet valid, expired, for another name, for another address."""


class Unanswered(Exception):
    """No usable answer came; the message says why, and holds nothing of the request. `mend`: what may be done about it."""

    def __init__(self, why: str, mend: str = "check the URL, and that the server runs") -> None:
        """Say `why`."""
        super().__init__(why)
        self.mend = mend


class Target:
    """The target's origin. Nothing is ever sent anywhere else.

    An answer must be complete within the profile's timeout, its header and body together, and within 2 MB.
    """

    def __init__(self, profile: Profile, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """Open the target of `profile`; with a `transport` of one's own, no socket is used. Raises ProfileError when its CA file cannot be used."""
        self._profile = profile
        parts = urlsplit(profile.url)
        self._origin, self._prefix = f"{parts.scheme}://{parts.netloc}", parts.path
        self._host = parts.netloc.encode()
        self._timeout = profile.timeout
        trust = None if transport else trust_of(profile)
        self._backend = _Deadlines(profile.timeout)
        self._address = (parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80), trust if parts.scheme == "https" else None)
        # As httpcore has it: scheme, host and port, without the path, which each request brings.
        self._url = httpcore.URL(scheme=parts.scheme.encode(), host=(parts.hostname or "").encode("idna"), port=parts.port, target=b"/")
        self._pool = httpcore.ConnectionPool(
            ssl_context=trust, max_connections=16, max_keepalive_connections=8, keepalive_expiry=4, network_backend=self._backend
        )
        self._in_process = InProcess(transport, self._origin, profile.timeout) if transport else None

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()
        if self._in_process:
            self._in_process.close()

    def send(self, request: Request) -> Response:
        """Send `request` and read its answer. Raises Unanswered when there is none."""
        if request.plain and self._in_process:
            raise Unanswered("no socket is used")
        (answer,) = self._answers([request]) if self._in_process else (self._caught(request),)
        if isinstance(answer, Unanswered):
            raise answer
        return answer

    def handshake(self, version: str | None) -> Handshake:
        """Try a TLS handshake: of `version` alone, or with the versions and the verification of a careful client.

        Raises Unanswered when this target has no socket to try it on.
        """
        if self._in_process:
            raise Unanswered("no socket is used")
        context = trust_of(replace(self._profile, verify=True)) if version is None else tls.only(version)
        if not tls.can_be_offered(context):
            return Handshake(version, failure="the TLS library of this machine does not offer it", is_answer=False)
        host, port, _ = self._address
        try:
            with (
                socket.create_connection((host, port), self._timeout) as connection,
                context.wrap_socket(connection, server_hostname=host) as secure,
            ):
                return Handshake(version, secure.version())
        except (TimeoutError, ConnectionRefusedError, socket.gaierror) as error:
            return Handshake(version, failure=_words(error), is_answer=False)
        except OSError as error:
            return Handshake(version, failure=_words(error))

    def send_together(self, requests: Sequence[Request]) -> list[Response | Unanswered]:
        """Send all `requests` at the same moment, each on a connection of its own.

        Each is written but for its last byte; once the target has all of them so far, the last bytes follow in one go,
        so that neither connecting nor a busy machine keeps the requests apart.
        """
        if self._in_process:
            return self._answers(requests)
        held: list[tuple[httpcore.NetworkStream, bytes]] = []

        def release() -> None:
            self._backend.start()
            for stream, last in held:
                with suppress(*_NO_ANSWER):
                    stream.write(last)

        gate = threading.Barrier(len(requests), action=release)

        def one(request: Request) -> Response | Unanswered:
            return self._unless_unanswered(lambda: self._send_with(request, gate, held))

        with ThreadPoolExecutor(len(requests)) as pool:
            return list(pool.map(one, requests))

    def _answers(self, requests: Sequence[Request]) -> list[Response | Unanswered]:
        """The answers of the transport in this process."""
        assert self._in_process  # noqa: S101  # for the type checker: both callers have asked
        outcomes = self._in_process.send_together([(request, self._target_of(request), self._fields(request)) for request in requests])
        return [outcome if isinstance(outcome, Response) else _unanswered(outcome, self._timeout) for outcome in outcomes]

    def _caught(self, request: Request) -> Response | Unanswered:
        return self._unless_unanswered(lambda: self._send_verbatim(request) if request.verbatim or request.plain else self._send_or_repeat(request))

    def _unless_unanswered(self, send: Callable[[], Response]) -> Response | Unanswered:
        """What `send` gives within the time of one answer, or why it gives nothing."""
        self._backend.start()
        try:
            return send()
        except Unanswered as why:
            return why
        except (httpcore.TimeoutException, *_NO_ANSWER) as error:
            answer = _unanswered(error, self._timeout)
            if self._address[2] is None and isinstance(error, httpcore.RemoteProtocolError | httpcore.ReadError):
                answer.mend += "; perhaps the port wants https://"
            return answer

    def _send_or_repeat(self, request: Request) -> Response:
        try:
            return self._send(request)
        except (httpcore.ReadError, httpcore.RemoteProtocolError):
            # A kept connection may have been closed by the target just as it was used again.
            if request.method not in _SAFE_TO_REPEAT:
                raise
            return self._send(request)

    def _send(self, request: Request) -> Response:
        url = httpcore.URL(scheme=self._url.scheme, host=self._url.host, port=self._url.port, target=self._target_of(request))
        message = httpcore.Request(request.method, url, headers=self._fields(request), content=request.body or b"")
        answer = self._pool.handle_request(message)
        try:
            content = _content(answer.iter_stream())
        finally:
            answer.close()
        return _response(answer.status, answer.headers, content)

    def _fields(self, request: Request) -> list[tuple[bytes, bytes]]:
        fields = [(name.encode("latin-1"), _octets(value)) for name, value in request.headers]
        fields.append((b"Host", self._host))
        if request.body or request.method in {"POST", "PUT", "PATCH"}:
            fields.append((b"Content-Length", b"%d" % len(request.body or b"")))
        return fields

    def _send_verbatim(self, request: Request) -> Response:
        """Send the bytes of `request` on a connection of its own, also where they are not HTTP, and read the answer."""
        fields = [*request.headers]
        if not any(name.lower() == "host" for name, _ in fields):
            fields.insert(0, ("Host", self._host.decode()))
        if request.body is not None:
            fields.append(("Content-Length", str(len(request.body))))
        message = self._written(request, [(name.encode("latin-1"), _octets(value)) for name, value in fields])
        stream = self._connect(plain=request.plain)
        try:
            stream.write(message)
            return _read_answer(stream, request.method)
        finally:
            stream.close()

    def _send_with(self, request: Request, gate: threading.Barrier, held: list[tuple[httpcore.NetworkStream, bytes]]) -> Response:
        """Send `request` but for its last byte, which follows when `gate` opens what is `held`, and read the answer."""
        try:
            message = self._written(request, self._fields(request))
            stream = self._connect()
        except BaseException:
            gate.wait()  # the others do not wait for one that cannot come
            raise
        try:
            try:
                stream.write(message[:-1])
                held.append((stream, message[-1:]))
            finally:
                gate.wait()
            self._backend.start()
            return _read_answer(stream, request.method)
        finally:
            stream.close()

    def _written(self, request: Request, fields: Iterable[tuple[bytes, bytes]]) -> bytes:
        """`request` as it is written to a connection of its own."""
        head = f"{request.method} ".encode() + self._target_of(request) + b" HTTP/1.1\r\n"
        lines = b"".join(name + b":" + (b" " if value else b"") + value + b"\r\n" for name, value in fields)
        return head + lines + b"Connection: close\r\n\r\n" + (request.body or b"")

    def _connect(self, *, plain: bool = False) -> httpcore.NetworkStream:
        """A new connection to the target; `plain`: without TLS."""
        host, port, trust = self._address
        if plain:
            port, trust = urlsplit(plain_url(self._origin)).port or 80, None
        stream = self._backend.connect_tcp(host, port)
        return stream.start_tls(trust, server_hostname=host) if trust else stream

    def _target_of(self, request: Request) -> bytes:
        whole = request.target if request.target.startswith(self._origin) else self._prefix + request.target
        return _octets(whole)


class _Deadlines(httpcore.NetworkBackend):
    """Sockets whose every step ends with the deadline of the whole answer, so that a target cannot spread it over single bytes."""

    def __init__(self, seconds: float) -> None:
        self._sockets = httpcore.SyncBackend()
        self._seconds = seconds
        self._of_thread = threading.local()

    def start(self) -> None:
        """From now on this thread waits for one answer."""
        self._of_thread.deadline = time.monotonic() + self._seconds

    def left(self) -> float:
        """Seconds until the deadline of this thread. Raises httpcore.ReadTimeout when there are none."""
        seconds: float = self._of_thread.deadline - time.monotonic()
        if seconds <= 0:
            raise httpcore.ReadTimeout
        return seconds

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """A connection to the target."""
        del timeout
        return _Stream(self._sockets.connect_tcp(host, port, self.left(), local_address, socket_options), self)


class _Stream(httpcore.NetworkStream):
    """One connection under the deadlines of those who use it."""

    def __init__(self, stream: httpcore.NetworkStream, deadlines: _Deadlines) -> None:
        self._stream, self._deadlines = stream, deadlines

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        del timeout
        return self._stream.read(max_bytes, self._deadlines.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        del timeout
        self._stream.write(buffer, self._deadlines.left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None) -> httpcore.NetworkStream:
        del timeout
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, self._deadlines.left()), self._deadlines)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


def _content(chunks: Iterable[bytes]) -> bytes:
    """The whole body. Raises Unanswered when it becomes too long."""
    kept, length = [], 0
    for chunk in chunks:
        kept.append(chunk)
        length += len(chunk)
        if length > MAXIMUM_BODY:
            raise Unanswered(f"the body did not end after {MAXIMUM_BODY} bytes")
    return b"".join(kept)


def _read_answer(stream: httpcore.NetworkStream, method: str) -> Response:
    """Read one answer. h11 wants to know the request's method alone, since that tells whether there is a body."""
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method=method if method.isalpha() else "GET", target="/", headers=[("Host", "target"), ("Connection", "close")]))
    connection.send(h11.EndOfMessage())
    head: h11.Response | None = None
    kept: list[bytes] = []
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            data = stream.read(_CHUNK)
            if not data and head is None:
                raise Unanswered("the connection was closed without an answer")
            connection.receive_data(data)
        elif isinstance(event, h11.Response):
            head = event
        elif isinstance(event, h11.Data):
            kept = [_content([*kept, bytes(event.data)])]
        elif head is not None and isinstance(event, h11.EndOfMessage):
            return _response(head.status_code, list(head.headers.raw_items()), _content(kept))
        elif not isinstance(event, h11.InformationalResponse):
            raise Unanswered("the connection was closed without an answer")


def _response(status: int, fields: Sequence[tuple[bytes, bytes]], content: bytes) -> Response:
    return Response(status, tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in fields), content)


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


def _unanswered(error: Exception, seconds: float) -> Unanswered:
    """Why there was no answer, in the words of a report."""
    if isinstance(error, TimeoutError | httpcore.TimeoutException | httpx.TimeoutException):
        return Unanswered(f"no complete answer within {seconds:g} seconds")
    match error.__context__:  # httpcore raises its own error in the place of the TLS library's
        case ssl.SSLCertVerificationError() as refused if refused.verify_code in _NO_MATTER_OF_TRUST:
            mend = "give the server a valid certificate for its name; for a rehearsal, `certify --insecure`"
            return Unanswered(f"its certificate is not valid: {refused.verify_message.rstrip('.')}", mend)
        case ssl.SSLCertVerificationError() as refused:
            mend = "name who issued it, by `certify --ca FILE` or the profile's target.ca; for a rehearsal, `certify --insecure`"
            return Unanswered(f"its certificate is not trusted: {refused.verify_message.rstrip('.')}", mend)
        case ssl.SSLError(reason="WRONG_VERSION_NUMBER"):
            return Unanswered("the port answers without TLS", "give the URL with http://")
    return Unanswered(_words(error))


def _words(error: Exception) -> str:
    text = str(error).strip().rstrip(".") or type(error).__name__
    return text[0].lower() + text[1:] if text[:1].isupper() and text[1:2].islower() else text
