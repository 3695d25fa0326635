"""Requests per second of the mock, as ratios to a bare Starlette JSON answer under the same server settings, in one run.

Run it as `python benchmarks/throughput.py`. `--memory` sends 200,000 requests instead and prints how the mock's memory grows; `--start` measures
how long `authproof mock` takes from the start of its process until it listens.
Servers are processes of their own on loopback. Rounds alternate between them; a ratio is the median of the rounds' own ratios, so that whatever
else the machine does weighs on both sides. Beside it stands the ratio of the servers' own processor time for one answer.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import json
import os
import re
import resource
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

CONNECTIONS = 8
ROUNDS = 15
SECONDS = 1.0
MEMORY_REQUESTS = 200_000
PASSWORD = "correct horse battery staple"

_BARE = """
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

async def answer(request):
    return JSONResponse({"profile": {"id": "1", "email": "admin@example.com", "name": "Ada Administrator"}, "permissions": ["users:browse"]})

app = Starlette(routes=[Route("/api/admin/user", answer, methods=["GET", "POST"])])
"""
_MOCK = """
from authproof_mock.app import create_app
from authproof_spec import load_contract

app = create_app(load_contract(), control_prefix="/_control")
"""
_SERVE = """
import sys, uvicorn
uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False, server_header=False)).run(sockets=[__import__("socket").socket(fileno=int(sys.argv[1]))])
"""


@contextmanager
def serving(application: str) -> Iterator[tuple[int, int]]:
    """The port and process id of a server of `application`, the same settings for each."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        command = [sys.executable, "-c", application + _SERVE, str(listener.fileno())]
        process = subprocess.Popen(command, pass_fds=[listener.fileno()])
        try:
            yield listener.getsockname()[1], process.pid
        finally:
            process.terminate()
            process.wait(10)


Next = Callable[[bytes, bytes], bytes]
"""Gives the next request, from the answer to the one before and that one itself."""


class Client(asyncio.Protocol):
    """One connection that always has one request under way."""

    def __init__(self, request: bytes, following: Next | None, expected: bytes, stop: Callable[[], bool]) -> None:
        self._request, self._following, self._expected, self._stop = request, following, expected, stop
        self._buffer = b""
        self.count = 0
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, body = self._buffer.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        if not separator or (length and len(body) < int(length.group(1))):
            return
        if not head.startswith(b"HTTP/1.1 " + self._expected):
            self.done.set_exception(RuntimeError(f"unexpected answer: {head[:200]!r}"))
            self._transport.close()
            return
        self.count += 1
        if self._following:
            self._request = self._following(self._buffer, self._request)
        self._buffer = b""
        if self._stop():
            self.done.set_result(None)
            self._transport.close()
        else:
            self._transport.write(self._request)


def _itself(client: Client) -> Client:
    return client


async def load(port: int, first: list[bytes], stop: Callable[[], bool], following: Next | None = None) -> int:
    """Send until `stop`, on a connection for each of `first`; gives the number of answers."""
    loop = asyncio.get_running_loop()
    clients = [Client(one, following, b"200", stop) for one in first]
    for client in clients:
        await loop.create_connection(functools.partial(_itself, client), "127.0.0.1", port)
    await asyncio.gather(*(client.done for client in clients))
    return sum(client.count for client in clients)


def request(method: str, path: str, headers: str = "", body: str = "") -> bytes:
    """A request in the form that a browser's library would send it."""
    length = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if method == "POST" else ""
    return f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n{headers}{length}\r\n{body}".encode()


LOGIN = request("POST", "/api/admin/auth/login", body=json.dumps({"email": "admin@example.com", "password": PASSWORD}))


def ask(port: int, content: bytes) -> bytes:
    """One answer, waiting for the server to start."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(content.replace(b"\r\nAccept", b"\r\nConnection: close\r\nAccept"))
        return b"".join(iter(lambda: connection.recv(65536), b""))


def access_token(answer: bytes) -> str:
    """The access token of a login's answer."""
    token = re.search(rb'"accessToken": ?"([^"]+)"', answer)
    assert token
    return token.group(1).decode()


def refresh_with(answer: bytes, _: bytes = b"") -> bytes:
    """The refresh that follows `answer`."""
    cookie = re.search(rb"(?i)set-cookie: (it24a_refresh_token=[^;]+)", answer)
    assert cookie
    return request("POST", "/api/admin/auth/refresh", f"Cookie: {cookie.group(1).decode()}\r\n")


