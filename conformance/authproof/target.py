"""The only place that talks to the target.

Requests leave as they are given: no client adds a cookie, follows a redirect, reads the environment or mends a path on the way.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from urllib.parse import urlsplit

import h11
import httpx

from authproof import tls
from authproof.connection import Address, Closed, Connection, Unanswered
from authproof.exchange import Handshake, Request, Response, plain_url
from authproof.in_process import InProcess
from authproof.profile import Profile, ProfileError

_SAFE_TO_REPEAT = frozenset({"GET", "HEAD", "OPTIONS"})
_NO_ANSWER = (h11.ProtocolError, OSError, ValueError)

_NO_MATTER_OF_TRUST = frozenset({9, 10, 62, 64})
"""OpenSSL's codes of certificates that no authority makes right: not yet valid, expired, for another name, for another address."""


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
        self._address = Address(
            parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80), trust if parts.scheme == "https" else None
        )
        self._kept: Connection | None = None
        self._closes = False
        self._in_process = InProcess(transport, self._origin, profile.timeout) if transport else None

    def close(self) -> None:
        """Close every connection."""
        self._hang_up()
        if self._in_process:
            self._in_process.close()

    def send(self, request: Request, meanwhile: Callable[[], None] = lambda: None) -> Response:
        """Send `request` and read its answer; `meanwhile` is done while the target works on it, or before. Raises Unanswered when there is none."""
        if not (self._in_process or request.verbatim or request.plain):
            return _given(self._unless_unanswered(lambda: self._send(request, meanwhile)))
        meanwhile()
        if not self._in_process:
            return _given(self._unless_unanswered(lambda: self._send_verbatim(request)))
        if request.plain:
            raise Unanswered("no socket is used")
        return _given(*self._answers([request]))

    def handshake(self, version: str | None) -> Handshake:
        """Try a TLS handshake: of `version` alone, or with the versions and the verification of a careful client.

        Raises Unanswered when this target has no socket to try it on.
        """
        if self._in_process:
            raise Unanswered("no socket is used")
        context = trust_of(replace(self._profile, verify=True)) if version is None else tls.only(version)
        if not tls.can_be_offered(context):
            return Handshake(version, failure="the TLS library of this machine does not offer it", is_answer=False)
        try:
            with (
                socket.create_connection(self._address[:2], self._timeout) as connection,
                context.wrap_socket(connection, server_hostname=self._address.host) as secure,
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
        held: list[tuple[Connection, bytes]] = []

        def release() -> None:
            for connection, last in held:
                connection.start()
                with suppress(*_NO_ANSWER):
                    connection.write(last)

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

    def _unless_unanswered(self, send: Callable[[], Response]) -> Response | Unanswered:
        """What `send` gives, or why it gives nothing."""
        try:
            return send()
        except (Unanswered, *_NO_ANSWER) as error:
            answer = error if isinstance(error, Unanswered) else _unanswered(error, self._timeout)
            if self._address.trust is None and isinstance(error, Closed | h11.RemoteProtocolError | ConnectionResetError):
                answer.mend += "; perhaps the port wants https://"
            return answer

    def _send(self, request: Request, meanwhile: Callable[[], None]) -> Response:
        message = (request.method, self._target_of(request), self._fields(request), request.body or b"", meanwhile)
        kept = self._kept if self._kept and self._kept.is_free() else None
        if self._kept and not kept and self._kept.was_closed():
            self._closes = True
        # Who closes connections without a word may do so just now, so what may not be sent twice gets a new one.
        if kept and (request.method in _SAFE_TO_REPEAT or not self._closes):
            kept.start()
            try:
                return kept.ask(*message)
            except (Closed, ConnectionError):
                # The target may have closed the connection just as it was used again.
                self._closes = True
                if request.method not in _SAFE_TO_REPEAT:
                    raise
        self._hang_up()
        self._kept = Connection(self._address, self._timeout)
        return self._kept.ask(*message)

    def _hang_up(self) -> None:
        kept, self._kept = self._kept, None
        if kept:
            kept.close()

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
        connection = Connection(self._plain_address() if request.plain else self._address, self._timeout)
        try:
            connection.write(message)
            return connection.read_answer(request.method)
        finally:
            connection.close()

    def _send_with(self, request: Request, gate: threading.Barrier, held: list[tuple[Connection, bytes]]) -> Response:
        """Send `request` but for its last byte, which follows when `gate` opens what is `held`, and read the answer."""
        try:
            message = self._written(request, self._fields(request))
            connection = Connection(self._address, self._timeout)
        except BaseException:
            gate.wait()  # the others do not wait for one that cannot come
            raise
        try:
            try:
                connection.write(message[:-1])
                held.append((connection, message[-1:]))
            finally:
                gate.wait()
            return connection.read_answer(request.method)
        finally:
            connection.close()

    def _written(self, request: Request, fields: Iterable[tuple[bytes, bytes]]) -> bytes:
        """`request` as it is written to a connection of its own."""
        head = f"{request.method} ".encode() + self._target_of(request) + b" HTTP/1.1\r\n"
        lines = b"".join(name + b":" + (b" " if value else b"") + value + b"\r\n" for name, value in fields)
        return head + lines + b"Connection: close\r\n\r\n" + (request.body or b"")

    def _plain_address(self) -> Address:
        """Where the target's host would listen without TLS."""
        return Address(self._address.host, urlsplit(plain_url(self._origin)).port or 80, None)

    def _target_of(self, request: Request) -> bytes:
        whole = request.target if request.target.startswith(self._origin) else self._prefix + request.target
        return _octets(whole)


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _given(answer: Response | Unanswered) -> Response:
    if isinstance(answer, Unanswered):
        raise answer
    return answer


def trust_of(profile: Profile) -> ssl.SSLContext:
    """What the target's certificate is verified with. Raises ProfileError when the CA file cannot be used."""
    try:
        context = ssl.create_default_context(cafile=str(profile.ca) if profile.ca else None)
    except (OSError, ssl.SSLError) as error:
        raise ProfileError(f"{profile.ca} cannot be used as a list of certificate authorities. Mend: give a PEM file.") from error
    context.set_alpn_protocols(["http/1.1"])
    if not profile.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _unanswered(error: Exception, seconds: float) -> Unanswered:
    """Why there was no answer, in the words of a report."""
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        return Unanswered(f"no complete answer within {seconds:g} seconds")
    match error:
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
