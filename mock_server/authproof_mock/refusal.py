"""A request that is refused, on its way to becoming an error answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from authproof_mock.http import Headers
from authproof_spec.contract import Contract

_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")


class Refusal(Exception):  # the request is in error, not we
    """An error answer. `fields`: what is wrong by field. No text of it repeats a value that was sent."""

    def __init__(self, status: int, message: str, *, headers: Headers = (), fields: Mapping[str, Sequence[str]] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers
        self.fields = fields or {}


def challenge(contract: Contract, error: str | None = None, description: str = "", scope: Iterable[str] = ()) -> tuple[str, str]:
    """The WWW-Authenticate header of a refusal (RFC 6750 section 3)."""
    # RFC 6750 section 3: a challenge has one parameter at least.
    realm = contract.realm or (None if error else "api")
    parameters = {"realm": realm, "error": error, "error_description": description or None}
    # A permission that is no scope-token of RFC 6749 cannot be said here.
    parameters["scope"] = " ".join(sorted(name for name in scope if _SCOPE.fullmatch(name))) or None
    said = ", ".join(f'{name}="{value}"' for name, value in parameters.items() if value is not None)
    return "www-authenticate", f"Bearer {said}".rstrip()
