"""YAML and JSON text as the values of JSON: no other types, no key twice, no alias that unfolds without end."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager

import yaml

from authproof_spec.pointer import Json

_MAXIMUM_DEPTH = 200
_MAXIMUM_NODES = 500_000
# PyYAML reads YAML 1.1, to which a date is no text and `on` a boolean; these are the types of JSON alone, as YAML 1.2 has them.
_OTHER_THAN_TEXT = re.compile(
    r"(?P<bool>true|True|TRUE|false|False|FALSE)|(?P<null>~|null|Null|NULL|)|(?P<int>[-+]?[0-9]+)"
    r"|(?P<float>[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)(?:[eE][-+]?[0-9]+)?)"
)
# PyYAML can be installed without its part in C.
_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SURROGATES = re.compile(r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")


class UnreadableError(Exception):
    """Text that is neither YAML nor JSON. `line` counts from 1; None when it is not known."""

    def __init__(self, message: str, line: int | None) -> None:
        super().__init__(message)
        self.line = None if line is None else line + 1


def parse(text: str) -> Json:
    """The value of `text`. Raises UnreadableError."""
    with _said_plainly():
        return _Reader(yaml.parse(_as_yaml(text), Loader=_LOADER)).document()


def compose(text: str) -> yaml.Node | None:
    """The tree of YAML nodes of `text`, which knows the lines. Raises UnreadableError."""
    with _said_plainly():
        return yaml.compose(_as_yaml(text), Loader=_LOADER)


@contextmanager
def _said_plainly() -> Iterator[None]:
    try:
        yield
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        mark = getattr(error, "problem_mark", None)
        message = " ".join((getattr(error, "problem", None) or str(error)).split())
        raise UnreadableError(message, None if mark is None else mark.line) from error


def _as_yaml(text: str) -> str:
    """`text` with what JSON has and YAML did not take over: a character beyond the first plane as two escapes."""
    return _SURROGATES.sub(_character, text) if text.lstrip().startswith("{") else text


def _character(pair: re.Match[str]) -> str:
    return pair[1] + bytes.fromhex(pair[2] + pair[3]).decode("utf-16-be")


class _Reader:
    """Turns YAML events into values. Size and depth count every alias as written out: that is what later stages pay for.

    No tree of nodes comes between, since that takes longer than all the rest.
    """

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self._events = events
        self._nodes = 0
        self._deepest = 0
        # By anchor: the value, how many nodes it has, and how deep it is.
        self._done: dict[str, tuple[Json, int, int]] = {}
        self._open: set[str] = set()

    def document(self) -> Json:
        """The value of the one document; None when there is none. Raises UnreadableError."""
        next(self._events)
        if isinstance(next(self._events), yaml.StreamEndEvent):
            return None
        value = self._value(next(self._events), 0)
        next(self._events)
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise _refused("there is another document", after)
        return value

    def _value(self, event: yaml.Event, depth: int) -> Json:
        """The value that begins with `event`, `depth` levels deep. Raises UnreadableError, also when it is too deep, too large or within itself."""
        if isinstance(event, yaml.AliasEvent):
            return self._repeated(event, depth)
        self._count(event, 1, depth)
        anchor = getattr(event, "anchor", None)
        if anchor is None:
            return self._read(event, depth + 1)
        outer, self._deepest = self._deepest, depth
        before = self._nodes
        self._open.add(anchor)
        value = self._read(event, depth + 1)
        self._open.discard(anchor)
        self._done[anchor] = value, self._nodes - before + 1, self._deepest - depth
        self._deepest = max(outer, self._deepest)
        return value

    def _repeated(self, alias: yaml.AliasEvent, depth: int) -> Json:
        if alias.anchor in self._open:
            raise _refused("an alias stands inside of what it repeats", alias)
        if alias.anchor not in self._done:
            raise _refused(f"found undefined alias {alias.anchor!r}", alias)
        value, nodes, height = self._done[alias.anchor]
        self._count(alias, nodes, depth + height)
        return value

    def _count(self, event: yaml.Event, nodes: int, depth: int) -> None:
        self._nodes += nodes
        self._deepest = max(self._deepest, depth)
        if self._nodes > _MAXIMUM_NODES:
            raise _refused(f"it has more than {_MAXIMUM_NODES} parts, each alias counted as what it repeats", event)
        if depth > _MAXIMUM_DEPTH:
            raise _refused(f"it is nested more than {_MAXIMUM_DEPTH} levels deep", event)

    def _read(self, event: yaml.Event, depth: int) -> Json:
        match event:
            case yaml.ScalarEvent():
                return _scalar(event)
            case yaml.MappingStartEvent() if _kind(event) == "map":
                return self._mapping(depth)
            case yaml.SequenceStartEvent() if _kind(event) == "seq":
                return self._sequence(depth)
            case _:
                raise _refused(f"the tag {getattr(event, 'tag', None)!r} has no counterpart in JSON", event)

    def _sequence(self, depth: int) -> list[Json]:
        sequence = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            sequence.append(self._value(event, depth))
        return sequence

    def _mapping(self, depth: int) -> dict[str, Json]:
        """An object with text keys (a bare 200 means "200"), in which no key stands twice."""
        mapping: dict[str, Json] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise _refused("there is a key that is not text", event)
            if event.value in mapping:
                raise _refused(f"the key {event.value!r} stands twice", event)
            if event.anchor:
                self._value(event, depth)  # something later may repeat it
            mapping[event.value] = self._value(next(self._events), depth)
        return mapping


def _refused(message: str, event: yaml.Event) -> UnreadableError:
    return UnreadableError(message, event.start_mark.line if event.start_mark else None)


def _kind(event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> str:
    """The type that `event` says or shows, by its name in YAML."""
    if event.tag not in {None, "!"}:
        return str(event.tag).removeprefix("tag:yaml.org,2002:")
    if isinstance(event, yaml.ScalarEvent):
        is_plain = event.implicit[0]
        found = _OTHER_THAN_TEXT.fullmatch(event.value) if is_plain else None
        return (found and found.lastgroup) or "str"
    return "map" if isinstance(event, yaml.MappingStartEvent) else "seq"


def _scalar(event: yaml.ScalarEvent) -> Json:
    text: str = event.value
    kind = _kind(event)
    try:
        match kind:
            case "str":
                return text
            case "null":
                return None
            case "bool":
                return {"true": True, "false": False}[text.lower()]
            case "int":
                return int(text)
            case "float" if math.isfinite(number := float(text)):
                return number
    except (KeyError, ValueError):
        pass
    raise _refused(f"{text[:40]!r} has no counterpart in JSON as {kind}", event)
