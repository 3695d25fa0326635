"""What a request carries so that it is valid in all but its credential."""

from __future__ import annotations

import json
import string
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproof.generated import Generated, Generator
from authproof.inputs import InputSource, nothing_like_text
from authproof_spec import Contract, Operation, load_contract
from tests.small_document import small_document


def contract_of(folder: Path, path: str, method: str, **declared: Any) -> Contract:
    """A contract with one operation of its own, called `thing`."""
    document = small_document()
    document["components"]["securitySchemes"]["key"] = {"type": "apiKey", "in": "header", "name": "X-Key"}
    document["paths"][path] = {
        method: {"operationId": "thing", "security": [{"bearer": []}, {"key": []}], "responses": {"200": {"description": "It."}}}
    }
    document["paths"][path][method] |= declared
    file = folder / "openapi.json"
    file.write_text(json.dumps(document), "utf-8")
    return load_contract(file)


def thing(contract: Contract) -> Operation:
    return next(operation for operation in contract.operations if operation.id == "thing")


def source_of(contract: Contract, given_values: Mapping[str | None, Mapping[str, str]] | None = None) -> InputSource:
    return InputSource(contract, given_values or {})


def parameter(place: str, schema: Any, *, name: str = "value", **further: Any) -> dict[str, Any]:
    return {"name": name, "in": place, "required": True, "schema": schema, **further}


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        (parameter("query", {"type": "string"}, example="told"), "told"),
        (parameter("query", {"type": "string", "enum": ["red", "blue"]}), "red"),
        (parameter("query", {"type": "string", "const": "fixed"}), "fixed"),
        (parameter("query", {"type": "string", "default": "usual"}), "usual"),
        (parameter("query", {"type": "string", "examples": ["one", "two"]}), "one"),
        (parameter("query", {"type": "string", "maxLength": 3}, example="too long"), None),
        (parameter("query", {"type": "integer"}), "1"),
        (parameter("query", {"type": "integer", "minimum": 20, "maximum": 20}), "20"),
        (parameter("query", {"type": "boolean"}), "true"),
        (parameter("query", {"type": "string"}), "example"),
        (parameter("query", {"type": "string", "pattern": "^[A-Z]{3}$"}), None),
        # An identifier that looks like a number.
        (parameter("query", {"type": "string"}, example=17), "17"),
        (parameter("query", {"type": "array", "items": {"type": "integer"}}, example=[1, 2]), "1"),
        (parameter("header", {"type": "array", "items": {"type": "integer"}}, example=[1, 2]), "1,2"),
        (parameter("cookie", {"type": "string"}, example="crumb"), "crumb"),
    ],
)
def test_a_parameter_has_a_value_that_its_schema_allows(tmp_path: Path, declared: dict[str, Any], value: str | None) -> None:
    contract = contract_of(tmp_path, "/things", "get", parameters=[declared])
    inputs = source_of(contract).of(thing(contract))
    found = {"query": dict(reversed(inputs.query)), "header": dict(inputs.headers), "cookie": dict(inputs.cookies)}[declared["in"]]["value"]
    assert value in {None, found}
    schema = contract.document.validator(thing(contract).parameters[0].schema or "")
    if declared["schema"]["type"] == "string":
        assert schema.is_valid(found)


def test_what_is_not_required_is_left_out_unless_the_profile_names_it(tmp_path: Path) -> None:
    optional = parameter("query", {"type": "string"}) | {"required": False}
    contract = contract_of(tmp_path, "/things", "get", parameters=[optional])
    assert source_of(contract).of(thing(contract)).query == ()
    assert source_of(contract, {"GET /things": {"value": "mine"}}).of(thing(contract)).query == (("value", "mine"),)


def test_a_value_of_a_list_counts_where_the_parameter_allows_it(tmp_path: Path) -> None:
    declared = [parameter("path", {"type": "integer", "minimum": 5}, name="id")]
    contract = contract_of(tmp_path, "/things/{id}", "get", parameters=declared)
    allowed = [value for value in ("7", "3", "seven") if source_of(contract).allows(thing(contract), "id", value)]
    assert allowed == ["7"]


def test_a_credential_is_no_input(tmp_path: Path) -> None:
    declared = [parameter("header", {"type": "string"}, name=name) for name in ("Authorization", "X-Key", "Accept", "X-Tenant")]
    contract = contract_of(tmp_path, "/things", "get", parameters=declared)
    assert [name for name, _ in source_of(contract).of(thing(contract)).headers] == ["X-Tenant"]


def test_the_profile_goes_before_a_list_and_a_list_before_an_example(tmp_path: Path) -> None:
    contract = contract_of(tmp_path, "/things/{value}", "get", parameters=[parameter("path", {"type": "string"}, example="told")])
    operation, source = thing(contract), source_of(contract)
    assert (source.of(operation).path, source.names_something(operation)) == ({"value": "told"}, False)
    source.learn(operation, "value", "listed")
    assert (source.of(operation).path, source.names_something(operation)) == ({"value": "listed"}, True)
    for name in (None, "GET /things/{value}"):
        told = InputSource(contract, {name: {"value": "mine"}}, {("thing", "value"): "listed"})
        assert (told.of(operation).path, told.names_something(operation)) == ({"value": "mine"}, True)


