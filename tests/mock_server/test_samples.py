from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from authproof_mock.http import NOTHING, Answer, Content
from authproof_mock.samples import Samples
from authproof_spec import Contract, Operation, load_contract
from authproof_spec.pointer import Json
from tests.small_document import small_document

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
    "Patterned": {"type": "string", "pattern": "^[A-Z]{3}-[0-9]{4}$"},
    "Endless": {
        "type": "object",
        "required": ["next"],
        "properties": {"next": {"anyOf": [{"$ref": "#/components/schemas/Endless"}, {"type": "null"}]}},
    },
    "Pair": {"type": "array", "prefixItems": [{"type": "number"}, {"enum": ["N", "S"]}], "items": False, "minItems": 2},
    "Map": {"type": "object", "patternProperties": {"^l(at|on)$": {"type": "number"}}, "minProperties": 2, "additionalProperties": False},
    "Even": {"type": "array", "minItems": 3, "uniqueItems": True, "items": {"type": "integer", "minimum": 1.5, "maximum": 9, "multipleOf": 2}},
    "Unlisted": {"type": "object", "required": ["zzz"], "additionalProperties": {"type": "string"}},
    "Not": {"allOf": [{"type": "integer", "minimum": 5}, {"type": "integer", "maximum": 6}], "not": {"const": 5}},
    "ShortMail": {"type": "string", "format": "email", "maxLength": 8},
    "Misled": {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer", "example": "one"}}},
    **{form: {"type": "string", "format": form} for form in ("ipv4", "ipv6", "time", "duration", "hostname", "uri-reference", "idn-email")},
    "Extended": {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "x"}}, "anyOf": [{"required": ["kind"]}]},
}


Response = dict[str, Any]
Answered = Callable[..., Answer]


def contract_of(responses: dict[str, Response], path: Path, schemas: dict[str, Any] = SCHEMAS) -> Contract:
    """A contract with the operation `get`, which has those responses."""
    tree = small_document()
    tree["components"]["schemas"] = schemas
    tree["paths"]["/get"] = {"get": {"operationId": "get", "responses": responses}}
    (path / "openapi.yaml").write_text(yaml.safe_dump(tree), "utf-8")
    return load_contract(path / "openapi.yaml")


@pytest.fixture
def answered(tmp_path: Path) -> Answered:
    """The answer by a declared response."""

    def answer(response: Response, status: int = 200) -> Answer:
        contract = contract_of({str(status): {"description": "It.", **response}}, tmp_path)
        return Samples(contract.document).answer(operation_of(contract), status)

    return answer


def operation_of(contract: Contract) -> Operation:
    return next(operation for operation in contract.operations if operation.id == "get")


def of_type(media: str, **content: Any) -> Response:
    return {"content": {media: content}}


@pytest.fixture(scope="module")
def all_schemas(tmp_path_factory: pytest.TempPathFactory) -> tuple[Contract, Samples]:
    responses = {
        str(210 + index): {"description": name, **of_type("application/json", schema={"$ref": f"#/components/schemas/{name}"})}
        for index, name in enumerate(SCHEMAS)
    }
    contract = contract_of(responses, tmp_path_factory.mktemp("samples"))
    return contract, Samples(contract.document)


@pytest.mark.parametrize("name", SCHEMAS)
def test_an_answer_is_one_that_its_schema_allows(all_schemas: tuple[Contract, Samples], name: str) -> None:
    contract, samples = all_schemas
    value = samples.answer(operation_of(contract), 210 + list(SCHEMAS).index(name)).payload
    validator = contract.document.answer_validator(f"/components/schemas/{name}", formats=True)
    assert not [error.message for error in validator.iter_errors(value)]


def test_examples_come_first(contract: Contract) -> None:
    operations = {operation.id: operation for operation in contract.operations}
    samples = Samples(contract.document)
    assert samples.answer(operations["getHealth"]).payload == {"status": "up"}
    assert samples.answer(operations["deleteUser"]).payload is NOTHING
    assert samples.answer(operations["deleteUser"]).status == 204


NUMBER: Json = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}


@pytest.mark.parametrize(
    ("content", "payload"),
    [
        ({"schema": NUMBER, "example": {"n": 3}}, {"n": 3}),
        ({"schema": NUMBER, "example": {"n": "one"}}, {"n": 0}),
        ({"schema": NUMBER, "examples": {"bad": {"value": {"n": "one"}}, "good": {"value": {"n": 4}}}}, {"n": 4}),
        ({"example": {"any": "thing"}}, {"any": "thing"}),
        ({}, None),
    ],
)
def test_an_example_that_does_not_fit_is_passed_over(answered: Answered, content: Response, payload: Json) -> None:
    assert answered(of_type("application/json", **content)).payload == payload
    assert answered(of_type("*/*", **content)).payload == payload


