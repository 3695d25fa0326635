"""What the document says of a request's field, wherever its schema has it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from authproof.schemas import Field, request_field
from authproof_spec import Contract, load_contract
from authproof_spec.pointer import Json
from tests.proof.detection import contract


def with_schema(tmp_path: Path, schema: Json) -> Contract:
    """The bundled document with another body of a creation."""
    root = dict(contract().document.root)
    components = dict(root["components"])  # type: ignore[arg-type]
    root["components"] = {**components, "schemas": {**components["schemas"], "NewPersonalAccessToken": schema}}  # type: ignore[dict-item]
    path = tmp_path / "openapi.yaml"
    path.write_text(yaml.safe_dump(root), "utf-8")
    return load_contract(path)


def field_of(found: Contract, pointer: str) -> Field:
    personal = found.applications["admin"].personal_access_tokens
    assert personal
    return request_field(found, personal.create, pointer)


def test_the_bundled_document() -> None:
    name, expiry = field_of(contract(), "/name"), field_of(contract(), "/expiresAt")
    assert (name.limit("minLength"), name.limit("maxLength"), name.is_required, name.types) == (3, 128, True, frozenset({"string"}))
    assert (expiry.formats, expiry.limit("maxLength")) == (frozenset({"date-time", "date"}), None)


@pytest.mark.parametrize(
    ("schema", "required", "types", "limit"),
    [
        ({"type": "object", "properties": {"name": {"type": "string", "maxLength": 9}}}, False, {"string"}, 9),
        ({"type": "object", "properties": {"name": {"$ref": "#/components/schemas/Password"}}, "required": ["name"]}, True, {"string"}, 1024),
        ({"allOf": [{"properties": {"name": {"type": ["string", "null"]}}}, {"required": ["name"]}]}, True, {"string", "null"}, None),
        ({"properties": {"name": {"anyOf": [{"type": "integer"}, {"type": "null"}]}}}, False, {"integer", "null"}, None),
        ({"properties": {"name": True}}, True, set(), None),
        ({"type": "object"}, True, set(), None),
        (True, True, set(), None),
    ],
)
def test_a_field(tmp_path: Path, schema: Json, required: bool, types: set[str], limit: int | None) -> None:  # noqa: FBT001
    field = field_of(with_schema(tmp_path, schema), "/name")
    assert (field.is_required, field.types, field.limit("maxLength")) == (required, frozenset(types), limit)


def test_a_deeper_field(tmp_path: Path) -> None:
    inner: Json = {"properties": {"name": {"type": "string", "minLength": 4}}, "required": ["name"]}
    assert field_of(with_schema(tmp_path, {"properties": {"token": inner}}), "/token/name").limit("minLength") == 4


def test_an_operation_without_a_body() -> None:
    personal = contract().applications["admin"].personal_access_tokens
    assert personal
    assert request_field(contract(), personal.list, "/name") == Field()