@pytest.mark.parametrize(
    "schema",
    [{"type": "integer"}, {"type": "string"}, {"type": "string", "format": "uuid"}, {"type": "string", "pattern": "^b-[0-9]{3}$"}],
    ids=json.dumps,
)
def test_what_writes_is_aimed_at_nothing(tmp_path: Path, schema: dict[str, Any]) -> None:
    example = {"uuid": "6f1d3c1e-0b57-4d3e-9a62-7c1f0a5e8d21"}.get(schema.get("format", ""), 17 if schema["type"] == "integer" else "b-123")
    contract = contract_of(tmp_path, "/things/{value}", "delete", parameters=[parameter("path", schema, example=example)])
    operation, source = thing(contract), source_of(contract)
    source.learn(operation, "value", str(example))
    sent = source.of(operation).path["value"]
    assert sent != str(example)
    assert contract.document.validator(operation.parameters[0].schema or "").is_valid(int(sent) if schema["type"] == "integer" else sent)
    assert source.aims_at_nothing(operation)
    aimed = source_of(contract, {"DELETE /things/{value}": {"value": "mine"}})
    assert (aimed.of(operation).path, aimed.aims_at_nothing(operation)) == ({"value": "mine"}, False)


def test_a_parameter_whose_values_are_all_named_aims_at_nothing_less(tmp_path: Path) -> None:
    contract = contract_of(tmp_path, "/things/{value}", "delete", parameters=[parameter("path", {"type": "string", "enum": ["on", "off"]})])
    source = source_of(contract)
    assert (source.of(thing(contract)).path, source.aims_at_nothing(thing(contract))) == ({"value": "on"}, False)


OBJECT = {"type": "object", "required": ["count"], "additionalProperties": False, "properties": {"count": {"type": "integer", "minimum": 3}}}


@pytest.mark.parametrize(
    "media", ["application/json", "application/merge-patch+json", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain"]
)
def test_a_body_is_valid_and_written_as_its_type(tmp_path: Path, media: str) -> None:
    schema = {"type": "string", "minLength": 2} if media == "text/plain" else OBJECT
    contract = contract_of(tmp_path, "/things", "post", requestBody={"content": {media: {"schema": schema}}})
    content = source_of(contract).of(thing(contract)).content
    assert content is not None
    body, name = content
    assert name.partition(";")[0] == media
    if media.endswith("json"):
        assert contract.document.validator(thing(contract).request_body.content[0].schema).is_valid(json.loads(body))  # type: ignore[union-attr, arg-type]
    elif media == "application/x-www-form-urlencoded":
        assert int(parse_qs(body.decode())["count"][0]) >= 3
    elif media == "multipart/form-data":
        assert b'name="count"' in body
        assert body.rstrip().endswith(b"--" + name.partition("boundary=")[2].encode() + b"--")
    else:
        assert len(body) >= 2


def test_the_example_of_a_body_is_sent_where_it_fits(tmp_path: Path) -> None:
    for example, sent in (({"count": 5}, {"count": 5}), ({"count": 1}, None)):
        contract = contract_of(tmp_path, "/things", "post", requestBody={"content": {"application/json": {"schema": OBJECT, "example": example}}})
        content = source_of(contract).of(thing(contract)).content
        assert content
        assert sent in (None, json.loads(content[0]))
        assert json.loads(content[0])["count"] >= 3


def schema_of(chance: Random) -> Any:
    low, size = chance.randrange(20), chance.randrange(20)
    return chance.choice(
        [
            {"type": "integer", "minimum": low - 10, "maximum": low - 10 + size},
            {"type": "string", "minLength": low, "maxLength": low + size},
            {"type": "array", "items": {"type": "number"}, "minItems": low % 4},
            {"enum": ["".join(chance.sample(string.ascii_letters, 4)) for _ in range(size + 1)]},
            {"type": ["boolean", "null"]},
            {"type": "string", "format": chance.choice(["uuid", "date", "date-time", "email"])},
        ]
    )


# By chance of its own: Schemathesis works with hypothesis, which does not work within itself.
@pytest.mark.parametrize("seed", range(12))
def test_whatever_a_schema_says_the_body_fits_it(tmp_path: Path, seed: int) -> None:
    chance = Random(seed)
    properties = {name: schema_of(chance) for name in chance.sample(string.ascii_lowercase, 4)}
    schema = {"type": "object", "required": list(properties), "properties": properties}
    contract = contract_of(tmp_path, "/things", "post", requestBody={"content": {"application/json": {"schema": schema}}})
    operation = thing(contract)
    content = source_of(contract).of(operation).content
    assert content
    assert operation.request_body
    contract.document.validator(operation.request_body.content[0].schema or "").validate(json.loads(content[0]))


def test_what_nothing_satisfies_makes_nothing_and_no_traceback(tmp_path: Path) -> None:
    schema = {"allOf": [{"type": "string"}, {"type": "integer"}]}
    contract = contract_of(tmp_path, "/things", "post", requestBody={"content": {"application/json": {"schema": schema}}})
    assert Generator(contract.document).of(thing(contract)) == Generated()
    assert source_of(contract).of(thing(contract)).content == (b"{}", "application/json")


def test_the_same_values_come_each_time(tmp_path: Path) -> None:
    contract = contract_of(tmp_path, "/things", "post", requestBody={"content": {"application/json": {"schema": OBJECT}}})
    assert source_of(contract).of(thing(contract)) == source_of(contract).of(thing(contract))


@given(st.text(string.ascii_letters + string.digits + "-_", min_size=1, max_size=40))
def test_nothing_like_a_text_is_another_text(example: str) -> None:
    assert nothing_like_text(example) != example or example == "2147483000"