def test_only_what_does_not_fit_is_generated(answered: Answered) -> None:
    properties = {"sku": SCHEMAS["Patterned"], "name": {"type": "string", "example": "Chair"}}
    schema = {"type": "object", "required": ["sku"], "properties": properties}
    assert answered(of_type("application/json", schema=schema)).payload == {"sku": "AAA-0000", "name": "Chair"}


def test_what_is_for_requests_alone_is_in_no_answer(answered: Answered) -> None:
    hidden = {"type": "string", "writeOnly": True}
    plain = {"type": "object", "required": ["secret", "n"], "properties": {"secret": hidden, "n": {"type": "integer"}}}
    assert answered(of_type("application/json", schema=plain)).payload == {"n": 0}
    schema = {**plain, "required": ["secret", "other"], "additionalProperties": {"type": "string"}}
    payload = answered(of_type("application/json", schema=schema)).payload
    assert isinstance(payload, dict)
    assert payload.keys() >= {"other"}
    assert "secret" not in payload


def test_where_nothing_fits_the_plainest_value_is_answered(answered: Answered) -> None:
    schema = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer", "minimum": 2, "maximum": 1}}}
    assert answered(of_type("application/json", schema=schema)).payload == {"n": 2}


@pytest.mark.parametrize(
    ("media", "content", "data"),
    [
        ("text/csv", {"schema": {"type": "string"}, "example": "a,b\n1,2\n"}, b"a,b\n1,2\n"),
        ("text/plain", {"schema": {"type": "string"}}, b"text"),
        ("text/plain; charset=utf-8", {}, b"text"),
        ("application/octet-stream", {"schema": {"type": "string", "format": "binary"}}, b"text"),
        ("application/xml", {"example": "<a/>"}, b"<a/>"),
    ],
)
def test_bodies_that_are_no_json(answered: Answered, media: str, content: Response, data: bytes) -> None:
    assert answered(of_type(media, **content)).payload == Content(media, data)


def test_pictures_and_ranges(answered: Answered) -> None:
    for media in ("image/png", "image/*"):
        picture = answered(of_type(media, schema={})).payload
        assert isinstance(picture, Content)
        assert (picture.media_type, picture.data[1:4]) == ("image/png", b"PNG")
    assert answered(of_type("text/*")).payload == Content("text/plain", b"text")
    assert answered(of_type("application/xml", schema=NUMBER)).payload is NOTHING


def test_a_declared_redirect_is_the_success(tmp_path: Path) -> None:
    location = {"Location": {"required": True, "schema": {"type": "string", "format": "uri"}}}
    contract = contract_of({"302": {"description": "Away.", "headers": location}, "default": {"description": "No."}}, tmp_path)
    answer = Samples(contract.document).answer(operation_of(contract))
    assert (answer.status, answer.headers) == (302, [("location", "https://example.com/")])


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ({"schema": {"type": "integer", "minimum": 3}}, "3"),
        ({"schema": {"type": "boolean"}}, "false"),
        ({"schema": {"type": "array", "minItems": 2, "items": {"enum": ["a"]}}}, "a,a"),
        ({"schema": {"type": "string"}, "example": "given"}, "given"),
        ({"schema": {"type": "string"}, "example": "line\nbreak"}, "text"),
        ({"content": {"text/plain": {}}}, "text"),
    ],
)
def test_required_fields_have_values(answered: Answered, header: Response, text: str) -> None:
    assert answered({"headers": {"X-It": {**header, "required": True}}}).headers == [("x-it", text)]


@pytest.mark.parametrize(
    ("schema", "payload"),
    [
        (
            {"properties": {"status": {"type": "integer"}, "title": {"type": "string"}, "x": {"type": "null"}}},
            {"status": 404, "title": "Not Found", "x": None},
        ),
        ({"properties": {"status": {"enum": ["failed"]}}}, {"status": "failed"}),
        ({"type": "string"}, "text"),
    ],
)
def test_an_error_tells_its_status(answered: Answered, schema: Response, payload: Json) -> None:
    assert answered(of_type("application/problem+json", schema=schema), 404).payload == payload
