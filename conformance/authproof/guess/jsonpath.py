"""JSONPath (RFC 9535) of a place in a document."""

from __future__ import annotations

import re
from collections.abc import Iterator


def quoted(name: str) -> str:
    """`name` as a name selector: what JSON Path would take for something else is escaped."""
    escaped = "".join(character if character.isprintable() and character not in "'\\" else _escape(character) for character in name)
    return f"'{escaped}'"


def _escape(character: str) -> str:
    if character in "'\\":
        return "\\" + character
    return "".join(f"\\u{unit:04x}" for unit in _units(character))


def _units(character: str) -> Iterator[int]:
    raw = character.encode("utf-16-be", "surrogatepass")
    yield from (int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2))


def path_of(place: tuple[object, ...]) -> str:
    """The JSONPath (RFC 9535) of `place`."""
    return "$" + "".join(f".{token}" if re.fullmatch(r"[A-Za-z_]\w*", str(token), re.ASCII) else f"[{quoted(str(token))}]" for token in place)
