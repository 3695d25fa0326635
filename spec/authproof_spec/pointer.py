"""JSON pointers (RFC 6901): where a body has a value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"


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
        elif isinstance(value, Sequence) and not isinstance(value, str) and token.isdecimal():
            value = value[int(token)] if int(token) < len(value) else None
        else:
            return None
    return value


def put(document: MutableMapping[str, Json], pointer: str, value: Json) -> None:
    """Set the member at `pointer`, making the objects on the way."""
    *parents, last = split(pointer)
    target = document
    for token in parents:
        child = target.get(token)
        if not isinstance(child, MutableMapping):
            child = {}
            target[token] = child
        target = child
    target[last] = value
