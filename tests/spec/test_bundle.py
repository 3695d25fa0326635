"""Several files as one document."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from authproof_spec import ContractError, load_contract

NOTES = """\
List: {type: array, items: {$ref: "#/Note"}}
Note: {type: object, properties: {author: {$ref: "people/person.yaml"}, parent: {$ref: "#/Note"}}}
"""
PERSON = """\
type: object
properties:
  name: {type: string, maxLength: 3}
  error: {$ref: "../api.yaml#/components/schemas/Error"}
"""
CHANGE = ("schema: {type: array, items: {type: string}}", 'schema: {$ref: "notes.yaml#/List"}')


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "people").mkdir()
    (tmp_path / "notes.yaml").write_text(NOTES, "utf-8")
    (tmp_path / "people" / "person.yaml").write_text(PERSON, "utf-8")
    return tmp_path


def test_references_lead_through_every_file(files: Path, write: Callable[..., Path], example: str) -> None:
    contract = load_contract(write(example, CHANGE))
    operation = next(operation for operation in contract.operations if operation.id == "listNotes")
    media = operation.responses["200"].media_type
    assert media
    assert media.schema
    validator = contract.document.validator(media.schema)
    assert validator.is_valid([{"author": {"name": "Ada", "error": {"message": "x"}}, "parent": {}}])
    assert not validator.is_valid([{"author": {"name": "too long"}}])
    assert not validator.is_valid([{"parent": {"author": {"error": {}}}}])
    assert files


def test_a_path_item_may_be_a_file(files: Path, write: Callable[..., Path], example: str) -> None:
    (files / "me.yaml").write_text("get: {operationId: me, security: [{accessToken: []}], responses: {'200': {description: x}}}", "utf-8")
    contract = load_contract(write(example, ("  /session/end:\n", '  /also: {$ref: "./me.yaml"}\n  /session/end:\n')))
    assert "GET /also" in {operation.name for operation in contract.operations}


def test_the_value_of_an_example_may_be_a_file(files: Path, write: Callable[..., Path], example: str) -> None:
    (files / "people" / "ada.json").write_text('{"name": "Ada"}', "utf-8")
    (files / "people" / "ada.txt").write_text("Ada", "utf-8")
    named = "{json: {externalValue: people/ada.json}, text: {externalValue: people/ada.txt}, lost: {externalValue: nobody.json}}"
    contract = load_contract(write(example, (CHANGE[0], f"{CHANGE[0]}\n              examples: {named}")))
    operation = next(operation for operation in contract.operations if operation.id == "listNotes")
    media = operation.responses["200"].media_type
    assert media
    assert media.examples == {"json": {"name": "Ada"}, "text": "Ada"}


def test_a_document_may_name_itself(write: Callable[..., Path], example: str) -> None:
    contract = load_contract(
        write(example, ('"403": {$ref: "#/components/responses/Error"}', '"403": {$ref: "api.yaml#/components/responses/Error"}'))
    )
    operation = next(operation for operation in contract.operations if operation.id == "listNotes")
    assert operation.responses["403"].content == operation.responses["404"].content


@pytest.mark.parametrize(
    ("file", "content", "words", "source"),
    [
        ("notes.yaml", "List: {type: [", "not readable as YAML or JSON", "api.yaml"),
        ("notes.yaml", "Other: {}", "leads nowhere in", "api.yaml"),
        ("notes.yaml", 'List: {$ref: "#/Absent"}', "'#/Absent' leads nowhere in", "notes.yaml"),
        ("people/person.yaml", "- 1", "not an object", "notes.yaml"),
    ],
)
def test_a_broken_file_is_told_where_it_is_referred_to(
    files: Path, write: Callable[..., Path], example: str, file: str, content: str, words: str, source: str
) -> None:
    (files / file).write_text(content, "utf-8")
    with pytest.raises(ContractError) as caught:
        load_contract(write(example, CHANGE))
    (problem,) = caught.value.problems
    assert words in problem.message
    assert problem.source.endswith(source)
    assert problem.line is not None
    assert problem.mend


def test_files_may_refer_to_each_other_in_a_circle(files: Path, write: Callable[..., Path], example: str) -> None:
    (files / "people" / "person.yaml").write_text('{type: object, properties: {notes: {$ref: "../notes.yaml#/List"}}}', "utf-8")
    assert load_contract(write(example, CHANGE)).operations
