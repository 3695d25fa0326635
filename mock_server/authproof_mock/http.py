"""Calls and answers as values: what a request and its response are to the mock, whatever carries them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from authproof_spec.pointer import Json

Headers = Sequence[tuple[str, str]]
"""Header fields in order, with duplicates; names in lower case."""

_ENCODER = json.JSONEncoder(allow_nan=False, separators=(",", ":"))
NO_STORE = ("cache-control", "no-store")
WITHOUT_BODY = frozenset({204, 205, 304})
"""RFC 9110 sections 15.3.5, 15.3.6 and 15.4.5."""


class Nothing(Enum):
    """No body at all, which is not the JSON value null."""

    NOTHING = "nothing"


NOTHING = Nothing.NOTHING


@dataclass(frozen=True, slots=True)
class Content:
    """A body that is not JSON."""

    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `path` is as sent, still percent-encoded; `query` is without its question mark. `secure`: it came over TLS."""

    method: str
    path: str
    query: str = ""
    headers: Headers = ()
    body: bytes = b""
    secure: bool = False

    def header_values(self, name: str) -> list[str]:
        """Every value of the header `name`, which is in lower case, in the order sent."""
        return [value for key, value in self.headers if key == name]


@dataclass(frozen=True, slots=True)
class Answer:
    """One response. `delay` is the seconds to wait before it is sent."""

    status: int
    payload: Json | Content | Nothing = NOTHING
    headers: Headers = ()
    delay: float = 0

    def header_values(self, name: str) -> list[str]:
        """Every value of the header `name`, which is in lower case."""
        return [value for key, value in self.headers if key == name]

    @property
    def body(self) -> bytes:
        """The payload as it is sent."""
        if isinstance(self.payload, Nothing):
            return b""
        if isinstance(self.payload, Content):
            return self.payload.data
        return _ENCODER.encode(self.payload).encode("ascii")
