"""Starts a server as a process of its own, and ends it by its process id."""

from __future__ import annotations

import queue
import subprocess
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from time import monotonic
from typing import IO

_READY = "listening on "


class ServerError(Exception):
    """The server did not start; the text ends with what it printed."""


@contextmanager
def running(command: Sequence[str], *, start_timeout: float = 60, stop_timeout: float = 10) -> Iterator[str]:
    """The base URL of the server that `command` starts, taken from its line `listening on URL`; timeouts in seconds.

    On leaving, the server gets SIGTERM, and SIGKILL when it has not ended in time. Raises ServerError when it does not start.
    """
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    # Reads to the end, since a server whose pipe is full stands still.
    reader = threading.Thread(target=_read, args=(process.stdout, lines), daemon=True)
    reader.start()
    try:
        yield _base_url(lines, monotonic() + start_timeout)
    finally:
        process.terminate()
        try:
            process.wait(stop_timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join(stop_timeout)


def _read(stream: IO[str], lines: queue.SimpleQueue[str | None]) -> None:
    with stream:
        for line in stream:
            lines.put(line.rstrip("\n"))
    lines.put(None)


def _base_url(lines: queue.SimpleQueue[str | None], deadline: float) -> str:
    printed: deque[str] = deque(maxlen=50)
    with suppress(queue.Empty):
        while (line := lines.get(timeout=max(0.0, deadline - monotonic()))) is not None:
            if line.startswith(_READY):
                return line.removeprefix(_READY).strip()
            printed.append(line)
        raise ServerError("\n".join(["The server ended before it listened.", *printed]))
    raise ServerError("\n".join(["The server did not listen in time.", *printed]))
