"""The mock's own log."""

from __future__ import annotations

from collections import deque

from authproof_mock.http import Answer, Call
from authproof_mock.redaction import without_tokens

_KEPT = 10_000
"""Lines after which the oldest go."""


class Journal:
    """What was asked and how it was answered, a line each. No line has a query, a field or a body, where secrets travel."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=_KEPT)

    def note(self, call: Call, answer: Answer) -> None:
        """Keep a line on `call` and its answer."""
        self._lines.append(self.line(call, answer))

    def line(self, call: Call, answer: Answer) -> str:
        """What is kept of a call."""
        return f"{call.method} {without_tokens(call.path)} {answer.status}"

    def text(self) -> str:
        """Every line that was kept, the oldest first."""
        return "\n".join(self._lines)
