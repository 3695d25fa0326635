"""Answers of operations that the mock knows nothing of, from the document's examples and schemas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from authproof_mock.http import NOTHING, Answer, Nothing
from authproof_spec.contract import Operation
from authproof_spec.document import Document
from authproof_spec.pointer import Json, get

_DEEPEST = 8
_FORMATS = {
    "date": "2026-01-01",
    "date-time": "2026-01-01T00:00:00Z",
    "email": "someone@example.com",
    "uri": "https://example.com/",
    "uuid": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
}


class Samples:
    """Makes a value of the document's own making: an example, else the plainest one that its schema allows."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._as_declared: set[tuple[str, int]] = set()

    def answer(self, operation: Operation) -> Answer:
        """The declared success of `operation`."""
        return Answer(operation.success_status, self._payload(operation))

    def examples(self, operation: Operation) -> Sequence[Json]:
        """The examples of the declared success."""
        rule = operation.response(operation.success_status)
        media = rule.media_type if rule else None
        # They stand in the document, so they are JSON.
        return list(media.examples.values()) if media else []  # type: ignore[arg-type]

    def completed(self, operation: Operation, status: int, payload: Mapping[str, Json]) -> Mapping[str, Json]:
        """`payload` with the members that the document demands beside what we know of; for an error that is shaped otherwise, its sample.

        Payloads of one place are made alike, so once one is as declared, no later one is looked at.
        """
        rule = operation.response(status)
        media = rule.media_type if rule else None
        place = operation.id, status
        if place in self._as_declared or media is None or media.schema is None:
            return payload
        validator = self._document.validator(media.schema)
        try:
            if validator.is_valid(payload):
                self._as_declared.add(place)
                return payload
            sample = next(iter(media.examples.values()), None) or self.value(get(self._document.root, media.schema))
            candidates = [{**sample, **payload}, *([sample] if status >= 400 else [])] if isinstance(sample, Mapping) else []
            return next((candidate for candidate in candidates if validator.is_valid(candidate)), payload)
        except ValueError:  # text that no schema follows
            return payload

    def _payload(self, operation: Operation) -> Json | Nothing:
        rule = operation.response(operation.success_status)
        media = rule.media_type if rule else None
        if media is None or not media.name.endswith(("/json", "+json")):
            return NOTHING
        if examples := self.examples(operation):
            return examples[0]
        return NOTHING if media.schema is None else self.value(get(self._document.root, media.schema))

    def value(self, schema: Json, depth: int = 0) -> Json:
        """A value that `schema` allows, as far as its types, bounds of size and composition go."""
        schema = self._document.resolve(schema)
        if not isinstance(schema, Mapping) or depth > _DEEPEST:
            return None
        for given in ("const", "example", "default"):
            if given in schema:
                return schema[given]
        for several in ("examples", "enum"):
            if isinstance(choices := schema.get(several), Sequence) and choices:
                return choices[0]
        for choice in ("oneOf", "anyOf"):
            if isinstance(choices := schema.get(choice), Sequence) and choices:
                return self._merged([self.value(choices[0], depth + 1), self._plain({**schema, choice: None}, depth)])
        if isinstance(parts := schema.get("allOf"), Sequence):
            return self._merged([*(self.value(part, depth + 1) for part in parts), self._plain(schema, depth)])
        return self._plain(schema, depth)

    def _merged(self, values: Sequence[Json]) -> Json:
        objects = [value for value in values if isinstance(value, Mapping)]
        if objects:
            return {name: member for value in objects for name, member in value.items()}
        return next((value for value in values if value is not None), None)

    def _plain(self, schema: Mapping[str, Json], depth: int) -> Json:
        types = schema.get("type", "object" if "properties" in schema else None)
        kind = next((kind for kind in types if kind != "null"), "null") if isinstance(types, list) else types
        if kind == "object":
            properties = schema.get("properties")
            members = properties.items() if isinstance(properties, Mapping) else ()
            required = schema.get("required")
            needed = required if isinstance(required, Sequence) else ()
            # Optional members are left out of deep values, where a schema may contain itself.
            return {name: self.value(member, depth + 1) for name, member in members if depth < _DEEPEST // 2 or name in needed}
        if kind == "array":
            least = schema.get("minItems")
            return [self.value(schema.get("items"), depth + 1)] * (least if isinstance(least, int) else 0)
        if kind == "string":
            return _text(schema)
        if kind in {"integer", "number"}:
            return _number(schema)
        return False if kind == "boolean" else None


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
