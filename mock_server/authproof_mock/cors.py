"""Which web pages of other origins may call, and read the answers (WHATWG Fetch, "CORS protocol")."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from authproof_mock.http import Answer, Call
from authproof_spec.contract import Contract, SchemeKind

_REMEMBERED = "600"
"""Seconds that a browser may keep the answer to a preflight."""


class Cors:
    """Lets the pages of some origins call with credentials; without any, no answer says a word about origins."""

    def __init__(self, contract: Contract, origins: Iterable[str]) -> None:
        self.origins = frozenset(origins)
        self._methods = ", ".join(sorted({operation.method for operation in contract.operations}))
        self._fields = ("Authorization", "Content-Type", "Prefer", *_further_fields(contract))

    def preflight(self, call: Call) -> Answer | None:
        """The answer to a preflight of an allowed origin, which brings no credentials; None for every other call."""
        if call.method != "OPTIONS" or not call.header_values("access-control-request-method") or not self.allowed(call):
            return None
        fields = (("methods", self._methods), ("headers", ", ".join(self.allowed_headers())))
        return Answer(204, headers=[*((f"access-control-allow-{name}", value) for name, value in fields), ("access-control-max-age", _REMEMBERED)])

    def allowed_headers(self) -> tuple[str, ...]:
        """The header fields that a page may set. A wildcard would not cover Authorization."""
        return self._fields

    def shared(self, call: Call, answer: Answer) -> Answer:
        """`answer` as a page of the caller's origin may or may not read it."""
        return replace(answer, headers=[*answer.headers, *self.headers(call)])

    def headers(self, call: Call) -> Iterator[tuple[str, str]]:
        """What tells a browser whether the page may read the answer, whatever it is."""
        if self.origins:
            yield from self.varies()
        if origin := self.allowed(call):
            yield from self.permission(origin)
            yield "access-control-expose-headers", "Preference-Applied, Retry-After, WWW-Authenticate"

    def permission(self, origin: str) -> Iterator[tuple[str, str]]:
        """The permission of `origin`, by its name."""
        yield "access-control-allow-origin", origin
        yield "access-control-allow-credentials", "true"

    def varies(self) -> Iterator[tuple[str, str]]:
        """An answer to one origin is none to another (RFC 9110 section 12.5.5)."""
        yield "vary", "Origin"

    def allowed(self, call: Call) -> str | None:
        """The caller's origin if it is allowed."""
        origins = call.header_values("origin")
        return origins[0] if len(origins) == 1 and self.allows(origins[0]) else None

    def allows(self, origin: str) -> bool:
        """True for an origin that is listed, letter for letter."""
        return origin in self.origins


def _further_fields(contract: Contract) -> Iterator[str]:
    """The header fields of tokens that travel in one of their own, and of those against cross-site requests."""
    for application in contract.applications.values():
        yield from (kind.scheme.parameter for kind in application.token_kinds if kind.scheme.kind is SchemeKind.HEADER and kind.scheme.parameter)
        if application.csrf:
            yield application.csrf.header
