"""A server that hands each request, as it came, to a function that may answer it with whatever bytes it likes."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Connection:
    """One connection with a request on it. `elsewhere` is the URL of another origin, which nobody has a reason to visit."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    elsewhere: str = ""
    head: bytes = b""
    body: bytes = b""

    @property
    def method(self) -> str:
        """The request's method."""
        return self.head.partition(b" ")[0].decode("latin-1")

    @property
    def path(self) -> str:
        """The request's target."""
        return self.head.split(b" ")[1].decode("latin-1")

    async def send(self, data: bytes) -> None:
        """Write `data` and wait until it is on its way."""
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, status: str, body: bytes = b"", *fields: str, kind: str = "application/json") -> None:
        """A well-formed answer."""
        lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *fields]
        await self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (b"" if self.method == "HEAD" else body))

    def reset(self) -> None:
        """Close with a reset instead of an end."""
        connection: socket.socket = self.writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Behaviour = Callable[[Connection], Awaitable[None]]


async def _read_request(connection: Connection) -> None:
    connection.head = await connection.reader.readuntil(b"\r\n\r\n")
    lengths = [line for line in connection.head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    connection.body = await connection.reader.readexactly(int(lengths[0].partition(b":")[2])) if lengths else b""


@dataclass
class Listener:
    """A server on loopback. `received`: the requests that came, head and body together."""

    behave: Behaviour
    elsewhere: str = ""
    received: list[bytes] = field(default_factory=list)
    url: str = ""
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        connection = Connection(reader, writer, self.elsewhere)
        with suppress(OSError, EOFError, asyncio.LimitOverrunError, asyncio.CancelledError):
            while not writer.is_closing():
                await _read_request(connection)
                self.received.append(connection.head + connection.body)
                await self.behave(connection)
        self._tasks.discard(task)
        writer.close()

    async def run(self, ready: threading.Event, stop: asyncio.Event) -> None:
        """Serve until `stop`; `ready` is set when `url` stands."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=2**22)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        ready.set()
        await stop.wait()
        server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@contextmanager
def listening(behave: Behaviour, elsewhere: str = "") -> Iterator[Listener]:
    """A listener in a thread of its own."""
    listener = Listener(behave, elsewhere)
    loop = asyncio.new_event_loop()
    ready, stop = threading.Event(), asyncio.Event()

    def run() -> None:
        loop.run_until_complete(listener.run(ready, stop))
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield listener
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
