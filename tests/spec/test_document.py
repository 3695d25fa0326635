from __future__ import annotations

from pathlib import Path

import httpx
import pytest
import respx

from authproof_spec.document import Document, read_document
from authproof_spec.errors import ContractError, Problem

URL = "https://api.example.test/openapi.yaml"
TEXT = """\
paths:
  /a~b/{id}: {get: {x: 1}}
list:
  - one
  - two: 2
here: {$ref: "#/there"}
there: {$ref: "#/paths/~1a~0b~1%7Bid%7D/get"}
round: {$ref: "#/about"}
about: {$ref: "#/round"}
"""


def refusal(source: str | Path) -> Problem:
    with pytest.raises(ContractError) as caught:
        read_document(source)
    (problem,) = caught.value.problems
    assert problem.source == str(source)
    return problem


@pytest.mark.parametrize(
    ("pointer", "line"),
    [
        ("", 1),
        ("/paths", 1),
        ("/paths/~1a~0b~1{id}/get/x", 2),
        ("/list/0", 4),
        ("/list/1/two", 5),
        ("/list/9", 3),
        ("/here/none/at/all", 6),
        ("/none", 1),
    ],
)
def test_a_pointer_has_the_line_of_its_part_or_of_the_nearest_around_it(pointer: str, line: int) -> None:
    assert Document(TEXT, "x").line_of(pointer) == line


def test_a_reference_is_followed_over_others_and_percent_decoded() -> None:
    document = Document(TEXT, "x")
    place, value = document.follow(("here",), document.root["here"])
    assert place == ("paths", "/a~b/{id}", "get")
    assert value == {"x": 1}
    assert document.resolve({"x": 1}) == {"x": 1}


@pytest.mark.parametrize("reference", ["#/none", "#/round", "#anchor", "other.yaml#/a", "https://example.test/a", "", "#/list/2", "#/list/01"])
def test_a_reference_that_leads_nowhere_is_none(reference: str) -> None:
    assert Document(TEXT, "x").resolve({"$ref": reference}) is None


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        ("paths: {/a: {$ref: '#/none'}}", "/paths/~1a/$ref"),
        ("a: {$ref: '#/a'}", "/a/$ref"),
        ("components: {schemas: {value: {$ref: '#/none'}}}", "/components/schemas/value/$ref"),
        ("x: {properties: {default: {items: {$ref: '#/none'}}}}", "/x/properties/default/items/$ref"),
        ("x: {responses: {default: {$ref: '#/none'}}}", "/x/responses/default/$ref"),
        ("x: {responses: {'200': {headers: {example: {$ref: '#/none'}}}}}", "/x/responses/200/headers/example/$ref"),
        ("x: {examples: {one: {$ref: '#/none'}}}", "/x/examples/one/$ref"),
        ("x: [{$ref: 'b.yaml'}]", "/x/0/$ref"),
    ],
)
def test_each_reference_that_leads_nowhere_is_a_problem(text: str, pointer: str) -> None:
    (problem,) = Document(text, "x").problems_of_references()
    assert problem.pointer == pointer


@pytest.mark.parametrize(
    ("text", "pointer", "circle"),
    [
        ("a: {$ref: '#/a'}", "/a/$ref", "#/a to #/a"),
        ("x: {y: {$ref: '#/a'}}\na: {$ref: '#/b'}\nb: {$ref: '#/c%20d'}\nc d: {$ref: '#/a'}", "/a/$ref", "#/a to #/b to #/c%20d to #/a"),
    ],
)
def test_a_circle_of_references_is_one_problem(text: str, pointer: str, circle: str) -> None:
    (problem,) = Document(text, "x").problems_of_references()
    assert (problem.pointer, problem.message) == (pointer, f"The references go round in a circle: {circle}.")


@pytest.mark.parametrize(
    "text",
    [
        "x: {example: {$ref: '#/none'}}",
        "x: {default: {$ref: '#/none'}}",
        "x: {enum: [{$ref: '#/none'}]}",
        "x: {examples: [{$ref: '#/none'}]}",
        "x: {examples: {one: {value: {$ref: '#/none'}}}}",
        "x-own: {$ref: '#/none'}",
        "x: {properties: {$ref: {type: string}}}",
        "a: {items: {$ref: '#/a'}}",
    ],
)
def test_data_and_names_are_no_references(text: str) -> None:
    assert Document(text, "x").problems_of_references() == []


