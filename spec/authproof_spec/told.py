"""What a schema tells of the text of a body's member. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from authproof_spec.document import Document
from authproof_spec.pointer import Json, split

_DEEPEST = 3
_MOST = 500
"""Parts that are looked at: references let a small document unfold to very many."""
_LITERAL = re.compile(r"\^?([^\\^$.|?*+()[\]{}]+)\$?")
"""A regular expression that is plain text, anchored or not."""


def told_text(document: Document, schema: Json, pointer: str) -> str | None:
    """The text of the member at `pointer` of a body of `schema`: the only one that it allows, else the one that it names first."""
    parts = [*islice(_parts(document, schema), _MOST)]
    for token in split(pointer):
        members = (part for holder in parts for part in _parts(document, _object(holder.get("properties")).get(token)))
        parts = [*islice(members, _MOST)]
    values = (value for part in parts for value in _values(part))
    return next((value for value in values if isinstance(value, str)), None)


def _values(schema: Mapping[str, Json]) -> Iterator[Json]:
    if "const" in schema:
        yield schema["const"]
    choices = _array(schema.get("enum"))
    if len(choices) == 1:
        yield choices[0]
    yield from (schema[word] for word in ("default", "example") if word in schema)
    yield from (*_array(schema.get("examples")), *choices)
    if isinstance(pattern := schema.get("pattern"), str) and (found := _LITERAL.fullmatch(pattern)):
        yield found[1]


def _parts(document: Document, raw: Json, depth: int = 0) -> Iterator[Mapping[str, Json]]:
    """The schema `raw`, and those that it is composed of."""
    schema = document.resolve(raw)
    if not isinstance(schema, Mapping):
        return
    yield schema
    if depth < _DEEPEST:
        for word in ("allOf", "oneOf", "anyOf"):
            for part in _array(schema.get(word)):
                yield from _parts(document, part, depth + 1)


def _object(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}


def _array(value: Json) -> Sequence[Json]:
    return value if isinstance(value, list) else ()
