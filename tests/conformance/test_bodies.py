"""What a body is made of, and what is read from it again."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproof.bodies import JSON, decode, encode
from authproof_spec.contract import FORM, MediaType, RequestBody
from authproof_spec.pointer import Json
from tests.conformance.checks.building import operation

LOGIN = operation("POST /api/auth/login")
FORMS = replace(LOGIN, request_body=RequestBody(required=True, content=(MediaType("multipart/form-data", None), MediaType(FORM, None))))
BOTH = replace(LOGIN, request_body=RequestBody(required=True, content=(MediaType(FORM, None), MediaType("application/json", None))))


@given(st.dictionaries(st.text(st.characters(codec="utf-8"), min_size=1), st.text(st.characters(codec="utf-8"))))
def test_the_fields_of_a_form_are_read_again(fields: dict[str, Json]) -> None:
    content, media_type = encode(FORMS, fields)
    assert media_type == FORM
    assert decode(content, f"{media_type}; charset=utf-8") == fields


@pytest.mark.parametrize("declared", [LOGIN, BOTH, replace(LOGIN, request_body=None)])
def test_json_goes_before_a_form(declared: object) -> None:
    content, media_type = encode(declared, {"a": [1]})  # type: ignore[arg-type]
    assert (json.loads(content), media_type) == ({"a": [1]}, JSON)
    assert decode(content, media_type) == {"a": [1]}


def test_what_is_no_object_is_no_form() -> None:
    assert encode(FORMS, ["a"]) == (b'["a"]', JSON)


def test_what_is_no_text_stands_in_a_form_as_json_has_it() -> None:
    assert encode(FORMS, {"a": True, "b": None, "c": 1}) == (b"a=true&b=null&c=1", FORM)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000])
def test_nothing_is_read_from_what_is_neither(content: bytes) -> None:
    assert decode(content, JSON) is None