@pytest.mark.parametrize(
    ("schema", "pointer", "words"),
    [
        ("{type: 5}", "/components/schemas/A/type", "5 is not of types"),
        ("{properties: {b: {items: {pattern: '['}}}}", "/components/schemas/A/properties/b/items/pattern", 'is not a "regex"'),
        ("{$ref: '#/components/schemas/B', required: x}", "/components/schemas/A/required", 'is not of type "array"'),
    ],
)
def test_a_schema_that_is_none_is_a_problem_at_its_place(schema: str, pointer: str, words: str) -> None:
    (problem,) = Document(f"components:\n  schemas:\n    B: {{}}\n    A: {schema}", "x").problems_of_schemas()
    assert (problem.pointer, problem.line) == (pointer, 4)
    assert words in problem.message


def test_a_validator_follows_references_and_checks_formats() -> None:
    document = Document("components: {schemas: {A: {$ref: '#/components/schemas/B'}, B: {type: string, format: date}}}", "x")
    validator = document.validator("/components/schemas/A")
    assert validator.is_valid("2026-01-01")
    assert not validator.is_valid("tomorrow")
    assert not validator.is_valid(1)


def test_nothing_is_fetched_for_a_document_that_names_other_documents() -> None:
    with respx.mock(assert_all_called=False) as router:
        router.route().mock(side_effect=AssertionError("a request was sent"))
        document = Document("$id: 'https://api.example.test/x'\n$ref: 'https://api.example.test/y'\na: {$ref: 'https://api.example.test/z'}", "x")
        assert len(document.problems_of_references()) == 2


def test_a_file_is_read_with_or_without_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "api.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: \xc3\xa9")
    assert read_document(path).root == {"a": "é"}
    assert read_document(str(path)).source == str(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    problem = refusal(tmp_path / "none.yaml")
    assert problem.line is None
    assert "No such file or directory" in problem.message
    assert str(problem).startswith(f"{tmp_path}/none.yaml: The document cannot be read")


def test_a_directory_is_no_document(tmp_path: Path) -> None:
    assert "Is a directory" in refusal(tmp_path).message


def test_a_path_that_no_file_can_have_is_refused() -> None:
    assert "null" in refusal("a\0b").message


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "api.yaml"
    path.write_bytes("a: é".encode("latin-1"))
    problem = refusal(path)
    assert "'utf-8' codec can't decode" in problem.message
    assert "UTF-8" in problem.mend


@pytest.mark.parametrize(("text", "line"), [("a: 1\nb: [}", 2), ("a: 1\na: 2", 2)])
def test_a_syntax_error_has_its_line(tmp_path: Path, text: str, line: int) -> None:
    path = tmp_path / "api.yaml"
    path.write_text(text)
    assert refusal(path).line == line


@pytest.mark.parametrize("text", ["", "- a\n- b", "just text", "3", "null"])
def test_a_document_is_an_object(tmp_path: Path, text: str) -> None:
    path = tmp_path / "api.yaml"
    path.write_text(text)
    problem = refusal(path)
    assert (problem.line, problem.message) == (1, "The document is not an object.")


@respx.mock
def test_a_document_is_read_from_a_url_and_its_redirects() -> None:
    respx.get("http://api.example.test/").mock(return_value=httpx.Response(301, headers={"Location": URL}))
    respx.get(URL).mock(return_value=httpx.Response(200, content="a: é".encode()))
    document = read_document("http://api.example.test/")
    assert document.root == {"a": "é"}
    assert document.source == "http://api.example.test/"


@respx.mock
@pytest.mark.parametrize("status", [401, 404, 500])
def test_a_url_that_answers_an_error_is_refused(status: int) -> None:
    respx.get(URL).mock(return_value=httpx.Response(status, content=b"a: 1"))
    assert str(status) in refusal(URL).message


@respx.mock
@pytest.mark.parametrize(
    ("error", "words"),
    [
        (httpx.ConnectError("connection refused"), "connection refused"),
        (httpx.ConnectTimeout(""), "ConnectTimeout"),
        (httpx.RemoteProtocolError("peer closed"), "peer closed"),
    ],
)
def test_a_failure_of_the_network_is_told(error: httpx.HTTPError, words: str) -> None:
    respx.get(URL).mock(side_effect=error)
    assert words in refusal(URL).message


@respx.mock
def test_redirects_without_end_are_refused() -> None:
    respx.get(URL).mock(return_value=httpx.Response(302, headers={"Location": URL}))
    assert "redirects" in refusal(URL).message


@respx.mock
def test_a_document_that_is_too_large_is_refused() -> None:
    respx.get(URL).mock(return_value=httpx.Response(200, content=b"#" * 20_000_001))
    assert "larger than 20000000 bytes" in refusal(URL).message


@pytest.mark.parametrize("url", ["http://", "http://[", "https://exa mple.test/", "http://\udcff/"])
def test_a_url_that_is_none_is_refused(url: str) -> None:
    assert refusal(url).message.startswith("The document cannot be read")
