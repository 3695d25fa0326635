"""The one source of time: the real one, moved at will."""

from __future__ import annotations

import time
from collections.abc import Callable


class Clock:
    """Real time plus an offset that tests move."""

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self._offset = 0.0

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._source() + self._offset

    def advance(self, seconds: float) -> None:
        """Move on by `seconds`, or back when negative."""
        self._offset += seconds

    def set(self, moment: float) -> None:
        """Make it `moment`, in seconds since the epoch; time goes on from there."""
        self._offset = moment - self._source()

    def reset(self) -> None:
        """Back to the real time."""
        self._offset = 0.0
