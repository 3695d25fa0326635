"""The plainest value that a schema allows, as far as its words say one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from authproof_spec.document import Document
from authproof_spec.pointer import Json, get, split

Place = tuple[object, ...]
Choose = Callable[[Place, Iterator[Json]], Json]
"""Picks one of the values that are proposed for the schema at a place."""

_DEEPEST = 8
_FORMATS = {
    "date": "2026-01-01",
    "date-time": "2026-01-01T00:00:00Z",
    "duration": "PT1H",
    "email": "someone@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "time": "00:00:00Z",
    "uri": "https://example.com/",
    "uuid": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
}


class Plain:
    """Makes a value from what a schema gives as an example, else from its type, bounds of size and composition."""

    def __init__(self, document: Document, choose: Choose) -> None:
        self._document = document
        self._choose = choose

    def of(self, pointer: str) -> Json:
        """A value for the schema at `pointer`."""
        return self._value(split(pointer), get(self._document.root, pointer))

    def _value(self, place: Place, raw: Json, depth: int = 0) -> Json:
        place, schema = self._document.follow(place, raw)
        if not isinstance(schema, Mapping) or depth > _DEEPEST:
            return None
        return self._choose(place, self._proposed(place, schema, depth))

    def _proposed(self, place: Place, schema: Mapping[str, Json], depth: int) -> Iterator[Json]:
        for given in ("const", "example", "default"):
            if given in schema:
                yield schema[given]
        for several in ("examples", "enum"):
            yield from _array(schema.get(several))
        for word in ("oneOf", "anyOf"):
            if choices := _array(schema.get(word)):
                beside = self._typed(place, schema, depth)
                for index, choice in enumerate(choices):
                    yield _merged([self._value((*place, word, index), choice, depth + 1), beside])
                return
        if parts := _array(schema.get("allOf")):
            values = [self._value((*place, "allOf", index), part, depth + 1) for index, part in enumerate(parts)]
            yield _merged([*values, self._typed(place, schema, depth)])
            return
        yield self._typed(place, schema, depth)

    def _typed(self, place: Place, schema: Mapping[str, Json], depth: int) -> Json:
        types = schema.get("type", "object" if "properties" in schema else None)
        kind = next((kind for kind in types if kind != "null"), "null") if isinstance(types, list) else types
        if kind == "object":
            return self._object(place, schema, depth)
        if kind == "array":
            least = schema.get("minItems")
            return [self._value((*place, "items"), schema.get("items"), depth + 1)] * (least if isinstance(least, int) else 0)
        if kind == "string":
            return _text(schema)
        if kind in {"integer", "number"}:
            return _number(schema)
        return False if kind == "boolean" else None

    def _object(self, place: Place, schema: Mapping[str, Json], depth: int) -> Json:
        properties = schema.get("properties")
        members = properties if isinstance(properties, Mapping) else {}
        needed = _array(schema.get("required"))
        return {
            name: self._value((*place, "properties", name), member, depth + 1)
            for name, member in members.items()
            # Optional members are left out of deep values, where a schema may contain itself.
            if (depth < _DEEPEST // 2 or name in needed) and not is_write_only(self._document, member)
        }


def is_write_only(document: Document, schema: Json) -> bool:
    """True for the schema of a member that has no place in an answer."""
    return get(document.resolve(schema), "/writeOnly") is True


def _merged(values: Sequence[Json]) -> Json:
    objects = [value for value in values if isinstance(value, Mapping)]
    if objects:
        return {name: member for value in objects for name, member in value.items()}
    return next((value for value in values if value is not None), None)


def _text(schema: Mapping[str, Json]) -> str:
    least = schema.get("minLength")
    plain = _FORMATS.get(str(schema.get("format")), "text")
    longest = schema.get("maxLength")
    return plain.ljust(least if isinstance(least, int) else 0, "x")[: longest if isinstance(longest, int) else None]


def _number(schema: Mapping[str, Json]) -> int | float:
    for bound, step in (("minimum", 0), ("exclusiveMinimum", 1), ("maximum", 0), ("exclusiveMaximum", -1)):
        if isinstance(limit := schema.get(bound), int | float):
            return limit + step
    return 0


def _array(value: Json) -> Sequence[Json]:
    return value if isinstance(value, list) else ()
