"""What a schema tells of the text of a body's member."""

from __future__ import annotations

import json
from typing import Any

import pytest

from authproof_spec.document import Document
from authproof_spec.told import told_text

PASSWORD = {"const": "password"}


@pytest.mark.parametrize(
    ("member", "text"),
    [
        ({"const": "password"}, "password"),
        ({"type": "string", "enum": ["password"]}, "password"),
        ({"default": "password"}, "password"),
        ({"example": "password"}, "password"),
        ({"examples": ["password", "other"]}, "password"),
        ({"enum": ["password", "refresh_token"]}, "password"),
        ({"pattern": "^password$"}, "password"),
        ({"pattern": "password"}, "password"),
        ({"pattern": "^(password|code)$"}, None),
        ({"pattern": r"^\w+$"}, None),
        ({"type": "string"}, None),
        ({"const": 1}, None),
        (True, None),
        # What allows nothing else comes before what is given as an example.
        ({"example": "text", "enum": ["password"]}, "password"),
        ({"enum": ["a", "b"], "default": "b"}, "b"),
        ({"anyOf": [{"type": "null"}, PASSWORD]}, "password"),
        ({"$ref": "#/components/schemas/Password"}, "password"),
    ],
)
def test_the_text_of_a_member(member: Any, text: str | None) -> None:
    root = {"components": {"schemas": {"Password": PASSWORD}}}
    document = Document(json.dumps(root), "a.json")
    assert told_text(document, {"properties": {"grant_type": member}}, "/grant_type") == text


def test_a_member_is_found_however_its_body_is_composed() -> None:
    document = Document("{}", "a.json")
    body: Any = {"allOf": [{"properties": {"name": {"const": "other"}}}, {"properties": {"grant": {"oneOf": [{"properties": {"type": PASSWORD}}]}}}]}
    assert told_text(document, body, "/grant/type") == "password"
    assert told_text(document, body, "/grant/absent") is None


def test_a_body_that_unfolds_to_very_many_parts_is_looked_at_in_part() -> None:
    many = {name: {"anyOf": [{"$ref": f"#/{inner}"}] * 1000} for name, inner in (("a", "b"), ("b", "c"))}
    document = Document(json.dumps({**many, "c": {"properties": {"grant": {}}}}), "a.json")
    assert told_text(document, {"$ref": "#/a"}, "/grant") is None
