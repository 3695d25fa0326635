"""YAML and JSON text as the values of JSON: no other types, no key twice, no alias that unfolds without end."""

from __future__ import annotations

import math
import re

import yaml

from authproof_spec.pointer import Json

_MAXIMUM_DEPTH = 200
_MAXIMUM_NODES = 500_000
_SURROGATES = re.compile(r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")


class UnreadableError(Exception):
    """Text that is neither YAML nor JSON. `line` counts from 1; None when it is not known."""

    def __init__(self, message: str, line: int | None) -> None:
        super().__init__(message)
        self.line = None if line is None else line + 1


def parse(text: str) -> tuple[yaml.Node | None, Json]:
    """The tree of YAML nodes of `text`, which knows the lines, and its value. Raises UnreadableError."""
    if text.lstrip().startswith("{"):
        # JSON writes a character beyond the first plane as two escapes, the one thing in common use that YAML does not take over.
        text = _SURROGATES.sub(_character, text)
    try:
        node = yaml.compose(text, Loader=_Loader)
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        mark = getattr(error, "problem_mark", None)
        message = " ".join((getattr(error, "problem", None) or str(error)).split())
        raise UnreadableError(message, None if mark is None else mark.line) from error
    return node, None if node is None else _Reader().value(node)


def _character(pair: re.Match[str]) -> str:
    return pair[1] + bytes.fromhex(pair[2] + pair[3]).decode("utf-16-be")


class _Loader(yaml.CSafeLoader):
    """YAML with the types of JSON alone: a date stays text, and `on` or `yes` is no boolean."""


# PyYAML reads YAML 1.1; OpenAPI recommends the JSON schema of YAML 1.2, so its own guesses go.
_Loader.yaml_implicit_resolvers = {}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""])
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?[0-9]+$"), list("-+0123456789"))
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)(?:[eE][-+]?[0-9]+)?$"),
    list("-+0123456789."),
)


class _Reader:
    """Turns YAML nodes into values. Size and depth count every alias as written out: that is what later stages pay for."""

    def __init__(self) -> None:
        self._nodes = 0
        self._deepest = 0
        self._done: dict[int, tuple[Json, int, int]] = {}
        self._open: set[int] = set()

    def value(self, node: yaml.Node, depth: int = 0) -> Json:
        """The value of `node`, which stands `depth` levels deep. Raises UnreadableError, also when it is too deep, too large or within itself."""
        if id(node) in self._done:
            value, nodes, height = self._done[id(node)]
            self._count(node, nodes, depth + height)
            return value
        if id(node) in self._open:
            raise UnreadableError("an alias stands inside of what it repeats", node.start_mark.line)
        outer, self._deepest = self._deepest, depth
        before = self._nodes
        self._count(node, 1, depth)
        self._open.add(id(node))
        value = self._read(node, depth + 1)
        self._open.remove(id(node))
        self._done[id(node)] = value, self._nodes - before, self._deepest - depth
        self._deepest = max(outer, self._deepest)
        return value

    def _count(self, node: yaml.Node, nodes: int, depth: int) -> None:
        self._nodes += nodes
        self._deepest = max(self._deepest, depth)
        if self._nodes > _MAXIMUM_NODES:
            raise UnreadableError(f"it has more than {_MAXIMUM_NODES} parts, each alias counted as what it repeats", node.start_mark.line)
        if depth > _MAXIMUM_DEPTH:
            raise UnreadableError(f"it is nested more than {_MAXIMUM_DEPTH} levels deep", node.start_mark.line)

    def _read(self, node: yaml.Node, depth: int) -> Json:
        kind = node.tag.removeprefix("tag:yaml.org,2002:")
        match node:
            case yaml.MappingNode() if kind == "map":
                return self._mapping(node, depth)
            case yaml.SequenceNode() if kind == "seq":
                return [self.value(child, depth) for child in node.value]
            case yaml.ScalarNode():
                return _scalar(node, kind)
            case _:
                raise UnreadableError(f"the tag {node.tag!r} has no counterpart in JSON", node.start_mark.line)

    def _mapping(self, node: yaml.MappingNode, depth: int) -> dict[str, Json]:
        """An object with text keys (a bare 200 means "200"), in which no key stands twice."""
        mapping: dict[str, Json] = {}
        for key, child in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise UnreadableError("there is a key that is not text", key.start_mark.line)
            if key.value in mapping:
                raise UnreadableError(f"the key {key.value!r} stands twice", key.start_mark.line)
            mapping[key.value] = self.value(child, depth)
        return mapping


def _scalar(node: yaml.ScalarNode, kind: str) -> Json:
    text: str = node.value
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
    raise UnreadableError(f"{text[:40]!r} has no counterpart in JSON as {kind}", node.start_mark.line)
