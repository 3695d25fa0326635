"""What the server says of the way that calls take to it."""

from __future__ import annotations

from dataclasses import replace

from authproof_mock.http import Answer, Call


class Transport:
    """Tells browsers to come over TLS alone."""

    def secured(self, call: Call, answer: Answer) -> Answer:
        """`answer` with that wish, where it goes over TLS itself (RFC 6797 section 7.2)."""
        return replace(answer, headers=[*answer.headers, ("strict-transport-security", self.policy())]) if call.secure else answer

    def policy(self) -> str:
        """For two years from now."""
        return "max-age=63072000; includeSubDomains"
