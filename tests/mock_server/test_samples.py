from __future__ import annotations

from typing import Any

import pytest
import yaml

from authproof_mock.http import NOTHING
from authproof_mock.samples import Samples
from authproof_spec import Contract
from authproof_spec.document import Document

SCHEMAS: dict[str, Any] = {
    "Named": {
        "type": "object",
        "required": ["name"],
        "properties": {"name": {"type": "string", "minLength": 6}, "tags": {"type": "array", "minItems": 2, "items": {"type": "string"}}},
    },
    "Tree": {"type": "object", "properties": {"value": {"type": "integer", "minimum": 3}, "left": {"$ref": "#/components/schemas/Tree"}}},
    "Both": {"allOf": [{"$ref": "#/components/schemas/Named"}, {"type": "object", "properties": {"age": {"type": "number", "exclusiveMaximum": 0}}}]},
    "Either": {"oneOf": [{"type": "integer", "maximum": -2}, {"type": "string"}]},
    "Maybe": {"type": ["null", "boolean"]},
    "Null": {"type": "null"},
    "Choice": {"enum": ["red", "green"]},
    "Constant": {"const": {"a": 1}},
    "Given": {"type": "string", "default": "given"},
    "Moment": {"type": "string", "format": "date-time"},
    "Mail": {"type": "string", "format": "email", "maxLength": 40},
    "Extended": {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "x"}}, "anyOf": [{"required": ["kind"]}]},
}


@pytest.fixture(scope="module")
def document() -> Document:
    return Document(yaml.safe_dump({"openapi": "3.1.0", "components": {"schemas": SCHEMAS}}), "samples")


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_value_is_one_that_its_schema_allows(document: Document, name: str) -> None:
    value = Samples(document).value({"$ref": f"#/components/schemas/{name}"})
    assert not [error.message for error in document.validator(f"/components/schemas/{name}").iter_errors(value)]


def test_examples_come_first(contract: Contract) -> None:
    operations = {operation.id: operation for operation in contract.operations}
    samples = Samples(contract.document)
    assert samples.answer(operations["getHealth"]).payload == {"status": "up"}
    assert samples.answer(operations["deleteUser"]).payload is NOTHING
    assert samples.answer(operations["deleteUser"]).status == 204
