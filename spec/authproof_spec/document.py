"""A YAML or JSON document: its tree, its references, and the line of each of its parts."""

from __future__ import annotations

import copy
import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote, unquote

import jsonschema_rs
import yaml

from authproof_spec.errors import ContractError, Problem
from authproof_spec.pointer import Json, get, join, position, split
from authproof_spec.syntax import UnreadableError, compose, parse

_MAXIMUM_BYTES = 20_000_000
_URN = "urn:authproof:document"
BUNDLED = "x-bundled"
"""The member of components that holds the other files of a document, by their number."""

# The members whose own members are names given by the author, and those that hold data; neither are words of OpenAPI.
_NAMES = frozenset(
    {
        "$defs",
        "callbacks",
        "content",
        "dependentRequired",
        "dependentSchemas",
        "encoding",
        "examples",
        "headers",
        "links",
        "mapping",
        "parameters",
        "pathItems",
        "paths",
        "patternProperties",
        "properties",
        "requestBodies",
        "responses",
        "schemas",
        "scopes",
        "securitySchemes",
        "variables",
        "webhooks",
        BUNDLED,
    }
)
_DATA = frozenset({"const", "default", "enum", "example", "value"})


@dataclass(frozen=True, slots=True)
class Change:
    """What an overlay added or took away: `target` is where in the document, `place` where in the overlay, `document`, it is written."""

    target: tuple[str, ...]
    document: Document
    place: tuple[str, ...]
    removes: bool = False


