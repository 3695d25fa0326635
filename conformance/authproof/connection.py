"""One HTTP/1.1 connection to the target: bytes are written to it as they are, and answers are read by h11."""

from __future__ import annotations

import selectors
import socket
import ssl
import time
from collections.abc import Callable
from typing import NamedTuple

import h11

from authproof.exchange import Response

MAXIMUM_BODY = 2_000_000
"""Bytes of a body beyond which an answer counts as endless."""
_LONGEST_HEAD = 100_000
_CHUNK = 65536
_KEPT_FOR = 4.0
"""Seconds for which a connection is used again; many servers close it after five."""
_CLOSED = "the connection was closed without an answer"


class Unanswered(Exception):
    """No usable answer came; the message says why, and holds nothing of the request. `mend`: what may be done about it."""

    def __init__(self, why: str, mend: str = "check the URL, and that the server runs") -> None:
        """Say `why`."""
        super().__init__(why)
        self.mend = mend


class Closed(Unanswered):
    """The connection ended before anything of an answer came."""


class Address(NamedTuple):
    """Where the target listens. `trust`: what its certificate is verified with; None where it speaks without TLS."""

    host: str
    port: int
    trust: ssl.SSLContext | None


class Connection:
    """A connection on which each answer must be complete within `timeout` seconds, so that a target cannot spread it over single bytes.

    The time of the first answer begins with the connecting.
    """

    def __init__(self, address: Address, timeout: float) -> None:
        """Connect. Raises OSError, ssl.SSLError among them, or ValueError for a host that has no spelling in DNS."""
        self._timeout = timeout
        self.start()
        self._socket = socket.create_connection((address.host, address.port), timeout)
        self._watch = selectors.DefaultSelector()
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if address.trust:
                self._socket.settimeout(self._left())
                self._socket = address.trust.wrap_socket(self._socket, server_hostname=address.host)
            self._watch.register(self._socket, selectors.EVENT_READ)
        except BaseException:
            self.close()
            raise
        self._http = h11.Connection(h11.CLIENT, _LONGEST_HEAD)
        self._used = time.monotonic()

    def start(self) -> None:
        """From now on one answer is waited for."""
        self._deadline = time.monotonic() + self._timeout

    def close(self) -> None:
        """Close it."""
        self._watch.close()
        self._socket.close()

    def is_free(self) -> bool:
        """True when another request may be written to it: the last answer was complete, is not long ago, and nothing came after it, an end neither."""
        if self._http.our_state is not h11.IDLE or self._http.trailing_data[0] or time.monotonic() - self._used > _KEPT_FOR:
            return False
        return not self._watch.select(0)

    def was_closed(self) -> bool:
        """True when the target ended it, or sent what nobody asked for, after an answer that did not tell so."""
        return self._http.our_state is h11.IDLE and bool(self._watch.select(0))

    def write(self, data: bytes) -> None:
        """Write `data`. Where the target does not want it any more, its answer tells why."""
        self._socket.settimeout(self._left())
        try:
            self._socket.sendall(data)
        except TimeoutError:
            raise
        except OSError:
            return

    def ask(self, method: str, target: bytes, fields: list[tuple[bytes, bytes]], body: bytes, meanwhile: Callable[[], None]) -> Response:
        """Write a request, do something `meanwhile`, and read the answer. Raises Unanswered, h11.ProtocolError or OSError."""
        request = h11.Request(method=method, target=target, headers=fields)
        events = (request, h11.Data(body), h11.EndOfMessage()) if body else (request, h11.EndOfMessage())
        self.write(b"".join(self._http.send(event) or b"" for event in events))
        meanwhile()
        self.start()
        answer = self._read(self._http)
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
            self._used = time.monotonic()
        return answer

    def read_answer(self, method: str) -> Response:
        """Read the answer to what was written. h11 wants to know the request's method alone, since that tells whether there is a body."""
        http = h11.Connection(h11.CLIENT, _LONGEST_HEAD)
        http.send(h11.Request(method=method if method.isalpha() else "GET", target="/", headers=[("Host", "target"), ("Connection", "close")]))
        http.send(h11.EndOfMessage())
        return self._read(http)

    def _read(self, http: h11.Connection) -> Response:
        """Read the answer that `http` waits for. Raises Unanswered, h11.ProtocolError or OSError."""
        head: h11.Response | None = None
        body: list[bytes] = []
        length = 0
        while True:
            event = http.next_event()
            if event is h11.NEED_DATA:
                data = self._received()
                if not data and head is None:
                    raise (Unanswered if http.trailing_data[0] else Closed)(_CLOSED)
                http.receive_data(data)
            elif isinstance(event, h11.Data):
                body.append(bytes(event.data))
                length += len(event.data)
                if length > MAXIMUM_BODY:
                    raise Unanswered(f"the body did not end after {MAXIMUM_BODY} bytes")
            elif isinstance(event, h11.Response):
                head = event
            elif head is not None and isinstance(event, h11.EndOfMessage):
                fields = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers.raw_items())
                return Response(head.status_code, fields, b"".join(body))
            elif not isinstance(event, h11.InformationalResponse):
                raise Unanswered(_CLOSED)

    def _received(self) -> bytes:
        self._socket.settimeout(self._left())
        return self._socket.recv(_CHUNK)

    def _left(self) -> float:
        """Seconds until the deadline. Raises TimeoutError when there are none."""
        seconds = self._deadline - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds
