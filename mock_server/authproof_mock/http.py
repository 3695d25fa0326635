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


class Nothing(Enum):
    """No body at all, which is not the JSON value null."""

    NOTHING = "nothing"


NOTHING = Nothing.NOTHING


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
    payload: Json | Nothing = NOTHING
    headers: Headers = ()
    delay: float = 0

    def header_values(self, name: str) -> list[str]:
        """Every value of the header `name`, which is in lower case."""
        return [value for key, value in self.headers if key == name]

    @property
    def body(self) -> bytes:
        """The payload as JSON text."""
        if isinstance(self.payload, Nothing):
            return b""
        return _ENCODER.encode(self.payload).encode("ascii")