class Document:
    """A parsed document. Nothing changes it after it was read.

    source: the path or URL that it came from, for messages.
    """

    def __init__(self, text: str, source: str) -> None:
        """Parse `text`. Raises ContractError when it is neither YAML nor JSON, or not an object."""
        self.source = source
        self._text = text
        try:
            root = parse(text)
        except UnreadableError as error:
            problem = Problem(source, error.line, "", f"This is not readable as YAML or JSON: {error}.", "Correct the syntax there.")
            raise ContractError([problem]) from error
        if not isinstance(root, dict):
            problem = Problem(source, 1, "", "The document is not an object.", "Give an OpenAPI document, which starts with `openapi: 3.1.0`.")
            raise ContractError([problem])
        self.root: Mapping[str, Json] = root
        self.changes: tuple[Change, ...] = ()

    def changed(self, root: Mapping[str, Json], changes: Sequence[Change] = ()) -> Document:
        """The document with another content; its parts keep the lines on which they stood here, and `changes` those of their own document."""
        other = copy.copy(self)
        other.root = root
        other.changes = (*self.changes, *changes)
        for cached in ("_registry", "_registry_of_answers", "_registry_of_requests", "_validators"):
            other.__dict__.pop(cached, None)
        return other

    @functools.cached_property
    def _node(self) -> yaml.Node | None:
        """The tree that knows the lines. It is made when there is a problem to tell, since it is many times as large as the document."""
        try:
            return compose(self._text)
        except UnreadableError:
            return None  # of an anchor that stands twice, which only some readers take

    def problem(self, pointer: str, message: str, mend: str) -> Problem:
        """A problem at `pointer`, with the document and the line where that part is written."""
        tokens = split(pointer)
        source, (depth, line) = self.source, self.written(tokens)
        for change in self.changes:
            if tokens[: len(change.target)] == change.target:
                inside, line_there = change.document.written((*change.place, *tokens[len(change.target) :]))
                beyond = inside - len(change.place)
                # A later change replaces what was there.
                if (beyond > 0 or change.removes) and len(change.target) + beyond >= depth:
                    source, depth, line = change.document.source, len(change.target) + beyond, line_there
        return Problem(source, line, pointer, message, mend)

    def line_of(self, pointer: str) -> int | None:
        """The line (from 1) of the part at `pointer`, or of the nearest part around it that exists."""
        return self.written(split(pointer))[1]

    def written(self, tokens: Sequence[str]) -> tuple[int, int | None]:
        """How many of `tokens` lead to something in the text of this document, and the line of the last one that does."""
        node = self._node
        line = None if node is None else node.start_mark.line + 1
        for depth, token in enumerate(tokens):
            found = None
            if isinstance(node, yaml.MappingNode):
                for key, value in node.value:
                    if isinstance(key, yaml.ScalarNode) and key.value == token:
                        found, line = value, key.start_mark.line + 1
            elif isinstance(node, yaml.SequenceNode) and (index := position(token, len(node.value))) is not None:
                found = node.value[index]
                line = found.start_mark.line + 1
            if found is None:
                return depth, line
            node = found
        return len(tokens), line

    @functools.cached_property
    def _registry(self) -> jsonschema_rs.Registry:
        return jsonschema_rs.Registry([(_URN, dict(self.root))])

    def follow(self, place: Sequence[object], value: Json, *, alone: bool = False) -> tuple[tuple[object, ...], Json]:
        """Where the value that stands at `place` is written, and what it is: itself, or what its reference leads to.

        None for what leads nowhere, out of this document, or round in a circle. alone: a reference with something beside it is a value itself.
        """
        seen: set[str] = set()
        while isinstance(value, Mapping) and isinstance(reference := value.get("$ref"), str) and not (alone and len(value) > 1):
            if reference in seen or not (reference == "#" or reference.startswith("#/")):
                return tuple(place), None
            seen.add(reference)
            # RFC 6901 section 6: in a URI's fragment a pointer is percent-encoded.
            pointer = unquote(reference.removeprefix("#"))
            place, value = split(pointer), get(self.root, pointer)
        return tuple(place), value

    def resolve(self, value: Json) -> Json:
        """`value`, or what it refers to when it is a reference within this document; see `follow`."""
        return self.follow((), value)[1]

    def problems_of_references(self) -> list[Problem]:
        """A problem for each `$ref` that leads nowhere, and for each circle of references alone."""
        problems = []
        circles: set[frozenset[str]] = set()
        for path, part in parts_of(self.root):
            reference = part.get("$ref")
            if not isinstance(reference, str):
                continue
            if self.resolve(part) is not None:
                continue
            circle = self._circle(part)
            if not circle:
                mend = "Correct it, or add what it names; it is a JSON pointer after #, such as #/components/schemas/Error."
                problems.append(self.problem(join((*path, "$ref")), f"The reference {reference!r} leads nowhere.", mend))
            elif frozenset(circle) not in circles:
                circles.add(frozenset(circle))
                message = f"The references go round in a circle: {' to '.join([*circle, circle[0]])}."
                mend = "Write what one of them names in the place of its reference."
                problems.append(self.problem(f"{unquote(circle[0][1:])}/$ref", message, mend))
        return problems

    def _circle(self, value: Json) -> list[str]:
        """The references that lead to each other for ever from `value` on; none where they come to an end."""
        seen: dict[str, int] = {}
        while isinstance(value, Mapping) and isinstance(reference := value.get("$ref"), str) and reference.startswith("#/"):
            if reference in seen:
                return [*seen][seen[reference] :]
            seen[reference] = len(seen)
            value = get(self.root, unquote(reference[1:]))
        return []

    def problems_of_schemas(self) -> list[Problem]:
        """A problem for each place at which a JSON Schema of this document is not one."""
        problems = {}
        known: set[Json] = set()
        for path, schema in parts_of(self.root):
            if path[-1:] == ("schema",) or (len(path) == 3 and path[:2] == ("components", "schemas")):
                if len(schema) == 1 and isinstance(reference := schema.get("$ref"), str):
                    # Most schemas of operations are nothing but a reference, each to one of a few.
                    if reference in known:
                        continue
                    known.add(reference)
                try:
                    self.validator(join(path))
                except ValueError as error:
                    where = join(getattr(error, "schema_path", None) or path)
                    message = f"This is not a JSON Schema: {getattr(error, 'message', error)}."
                    problems[where] = self.problem(where, message, "Correct it as JSON Schema 2020-12 says.")
        return list(problems.values())

    @functools.cached_property
    def _validators(self) -> dict[tuple[str, str], jsonschema_rs.Draft202012Validator]:
        """Each validator by its pointer and its use: most schemas are asked again and again."""
        return {}

    def _validator(
        self, pointer: str, use: str, registry: jsonschema_rs.Registry, *, formats: bool, mask: str | None
    ) -> jsonschema_rs.Draft202012Validator:
        if (pointer, use) not in self._validators:
            made = jsonschema_rs.Draft202012Validator(_reference(pointer), validate_formats=formats, registry=registry, mask=mask)
            self._validators[pointer, use] = made
        return self._validators[pointer, use]

    def validator(self, pointer: str) -> jsonschema_rs.Draft202012Validator:
        """A validator of the JSON Schema that stands at `pointer`, formats included."""
        return self._validator(pointer, "as it is", self._registry, formats=True, mask=None)

    @functools.cached_property
    def _registry_of_requests(self) -> jsonschema_rs.Registry:
        return self._registry_without("readOnly")

    def request_validator(self, pointer: str) -> jsonschema_rs.Draft202012Validator:
        """A validator of requests by the JSON Schema at `pointer`, formats included: what is `readOnly` need not be in a request."""
        return self._validator(pointer, "request", self._registry_of_requests, formats=True, mask=None)

    @functools.cached_property
    def _registry_of_answers(self) -> jsonschema_rs.Registry:
        return self._registry_without("writeOnly")

    def answer_validator(self, pointer: str, *, formats: bool) -> jsonschema_rs.Draft202012Validator:
        """A validator of answers by the JSON Schema at `pointer`; its messages show no value of an answer.

        What is `writeOnly` need not be in an answer, and `nullable: true`, which many documents still have from OpenAPI 3.0, allows null.
        """
        return self._validator(pointer, f"answer, {formats}", self._registry_of_answers, formats=formats, mask="the value")

    def _registry_without(self, word: str) -> jsonschema_rs.Registry:
        """The registry of the document with its schemas as they hold where nobody has to send what is `word`."""
        root = dict(self.root)
        sent = self._sent(root, word)
        return self._registry if sent is root else jsonschema_rs.Registry([(_URN, cast("dict[str, Any]", sent))])

    def _sent(self, value: Json, word: str, *, named: bool = False) -> Json:
        """`value` with its schemas as they hold where nobody has to send what is `word`; what has none that differ is the same object."""
        if isinstance(value, list):
            items = [self._sent(item, word) for item in value]
            return value if all(new is old for new, old in zip(items, value, strict=True)) else items
        if not isinstance(value, dict):
            return value
        changed = {
            key: new
            for key, child in value.items()
            if _is_described(key, child, named=named) and (new := self._sent(child, word, named=not named and key in _NAMES)) is not child
        }
        if not named:
            changed |= self._differences(value, word)
        return {**value, **changed} if changed else value

    def _differences(self, schema: Mapping[str, Json], word: str) -> dict[str, Json]:
        """The members of `schema` that are others where nobody has to send what is `word`."""
        found: dict[str, Json] = {}
        properties, required = schema.get("properties"), schema.get("required")
        if isinstance(properties, Mapping) and isinstance(required, list):
            kept = [name for name in required if not _says(self.resolve(properties.get(name)), word)]
            found |= {"required": kept} if kept != required else {}
        if word == "writeOnly" and schema.get("nullable") is True and isinstance(schema.get("type"), str):
            found["type"] = [schema["type"], "null"]
            if isinstance(values := schema.get("enum"), list):
                found["enum"] = [*values, None]
        return found


