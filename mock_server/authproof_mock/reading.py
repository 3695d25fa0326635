"""Texts, of a query or a form, as the values that a schema means by them."""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Iterator, Mapping, Sequence

from authproof_mock import strict_json
from authproof_spec.document import Document
from authproof_spec.pointer import Json

_DEEPEST = 8
# RFC 8259 section 6, with bounds within which Python reads a number.
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,3999})(\.\d{1,300})?([eE][+-]?\d{1,4})?", re.ASCII)
_NAMES: Mapping[type, str] = {bool: "boolean", int: "integer", float: "number", type(None): "null"}


class Reading:
    """Reads texts by the types of schemas, those of the parts of a composition included."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._types: dict[str, frozenset[str]] = {}

    def value(self, raw: Json, texts: Sequence[str]) -> Json:
        """What `texts` say where the schema `raw` is: a list where it may be one, or where there are several of them."""
        if "array" in self.types(raw):
            items = next((part["items"] for part in self._parts(raw) if "items" in part), None)
            return [self._one(items, text) for text in texts]
        return self._one(raw, texts[0]) if len(texts) == 1 else texts

    def members(self, raw: Json, texts: Mapping[str, Sequence[str]]) -> dict[str, Json]:
        """The object that `texts`, by member, say where the schema `raw` is."""
        declared = self.properties(raw)
        return {name: self.value(declared.get(name), values) for name, values in texts.items()}

    def properties(self, raw: Json) -> Mapping[str, Json]:
        """The schemas of the members that the schema `raw` names."""
        named = (part.get("properties") for part in self._parts(raw))
        return {name: member for members in named if isinstance(members, Mapping) for name, member in members.items()}

    def types(self, raw: Json) -> frozenset[str]:
        """The types that the schema `raw` names, and those of the values that it lists."""
        reference = raw.get("$ref") if isinstance(raw, Mapping) else None
        if not isinstance(reference, str):
            return frozenset(name for part in self._parts(raw) for name in _types(part))
        # Every call asks for those of its parameters.
        if reference not in self._types:
            self._types[reference] = frozenset(name for part in self._parts(raw) for name in _types(part))
        return self._types[reference]

    def _parts(self, raw: Json, depth: int = 0) -> Iterator[Mapping[str, Json]]:
        schema = self._document.resolve(raw)
        if not isinstance(schema, Mapping) or depth > _DEEPEST:
            return
        yield schema
        for word in ("allOf", "anyOf", "oneOf"):
            for part in _array(schema.get(word)):
                yield from self._parts(part, depth + 1)

    def _one(self, raw: Json, text: str) -> Json:
        types = self.types(raw)
        if types & {"integer", "number"} and (found := _NUMBER.fullmatch(text)):
            number = float(text) if any(found.groups()) else int(text)
            # What is too large for a float is no number that a schema can judge.
            return number if isinstance(number, int) or math.isfinite(number) else text
        if "boolean" in types and text in {"true", "false"}:
            return text == "true"
        if "object" in types:
            # The part of a form that is an object is written as JSON (OpenAPI, Encoding Object).
            with contextlib.suppress(ValueError):
                return strict_json.parse(text.encode())
        return None if "null" in types and not text else text


def _types(schema: Mapping[str, Json]) -> Iterator[str]:
    named = schema.get("type")
    yield from [named] if isinstance(named, str) else map(str, _array(named))
    listed = (*_array(schema.get("enum")), *([schema["const"]] if "const" in schema else []))
    yield from (_NAMES.get(type(value), "string") for value in listed if not isinstance(value, Mapping | list))


def _array(value: Json) -> Sequence[Json]:
    return value if isinstance(value, list) else ()
