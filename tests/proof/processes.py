"""Work in processes that are forks of this one: each has all that was loaded here, and may change it as it likes."""

from __future__ import annotations

import os
import pickle
import selectors
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from typing import TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


class Died(Enum):
    """In place of a result."""

    DIED = "died"


def spread(tasks: Iterable[Task], work: Callable[[Task], Result], jobs: int) -> Iterator[tuple[Task, Result | Died]]:
    """The results of `work`, each task in a process of its own and at most `jobs` at once, in the order in which they are done."""
    waiting, running = iter(tasks), 0
    with selectors.DefaultSelector() as selector:
        while True:
            while running < jobs and (task := next(waiting, Died.DIED)) is not Died.DIED:
                pipe, process = _start(work, task)
                selector.register(pipe, selectors.EVENT_READ, (task, process, bytearray()))
                running += 1
            if not running:
                return
            for key, _ in selector.select():
                task, process, received = key.data
                if chunk := os.read(key.fd, 1 << 20):
                    received += chunk
                    continue
                selector.unregister(key.fd)
                os.close(key.fd)
                os.waitpid(process, 0)
                running -= 1
                yield task, pickle.loads(received) if received else Died.DIED  # of our own making


def _start(work: Callable[[Task], Result], task: Task) -> tuple[int, int]:
    """Begin `task`: the end of the pipe that its result comes from, and the id of its process."""
    ours, theirs = os.pipe()
    process = os.fork()
    if process:
        os.close(theirs)
        return ours, process
    try:
        with os.fdopen(theirs, "wb") as pipe:
            pickle.dump(work(task), pipe)
    finally:
        os._exit(0)
