"""Prefer: code=..., example=... (RFC 7240) picks one of the declared answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from authproof_mock.backend import Backend
from authproof_mock.http import NOTHING, Answer, Call
from authproof_spec import Contract

LIST = {"type": "array", "items": {"type": "integer"}}
ERROR = {"type": "object", "required": ["message"], "properties": {"message": {"type": "string"}, "status": {"type": "integer"}}}
THINGS: dict[str, Any] = {
    "parameters": [{"name": "size", "in": "query", "schema": {"type": "integer"}}],
    "responses": {
        "200": {
            "description": "Things.",
            "content": {"application/json": {"schema": LIST, "examples": {"none": {"value": []}, "two of them": {"value": [1, 2]}}}},
        },
        "304": {"description": "The same."},
        "401": {"description": "Who are you?"},
        "404": {
            "description": "None.",
            "headers": {"X-Reason": {"required": True, "schema": {"type": "string", "enum": ["gone"]}}, "X-Other": {"schema": {"type": "string"}}},
            "content": {"application/json": {"schema": ERROR}},
        },
        "5XX": {"description": "Broken.", "content": {"application/json": {"schema": ERROR, "examples": {"full": {"value": {"message": "Full"}}}}}},
    },
}


@pytest.fixture
def ask(edited: Callable[[Callable[[Any], None]], Contract]) -> Callable[..., Answer]:
    def change(tree: Any) -> None:
        tree["paths"]["/things"] = {"get": {"operationId": "getThings", "security": [], **THINGS}}
        tree["paths"]["/own"] = {"get": {"operationId": "getOwn", "security": [{"adminAccessToken": []}], **THINGS}}

    backend = Backend(edited(change))

    def send(*fields: str, path: str = "/things", query: str = "") -> Answer:
        return backend.handle(Call("GET", path, query, [("prefer", field) for field in fields]))

    return send


@pytest.mark.parametrize(
    ("fields", "status", "payload", "applied"),
    [
        (["code=200"], 200, [], ["code=200"]),
        (["code=404"], 404, {"message": "text", "status": 404}, ["code=404"]),
        (["code = 304"], 304, NOTHING, ["code=304"]),
        (["code=503"], 503, {"message": "Full"}, ["code=503"]),
        (['example="two of them"'], 200, [1, 2], ['example="two of them"']),
        (["EXAMPLE=none"], 200, [], ["example=none"]),
        (['code="503", example="full"'], 503, {"message": "Full"}, ["code=503, example=full"]),
        (["example=full; x=y", "return=minimal, code=500"], 500, {"message": "Full"}, ["example=full, code=500"]),
        (['note="a, code=404", respond-async, code=200, code=404'], 200, [], ["code=200"]),
        (["return=minimal"], 200, [], []),
        ([""], 200, [], []),
    ],
    ids=str,
)
def test_the_preferred_answer(ask: Callable[..., Answer], fields: list[str], status: int, payload: Any, applied: list[str]) -> None:
    answer = ask(*fields)
    assert (answer.status, answer.payload, answer.header_values("preference-applied")) == (status, payload, applied)


@pytest.mark.parametrize(
    ("field", "there_is"),
    [
        ("code=418", "200, 304, 401, 404, 5XX"),
        ("code=4XX", "200, 304, 401, 404, 5XX"),
        ("code", "200, 304, 401, 404, 5XX"),
        ("code=²⁰⁰", "200, 304, 401, 404, 5XX"),
        ("example=three", "none, two of them"),
        ("example=", "none, two of them"),
        ("code=404, example=none", "none"),
    ],
)
def test_what_is_not_declared_is_refused_with_what_is(ask: Callable[..., Answer], field: str, there_is: str) -> None:
    answer = ask(field)
    assert answer.status == 400
    assert isinstance(answer.payload, dict)
    assert str(answer.payload["message"]).endswith(f"There is: {there_is}.")


def test_required_fields_are_sent(ask: Callable[..., Answer]) -> None:
    answer = ask("code=404")
    assert answer.header_values("x-reason") == ["gone"]
    assert answer.header_values("x-other") == []
    assert ask("code=401").header_values("www-authenticate") != []


def test_what_the_document_demands_comes_first(ask: Callable[..., Answer]) -> None:
    assert ask("code=404", path="/own").status == 401
    assert ask("code=404", query="size=x").status == 400


def test_a_long_field_takes_no_long_time(ask: Callable[..., Answer]) -> None:
    start = time.perf_counter()
    assert ask("a;" * 30_000 + '"', 'a="' * 20_000, "code=404").status == 404
    assert time.perf_counter() - start < 1


def test_operations_that_keep_state_take_no_preference(ask: Callable[..., Answer]) -> None:
    assert ask("code=200", path="/api/admin/user").status == 401
    assert ask("code=418", path="/api/health").status == 400
