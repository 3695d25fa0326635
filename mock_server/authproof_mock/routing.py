"""From a request's path to the operations that the document declares there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from authproof_mock.http import Call
from authproof_spec.contract import Operation

_PARAMETER = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Place:
    """A declared path: its operations by method, and the decoded path parameters' values in the order of the path."""

    operations: Mapping[str, Operation]
    values: tuple[str, ...]

    @property
    def allowed_methods(self) -> tuple[str, ...]:
        """What the path answers to: the declared methods, HEAD where GET is, and OPTIONS (RFC 9110 section 9.3)."""
        implied = {"OPTIONS"} | ({"HEAD"} if "GET" in self.operations else set())
        return tuple(sorted(implied | self.operations.keys()))


def parameters_of(operation: Operation, values: Iterable[str]) -> dict[str, str]:
    """The path parameters of `operation` by name."""
    return dict(zip(_PARAMETER.findall(operation.path), values, strict=True))


@dataclass(slots=True)
class _Node:
    """One segment of the declared paths: what follows it, literal segments and templates apart."""

    literal: dict[str, _Node] = field(default_factory=dict)
    templates: dict[str, tuple[re.Pattern[str], _Node]] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)


class Router:
    """A tree of path segments: a look-up takes as long as its path, however many operations there are."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._literal: dict[str, Place] = {}
        self._root = _Node()
        for operation in operations:
            node = self._root
            for segment in operation.path.split("/")[1:]:
                node = _child(node, segment)
            node.operations[operation.method] = operation
            if "{" not in operation.path:
                self._literal[operation.path] = Place(node.operations, ())
        _order(self._root)

    def find(self, path: str) -> Place | None:
        """The declared path that the raw `path` is, None when there is none.

        Segments are decoded after they are split, so an encoded slash stays within its segment (RFC 3986 section 2.2).
        Nothing is normalised: a trailing slash, an empty segment, a dot segment or another case is another path.
        """
        if literal := self._literal.get(path):
            return literal
        if not path.startswith("/"):
            return None
        return _walk(self._root, [unquote(segment) for segment in path.split("/")[1:]], 0, ())

    def select(self, place: Place, call: Call) -> Operation | None:
        """The operation of `place` that `call` asks for; HEAD asks for what GET would show (RFC 9110 section 9.3.2)."""
        method = "GET" if call.method == "HEAD" and "HEAD" not in place.operations else call.method
        return place.operations.get(method)


def _child(node: _Node, segment: str) -> _Node:
    if "{" not in segment:
        return node.literal.setdefault(segment, _Node())
    # The names do not tell two templates apart, so they are no part of the key.
    key = _PARAMETER.sub("{}", segment)
    if key not in node.templates:
        pattern = "(.+)".join(re.escape(text) for text in key.split("{}"))
        node.templates[key] = (re.compile(pattern, re.DOTALL), _Node())
    return node.templates[key][1]


def _order(node: _Node) -> None:
    """The most literal template first, as OpenAPI wants concrete paths matched before templated ones."""
    node.templates = dict(sorted(node.templates.items(), key=lambda item: -len(item[0])))
    for child in (*node.literal.values(), *(after for _, after in node.templates.values())):
        _order(child)


def _walk(node: _Node, segments: list[str], index: int, values: tuple[str, ...]) -> Place | None:
    if index == len(segments):
        return Place(node.operations, values) if node.operations else None
    segment = segments[index]
    literal = node.literal.get(segment)
    if literal is not None and (place := _walk(literal, segments, index + 1, values)):
        return place
    if segment in {"", ".", ".."}:
        return None
    for pattern, after in node.templates.values():
        match = pattern.fullmatch(segment)
        if match and (place := _walk(after, segments, index + 1, values + match.groups())):
            return place
    return None
