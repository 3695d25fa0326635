"""Which operations tell the values of path parameters, and what their answers tell."""

from __future__ import annotations

import pytest
import yaml

from authproof.producers import Producer, producers
from authproof_spec import Contract, load_contract
from authproof_spec.pointer import Json
from tests.small_document import small_document

PATHS = """\
/books:
  get:
    operationId: listBooks
    security: [{bearer: []}]
    responses:
      "200":
        description: The books.
        links:
          newest: {operationId: readBook, parameters: {path.bookId: "$response.body#/newest/id"}}
          removal: {operationId: removeBook, parameters: {bookId: "$response.body#/newest/id"}}
          query: {operationId: readBook, parameters: {edition: "$response.body#/edition"}}
          header: {operationId: readBook, parameters: {bookId: "$response.header.Location"}}
/books/{bookId}:
  parameters: [{name: bookId, in: path, required: true, schema: {type: string}}]
  get: {operationId: readBook, security: [{bearer: []}], responses: {"200": {description: It.}}}
  delete: {operationId: removeBook, security: [{bearer: []}], responses: {"204": {description: Gone.}}}
/books/{bookId}/loans/{loan}:
  parameters:
    - {name: bookId, in: path, required: true, schema: {type: string}}
    - {name: loan, in: path, required: true, schema: {type: string}}
  get: {operationId: readLoan, security: [{bearer: []}], responses: {"200": {description: It.}}}
/books/{bookId}/loans:
  parameters: [{name: bookId, in: path, required: true, schema: {type: string}}]
  get: {operationId: listLoans, security: [{bearer: []}], responses: {"200": {description: They.}}}
/people/me:
  get: {operationId: whoAmI, security: [{bearer: []}], responses: {"200": {description: You.}}}
/people/{person}:
  parameters: [{name: person, in: path, required: true, schema: {type: string}}]
  get: {operationId: readPerson, security: [{bearer: []}], responses: {"200": {description: They.}}}
"""


@pytest.fixture(scope="module")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    document = small_document()
    document["paths"] |= yaml.safe_load(PATHS)
    document["x-authproof"]["applications"]["app"]["identity"] = {"operation": "whoAmI", "fields": {"id": "/id"}}
    path = tmp_path_factory.mktemp("document") / "openapi.yaml"
    path.write_text(yaml.safe_dump(document), "utf-8")
    return load_contract(path)


def test_links_lists_and_identities_tell_values(contract: Contract) -> None:
    found = {(each.source.id, each.operation.id, each.parameter, each.pointer) for each in producers(contract)}
    assert found == {
        ("listBooks", "readBook", "bookId", "/newest/id"),
        ("listBooks", "readBook", "bookId", None),
        ("listBooks", "listLoans", "bookId", None),
        ("listBooks", "readLoan", "bookId", None),
        ("listLoans", "readLoan", "loan", None),
        ("whoAmI", "readPerson", "person", "/id"),
    }


def test_what_needs_nothing_comes_first(contract: Contract) -> None:
    assert producers(contract)[-1].source.id == "listLoans"


@pytest.mark.parametrize(
    ("parameter", "answer", "value"),
    [
        ("bookId", [{"bookId": 7, "id": 1}], "7"),
        ("book_id", [{"bookId": 7}], "7"),
        ("bookId", [{"id": 1, "slug": "dune"}], "1"),
        ("bookSlug", [{"id": 1, "slug": "dune"}], "dune"),
        ("book", {"data": [{"id": "a"}], "next": None}, "a"),
        ("book", {"page": {"items": [{"id": "a"}]}}, "a"),
        ("book", ["dune", "emma"], "dune"),
        ("book", {"empty": [], "items": [{"id": 3}]}, "3"),
        ("book", [{"title": "Dune"}], None),
        ("book", [{"id": True}], None),
        ("book", [{"id": ""}], None),
        ("book", [{"id": {"value": 1}}], None),
        ("book", [], None),
        ("book", {"one": {"two": {"three": [{"id": 1}]}}}, None),
        ("book", None, None),
        ("book", "dune", None),
    ],
)
def test_a_list_tells_its_first_entry(contract: Contract, parameter: str, answer: Json, value: str | None) -> None:
    source = next(operation for operation in contract.operations if operation.id == "listBooks")
    assert Producer(source, source, parameter).value(answer) == value


@pytest.mark.parametrize(("answer", "value"), [({"newest": {"id": 3}}, "3"), ({"newest": {}}, None), ({"newest": {"id": None}}, None), ([], None)])
def test_a_link_tells_what_it_points_at(contract: Contract, answer: Json, value: str | None) -> None:
    source = next(operation for operation in contract.operations if operation.id == "listBooks")
    assert Producer(source, source, "bookId", "/newest/id").value(answer) == value
