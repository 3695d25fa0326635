"""JSON pointers (RFC 6901): where a body has a value."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"

_INDEX = re.compile(r"0|[1-9][0-9]*")


@functools.lru_cache(maxsize=1024)
def split(pointer: str) -> tuple[str, ...]:
    """The unescaped reference tokens of `pointer`; `""` has none."""
    return tuple(token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:])


def join(tokens: Iterable[object]) -> str:
    """The pointer made of `tokens`, escaped."""
    return "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in tokens)


def get(document: Json, pointer: str) -> Json:
    """The value at `pointer`, or None where there is none."""
    value = document
    for token in split(pointer):
        if isinstance(value, Mapping):
            value = value.get(token)
        elif isinstance(value, Sequence) and not isinstance(value, str):
            index = position(token, len(value))
            value = None if index is None else value[index]
        else:
            return None
    return value


def position(token: str, length: int) -> int | None:
    """The position that a reference token means in an array of `length`: digits without leading zeros (RFC 6901 section 4)."""
    # A token longer than any length is no position, and Python refuses to convert very long ones.
    if not _INDEX.fullmatch(token) or len(token) > len(str(length)):
        return None
    return index if (index := int(token)) < length else None


def put(document: MutableMapping[str, Json], pointer: str, value: Json) -> None:
    """Set the member at `pointer`, making the objects on the way. At the empty pointer the members of `value` join those of `document`."""
    if not pointer:
        document.update(value if isinstance(value, Mapping) else {})
        return
    *parents, last = split(pointer)
    target = document
    for token in parents:
        child = target.get(token)
        if not isinstance(child, MutableMapping):
            child = {}
            target[token] = child
        target = child
    target[last] = value