@functools.lru_cache(maxsize=1024)
def fragment(pointer: str) -> str:
    """`pointer` as a reference within the document has it (RFC 6901 section 6)."""
    return f"#{quote(pointer, safe='/~')}"


def _reference(pointer: str) -> dict[str, str]:
    return {"$ref": _URN + fragment(pointer)}


def _says(schema: Json, word: str) -> bool:
    return isinstance(schema, Mapping) and schema.get(word) is True


def parts_of(value: Json, path: tuple[object, ...] = (), *, named: bool = False) -> Iterator[tuple[tuple[object, ...], Mapping[str, Json]]]:
    """Place and content of each object that OpenAPI or JSON Schema defines. `named`: the members of `value` are names, so it is none itself."""
    waiting: list[tuple[tuple[object, ...], Json, bool]] = [(path, value, named)]
    while waiting:
        path, value, named = waiting.pop()
        members: list[tuple[object, Json]] = []
        if isinstance(value, Mapping):
            if not named:
                yield path, value
            members += [(key, child) for key, child in value.items() if _is_described(key, child, named=named)]
        elif isinstance(value, list):
            members += enumerate(value)
        inside = isinstance(value, Mapping) and not named
        # The last one that is put here is the first one that comes.
        waiting += [((*path, key), child, inside and key in _NAMES) for key, child in reversed(members) if isinstance(child, Mapping | list)]


def _is_described(key: str, child: Json, *, named: bool) -> bool:
    """True for a member that OpenAPI or JSON Schema gives a meaning; False for data."""
    is_extension = key.startswith("x-") and key != BUNDLED
    return named or not (key in _DATA or is_extension or (key == "examples" and isinstance(child, list)))


def read_document(source: str | Path) -> Document:
    """Read a document from a path, or from an http or https URL. Raises ContractError when it cannot be read."""
    name = str(source)
    try:
        raw = _download(name) if name.startswith(("http://", "https://")) else Path(source).read_bytes()
        text = raw.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError, ValueError) as error:
        what = getattr(error, "strerror", None) or str(error)
        raise ContractError(
            [Problem(name, None, "", f"The document cannot be read: {what}.", "Give the path or URL of an OpenAPI document in UTF-8.")]
        ) from error
    return Document(text, name)


def _download(url: str) -> bytes:
    import httpx

    try:
        with httpx.stream("GET", url, timeout=10, follow_redirects=True) as response:
            response.raise_for_status()
            content = b""
            for chunk in response.iter_bytes():
                content += chunk
                if len(content) > _MAXIMUM_BYTES:
                    raise ValueError(f"it is larger than {_MAXIMUM_BYTES} bytes")
            return content
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ValueError(str(error) or type(error).__name__) from error
