"""How an answer departs from the document: precise, and silent where the document says nothing."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml

from authproof.conformity import misfits_of
from authproof.exchange import Departure, Probe, Request, Response
from authproof.vault import Vault
from authproof_spec import Contract, load_contract
from tests.conformance.checks.building import asked, contract

JSON = ("Content-Type", "application/json")


@cache
def tree() -> str:
    """The bundled document as JSON, which is read much sooner than YAML."""
    return json.dumps(yaml.safe_load(Path(contract().document.source).read_text("utf-8")))


def with_content(content: object, status: str = "200") -> Contract:
    """The bundled contract with another content of an answer of one operation."""
    return _with(json.dumps(content), status)


@cache
def _with(content: str, status: str) -> Contract:
    changed = json.loads(tree())
    changed["paths"]["/api/health"]["get"]["responses"][status] = {"description": "An answer.", "content": json.loads(content)}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "openapi.json"
        path.write_text(json.dumps(changed), "utf-8")
        return load_contract(path)


def found(own: Contract, body: bytes, *headers: tuple[str, str], status: int = 200, method: str = "GET") -> list[tuple[Departure, str]]:
    probe = Probe("public", Request(method, "/api/health"), "getHealth")
    return [(misfit.kind, misfit.place) for misfit in misfits_of(own, probe, Response(status, headers or (JSON,), body))]


SCHEMA = {
    "type": "object",
    "required": ["id", "password"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "password": {"type": "string", "writeOnly": True},
        "state": {"type": "string", "enum": ["up"], "nullable": True},
        "size": {"type": "integer", "format": "int32"},
        "nullable": {"type": "boolean"},
    },
}
UUID = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"


@pytest.mark.parametrize(
    ("body", "misfits"),
    [
        ({"id": UUID}, []),
        ({"id": UUID, "state": None}, []),
        ({"id": UUID, "size": 7.0, "more": 1, "nullable": False}, []),
        ({"id": "7"}, [(Departure.FORMAT, "/id")]),
        ({"id": 7}, [(Departure.SCHEMA, "/id")]),
        ({"id": "7", "state": "down"}, [(Departure.SCHEMA, "/state")]),
        ({"id": UUID, "nullable": None}, [(Departure.SCHEMA, "/nullable")]),
        ({}, [(Departure.SCHEMA, "")]),
        (None, [(Departure.SCHEMA, "")]),
    ],
)
def test_a_schema(body: object, misfits: list[tuple[Departure, str]]) -> None:
    own = with_content({"application/json": {"schema": SCHEMA}})
    assert found(own, json.dumps(body).encode()) == misfits


@pytest.mark.parametrize(
    ("content", "header", "fits"),
    [
        ({"application/json": {}}, "application/json; charset=utf-8", True),
        ({"application/json": {}}, "Application/JSON", True),
        ({"application/json; charset=utf-8": {}}, "application/json", True),
        ({"application/json ; charset=utf-8": {}}, "application/json", True),
        ({"application/*": {}}, "application/hal+json", True),
        ({"*/*": {}}, "text/html", True),
        ({"application/json": {}}, "text/html", False),
        ({"application/json": {}}, "", False),
    ],
)
def test_a_media_type(content: object, header: str, *, fits: bool) -> None:
    assert found(with_content(content), b"{}", ("Content-Type", header)) == ([] if fits else [(Departure.MEDIA_TYPE, "")])


RANGES = {"*/*": {"type": "array"}, "application/*": {"type": "boolean"}, "application/json": {"type": "integer"}}


@pytest.mark.parametrize("order", [list(RANGES), list(reversed(RANGES))])
@pytest.mark.parametrize(("header", "body"), [("application/json", b"1"), ("application/hal+json", b"true"), ("text/x+json", b"[]")])
def test_of_ranges_the_most_specific_one_counts(order: list[str], header: str, body: bytes) -> None:
    own = with_content({name: {"schema": RANGES[name]} for name in order})
    misfits = {other: found(own, other, ("Content-Type", header)) for other in (b"1", b"true", b"[]")}
    assert misfits == {other: [] if other == body else [(Departure.SCHEMA, "")] for other in misfits}


@pytest.mark.parametrize("status", [204, 205, 304])
def test_an_answer_that_has_no_content_departs_from_none(status: int) -> None:
    own = with_content({"application/json": {"schema": SCHEMA}}, "default")
    assert found(own, b"", status=status) == []
    assert found(own, b"", status=203) == [(Departure.BODY, "")]


def test_a_few_departures_tell_enough() -> None:
    own = with_content({"application/json": {"schema": {"type": "array", "items": {"type": "string"}}}})
    assert [place for _, place in found(own, b"[1, 2, 3, 4, 5, 6, 7]")] == ["/0", "/1", "/2", "/3", "/4"]


@pytest.mark.parametrize("word", ["oneOf", "anyOf"])
def test_of_alternatives_the_nearest_one_is_named(word: str) -> None:
    near = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
    far = {"type": "object", "required": ["a", "b"], "properties": {"id": {"type": "boolean"}}}
    for order in ([near, far], [far, near]):
        own = with_content({"application/json": {"schema": {word: order}}})
        assert found(own, b'{"id": "x"}') == [(Departure.SCHEMA, "/id")]


def test_where_nothing_is_declared_nothing_departs() -> None:
    own = with_content({"application/json": {"schema": SCHEMA}})
    assert found(own, b"", method="HEAD") == []
    assert found(own, b"", status=204) == []
    assert found(own, b"", status=304) == []
    assert found(own, b"anything", status=599) == []
    assert found(with_content({}), b"anything", ("Content-Type", "text/plain")) == []


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"id": "\\ud800"}', b"[" * 100_000])
def test_a_body_that_is_none(body: bytes) -> None:
    assert found(with_content({"application/json": {"schema": SCHEMA}}), body) == [(Departure.BODY, "")]


def test_of_several_alternatives_the_nearest_is_named() -> None:
    exchange = asked("login.good", "POST /api/admin/auth/login", Response(200, (JSON,), b'{"accessToken": 5}'))
    assert [(misfit.place, misfit.rule) for misfit in exchange.misfits] == [("/accessToken", "/components/schemas/Jwt/type")]


def test_no_value_of_the_answer_is_kept() -> None:
    vault = Vault()
    vault.add("a-secret-member", "access_token")
    body = b'{"accessToken": "not a token at all", "a-secret-member": {}}'
    exchange = vault.redact_exchange(asked("login.good", "POST /api/admin/auth/login", Response(200, (JSON,), body)))
    assert exchange.misfits
    assert "not a token" not in str(exchange.misfits)
    assert "a-secret-member" not in str(exchange.misfits)
