"""How an answer departs from the document: precise, and silent where the document says nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from authproof.conformity import misfits_of
from authproof.exchange import Departure, Probe, Request, Response
from authproof.vault import Vault
from authproof_spec import Contract, load_contract
from tests.conformance.checks.building import asked, contract

JSON = ("Content-Type", "application/json")


def with_content(tmp_path: Path, content: object) -> Contract:
    tree = yaml.safe_load(Path(contract().document.source).read_text("utf-8"))
    tree["paths"]["/api/health"]["get"]["responses"]["200"]["content"] = content
    path = tmp_path / "openapi.yaml"
    path.write_text(yaml.safe_dump(tree), "utf-8")
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
def test_a_schema(tmp_path: Path, body: object, misfits: list[tuple[Departure, str]]) -> None:
    own = with_content(tmp_path, {"application/json": {"schema": SCHEMA}})
    assert found(own, json.dumps(body).encode()) == misfits


@pytest.mark.parametrize(
    ("content", "header", "fits"),
    [
        ({"application/json": {}}, "application/json; charset=utf-8", True),
        ({"application/json": {}}, "Application/JSON", True),
        ({"application/json; charset=utf-8": {}}, "application/json", True),
        ({"application/*": {}}, "application/hal+json", True),
        ({"*/*": {}}, "text/html", True),
        ({"application/json": {}}, "text/html", False),
        ({"application/json": {}}, "", False),
    ],
)
def test_a_media_type(tmp_path: Path, content: object, header: str, *, fits: bool) -> None:
    assert found(with_content(tmp_path, content), b"{}", ("Content-Type", header)) == ([] if fits else [(Departure.MEDIA_TYPE, "")])


def test_where_nothing_is_declared_nothing_departs(tmp_path: Path) -> None:
    own = with_content(tmp_path, {"application/json": {"schema": SCHEMA}})
    assert found(own, b"", method="HEAD") == []
    assert found(own, b"", status=204) == []
    assert found(own, b"", status=304) == []
    assert found(own, b"anything", status=599) == []
    assert found(with_content(tmp_path, {}), b"anything", ("Content-Type", "text/plain")) == []


@pytest.mark.parametrize("body", [b"", b"{", b"\xff"])
def test_a_body_that_is_none(tmp_path: Path, body: bytes) -> None:
    assert found(with_content(tmp_path, {"application/json": {"schema": SCHEMA}}), body) == [(Departure.BODY, "")]


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
