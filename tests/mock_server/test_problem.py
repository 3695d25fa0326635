"""Errors are problem details (RFC 9457) where the document has them so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from authproof_mock.backend import Backend
from authproof_mock.http import Answer, Call
from authproof_spec import load_contract

MEMBERS: dict[str, Any] = {
    "type": {"type": "string", "format": "uri-reference"},
    "title": {"type": "string"},
    "status": {"type": "integer"},
    "detail": {"type": "string"},
}
OPEN = {"type": "object", "required": ["title", "status"], "properties": MEMBERS}


def backend_of(schema: dict[str, Any], path: Path) -> Backend:
    problem = {"description": "A problem.", "content": {"application/problem+json": {"schema": schema}}}
    tree = {
        "openapi": "3.1.0",
        "info": {"title": "Own", "version": "1"},
        "paths": {"/things": {"get": {"security": [{"token": []}], "responses": {"200": {"description": "Fine."}, "401": problem}}}},
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }
    (path / "own.yaml").write_text(yaml.safe_dump(tree), "utf-8")
    return Backend(load_contract(path / "own.yaml", complete=True))


def log_in(backend: Backend) -> Answer:
    body = json.dumps({"email": "admin@example.com", "password": "wrong"}).encode()
    return backend.handle(Call("POST", "/api/admin/auth/login", headers=[("content-type", "application/json")], body=body))


@pytest.mark.parametrize("schema", [OPEN, {**OPEN, "additionalProperties": False}, {**OPEN, "required": []}, {}])
def test_a_refusal_is_a_problem(schema: dict[str, Any], tmp_path: Path) -> None:
    backend = backend_of(schema, tmp_path)
    refusals = (
        (backend.handle(Call("GET", "/things")), "Authentication is required."),
        (log_in(backend), "The credentials are not valid."),
    )
    for answer, detail in refusals:
        assert answer.header_values("content-type") == ["application/problem+json"]
        assert answer.payload == {"type": "about:blank", "title": "Unauthorized", "status": 401, "detail": detail}


def test_what_is_not_declared_is_a_problem_as_well(tmp_path: Path) -> None:
    answer = backend_of(OPEN, tmp_path).handle(Call("GET", "/nowhere"))
    assert answer.header_values("content-type") == ["application/problem+json"]
    assert answer.payload == {"type": "about:blank", "title": "Not Found", "status": 404, "detail": "There is no such path."}


def test_other_members_that_are_demanded_are_there_as_well(tmp_path: Path) -> None:
    schema = {**OPEN, "required": ["code"], "properties": {"code": {"type": "integer"}, "status": {"type": "integer"}}}
    payload = backend_of(schema, tmp_path).handle(Call("GET", "/things")).payload
    assert isinstance(payload, dict)
    assert (payload["code"], payload["status"], payload["detail"]) == (0, 401, "Authentication is required.")


def test_a_problem_that_has_no_place_for_a_message(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"status": {"type": "integer"}}, "additionalProperties": False}
    assert backend_of(schema, tmp_path).handle(Call("GET", "/things")).payload == {"status": 401}
