"""What the document says of one field of a request body. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from authproof_spec import Contract, Operation
from authproof_spec.pointer import Json, get, split


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a request body: its schema, as far as the document has one, and whether it must be there."""

    schema: Mapping[str, Json] = field(default_factory=dict)
    is_required: bool = True

    @property
    def types(self) -> frozenset[str]:
        """The JSON types that the schema names, here or in a choice."""
        return frozenset(self._values("type"))

    @property
    def formats(self) -> frozenset[str]:
        """The formats that the schema names, here or in a choice."""
        return frozenset(self._values("format"))

    def limit(self, name: str) -> int | None:
        """The schema's whole-numbered bound `name`, such as maxLength; None when it has none."""
        value = self.schema.get(name)
        return value if isinstance(value, int) else None

    def _values(self, name: str) -> Iterator[str]:
        choices = [self.schema, *(choice for word in ("anyOf", "oneOf", "allOf") for choice in _list(self.schema.get(word)))]
        for choice in choices:
            value = choice.get(name) if isinstance(choice, Mapping) else None
            yield from (str(entry) for entry in (value if isinstance(value, list) else [value]) if entry is not None)


def request_field(contract: Contract, operation: Operation, pointer: str) -> Field:
    """The field at `pointer` of the operation's JSON body."""
    bodies = operation.request_body.content if operation.request_body else ()
    media = next((media for media in bodies if media.is_json), None)
    if media is None or media.schema is None:
        return Field()
    found = Field(_object(contract, get(contract.document.root, media.schema)))
    for name in split(pointer):
        parts = [found.schema, *(_object(contract, part) for part in _list(found.schema.get("allOf")))]
        owner = next((part for part in parts if isinstance(get(part.get("properties"), f"/{name}"), Mapping)), None)
        if owner is None:
            return Field()
        required = [entry for part in parts for entry in _list(part.get("required"))]
        found = Field(_object(contract, get(owner.get("properties"), f"/{name}")), name in required)
    return found


def _object(contract: Contract, value: Json) -> Mapping[str, Json]:
    schema = contract.document.resolve(value)
    return schema if isinstance(schema, Mapping) else {}


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
