"""What the server says of the way that calls take to it."""

from __future__ import annotations

from collections.abc import Iterator

from authproof_mock.http import Call


class Transport:
    """Tells browsers to come over TLS alone."""

    def headers(self, call: Call) -> Iterator[tuple[str, str]]:
        """For two years, and only where it came over TLS (RFC 6797 section 7.2)."""
        if call.secure:
            yield "strict-transport-security", "max-age=63072000; includeSubDomains"
