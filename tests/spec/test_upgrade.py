"""OpenAPI 3.0 as 3.1."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from authproof_spec import load_contract
from authproof_spec.pointer import Json

NULL, TEXT = None, "text"


@pytest.mark.parametrize(
    ("schema", "valid", "invalid"),
    [
        ("{type: string, nullable: true}", [NULL, TEXT], [1]),
        ("{type: string, nullable: false}", [TEXT], [NULL]),
        ("{type: string, enum: [text], nullable: true}", [NULL, TEXT], ["other"]),
        ("{type: number, minimum: 1, exclusiveMinimum: true}", [2], [1]),
        ("{type: number, maximum: 1, exclusiveMaximum: false}", [1], [2]),
        ('{$ref: "#/components/schemas/Error", nullable: true}', [{"message": "x"}], [NULL]),
        ("{type: object, properties: {nullable: {type: boolean}}}", [{"nullable": True}], [{"nullable": 1}]),
        ("{type: object, properties: {a: {allOf: [{type: string, nullable: true}]}}}", [{"a": NULL}], [{"a": 1}]),
    ],
)
def test_schemas_keep_their_meaning(write: Callable[..., Path], example: str, schema: str, valid: list[Json], invalid: list[Json]) -> None:
    change = ("schema: {type: array, items: {type: string}}", f"schema: {schema}")
    contract = load_contract(write(example, ("openapi: 3.1.0", "openapi: 3.0.3"), change))
    assert contract.document.root["openapi"] == "3.1.0"
    operation = next(operation for operation in contract.operations if operation.id == "listNotes")
    media = operation.responses["200"].media_type
    assert media
    assert media.schema
    validator = contract.document.validator(media.schema)
    assert all(validator.is_valid(value) for value in valid)
    assert not any(validator.is_valid(value) for value in invalid)