class Measured(NamedTuple):
    """One round: answers per second, and the server's seconds of processor time for one."""

    rate: float
    cost: float


def measure(server: tuple[int, int], first: list[bytes], following: Next | None = None) -> Measured:
    """Load a server, port and process id, for SECONDS."""
    port, pid = server
    used, began = processor_time(pid), time.perf_counter()
    count = asyncio.run(load(port, first, lambda: time.perf_counter() > began + SECONDS, following))
    return Measured(count / (time.perf_counter() - began), (processor_time(pid) - used) / count)


def processor_time(pid: int) -> float:
    """The seconds of processor time that a process took so far."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> float:
    """The resident memory of a process, in MiB."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    found = re.search(r"VmRSS:\s+(\d+)", status)
    assert found
    return int(found.group(1)) / 1024


def compare() -> None:
    """Print the rates and their ratios."""
    with ExitStack() as stack:
        bare, mock = stack.enter_context(serving(_BARE)), stack.enter_context(serving(_MOCK))
        get = request("GET", "/api/admin/user", f"Authorization: Bearer {access_token(ask(mock[0], LOGIN))}\r\n")
        ask(bare[0], get)
        kinds: dict[str, Callable[[], Measured]] = {
            "bare Starlette JSON answer": lambda: measure(bare, [get] * CONNECTIONS),
            "GET of a protected operation": lambda: measure(mock, [get] * CONNECTIONS),
            "login": lambda: measure(mock, [LOGIN] * CONNECTIONS),
            "refresh": lambda: measure(mock, [refresh_with(ask(mock[0], LOGIN)) for _ in range(CONNECTIONS)], refresh_with),
        }
        rounds = [{name: kind() for name, kind in kinds.items()} for _ in range(ROUNDS)]
    for name in kinds:
        middle = statistics.median(one[name].rate for one in rounds)
        ratios = sorted(one[name].rate / one["bare Starlette JSON answer"].rate for one in rounds)
        cost = statistics.median(one["bare Starlette JSON answer"].cost / one[name].cost for one in rounds)
        spread = f"(rounds {ratios[0]:.0%} to {ratios[-1]:.0%})"
        print(f"{name:<30} {middle:6.0f}/s   {statistics.median(ratios):4.0%} of the bare answer {spread:<24} {cost:4.0%} by processor time")


def memory() -> None:
    """Print the mock's memory while it answers MEMORY_REQUESTS requests, every fourth of them a refresh."""
    with serving(_MOCK) as (port, pid):
        get = request("GET", "/api/admin/user", f"Authorization: Bearer {access_token(ask(port, LOGIN))}\r\n")
        sent = 0
        while sent < MEMORY_REQUESTS:
            left = [MEMORY_REQUESTS // 10]

            def stop(left: list[int] = left) -> bool:
                left[0] -= 1
                return left[0] <= 0

            refreshing = [refresh_with(ask(port, LOGIN)) for _ in range(CONNECTIONS // 4)]
            sent += asyncio.run(load(port, [get] * (CONNECTIONS - len(refreshing)) + refreshing, stop, _same_or_refresh))
            print(f"{sent:>8} requests: {resident(pid):6.1f} MiB")


def _same_or_refresh(answer: bytes, request: bytes) -> bytes:
    return refresh_with(answer) if b"/auth/refresh " in request[:100] else request


def start() -> None:
    """Print how long `authproof mock` takes until it listens, which is when it says so."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        with subprocess.Popen([sys.executable, "-m", "authproof", "mock", "--port", "0"], stdout=subprocess.PIPE) as process:
            assert process.stdout
            process.stdout.readline()
            times.append(time.perf_counter() - began)
            process.terminate()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cost = (used.ru_utime + used.ru_stime) / ROUNDS
    print(f"start: {statistics.median(times):.3f} s   (rounds {min(times):.3f} to {max(times):.3f}); processor time, with the stop: {cost:.3f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--memory", action="store_true", help="measure memory instead of speed")
    choice.add_argument("--start", action="store_true", help="measure the start instead of speed")
    chosen = parser.parse_args()
    memory() if chosen.memory else start() if chosen.start else compare()
