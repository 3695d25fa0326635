"""The extension's JSON Schema, and the page that describes it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from authproof_spec import extension_schema, load_contract
from authproof_spec.contract import Meaning

PAGE = (Path(__file__).parents[2] / "docs" / "extension.md").read_text("utf-8")
SCHEMA: dict[str, Any] = extension_schema()
VALIDATOR = jsonschema_rs.Draft202012Validator(SCHEMA, validate_formats=True)


def followed(schema: dict[str, Any]) -> dict[str, Any]:
    return {**SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]], **schema} if "$ref" in schema else schema


def members(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, bool]]:
    """Every member of the extension as the page writes it, and whether it is required."""
    for name, raw in schema.get("properties", {}).items():
        member, place = followed(raw), f"{path}.{name}" if path else name
        yield place, name in schema.get("required", [])
        yield from members(member, place)
        yield from members(member.get("items", {}), f"{place}[]")
        if isinstance(more := member.get("additionalProperties"), dict):
            yield from members(followed(more), f"{place}.*")


def test_the_schema_is_one_and_the_bundled_extension_fits_it() -> None:
    assert jsonschema_rs.meta.is_valid(SCHEMA)
    extension = load_contract().document.root["x-authproof"]
    assert list(VALIDATOR.iter_errors(extension)) == []


def test_no_object_of_the_extension_takes_unknown_members() -> None:
    def objects(schema: object) -> Iterator[dict[str, Any]]:
        if isinstance(schema, dict):
            if schema.get("type") == "object":
                yield schema
            for child in schema.values():
                yield from objects(child)

    found = list(objects(SCHEMA))
    assert len(found) > 20
    assert [schema for schema in found if "additionalProperties" not in schema] == []


def test_the_meanings_of_claims_are_those_of_the_model() -> None:
    assert set(SCHEMA["properties"]["tokens"]["properties"]["claims"]["additionalProperties"]["enum"]) == {meaning.value for meaning in Meaning}


def test_the_page_describes_every_member_and_no_other() -> None:
    rows = re.findall(r"^\| `([^`]+)` \| (●?) *\| (.+) \|$", PAGE, re.MULTILINE)
    assert {(member, bool(required)) for member, required, _ in rows} == set(members(SCHEMA))
    assert len(rows) == len({member for member, _, _ in rows})
    assert all(text.endswith(".") for _, _, text in rows)


def test_the_page_shows_the_message_that_the_loader_gives(tmp_path: Path) -> None:
    example = PAGE.partition("```yaml\n")[2].partition("```\n")[0]
    path = tmp_path / "notes.yaml"
    path.write_text(example.replace("cookie: {path: /session,", "cookie: {path: /login,"))
    with pytest.raises(Exception, match="does not cover refresh") as caught:
        load_contract(path)
    assert str(caught.value).splitlines()[0].replace(str(path), path.name) in PAGE


@pytest.mark.parametrize("value", [3, [], "x", {}, {"version": 1}, {"version": 1, "tokens": {}, "applications": {}}])
def test_what_is_no_extension_is_refused(value: object) -> None:
    assert not VALIDATOR.is_valid(value)
