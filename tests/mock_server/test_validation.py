from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from authproof_mock.http import Call
from authproof_mock.refusal import Refusal
from authproof_mock.validation import MAXIMUM_BODY, Validation
from authproof_spec import Contract, Operation

LOGIN = "/api/admin/auth/login"
GOOD = b'{"email": "admin@example.com", "password": "correct horse battery staple"}'


@pytest.mark.parametrize(
    "media",
    ["application/json", "Application/JSON", "application/json; charset=utf-8", "application/json;charset=whatever", " application/json ;x=y"],
)
def test_media_types_that_are_read(client: httpx.Client, media: str) -> None:
    assert client.post(LOGIN, content=GOOD, headers={"content-type": media}).status_code == 200


@pytest.mark.parametrize(
    "media",
    ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", "application/problem+json", "multipart/form-data", "json", "*/*", ""],
)
def test_media_types_that_are_not(client: httpx.Client, media: str) -> None:
    assert client.post(LOGIN, content=GOOD, headers={"content-type": media}).status_code == 415


def test_a_body_of_no_type_or_two_is_not_read(client: httpx.Client) -> None:
    assert client.post(LOGIN, content=GOOD).status_code == 415
    assert client.post(LOGIN, content=GOOD, headers=[("content-type", "application/json"), ("content-type", "text/plain")]).status_code == 415


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nul",
        b'{"email": NaN}',
        b"\xff",
        b"[" * 100_000,
        b'{"email": "a", "password": "\\ud800"}',
        b'{"email": 1e999}',
        GOOD.decode().encode("utf-16"),
    ],
)
def test_bodies_that_are_no_json(client: httpx.Client, body: bytes) -> None:
    answer = client.post(LOGIN, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert isinstance(answer.json()["message"], str)


def test_a_required_body_that_is_missing(client: httpx.Client) -> None:
    assert client.post(LOGIN).status_code == 400


def test_a_body_that_is_too_large(client: httpx.Client) -> None:
    padding = b" " * (MAXIMUM_BODY - len(GOOD))
    assert client.post(LOGIN, content=GOOD + padding, headers={"content-type": "application/json"}).status_code == 200
    assert client.post(LOGIN, content=GOOD + padding + b" ", headers={"content-type": "application/json"}).status_code == 413


def test_a_body_that_nobody_asked_for_is_ignored(client: httpx.Client) -> None:
    assert client.request("GET", "/api/health", content=b"{broken", headers={"content-type": "text/plain"}).status_code == 200


def test_no_message_repeats_a_value(client: httpx.Client) -> None:
    bodies: list[dict[str, Any]] = [
        {"email": "hunter2", "password": "x"},
        {"email": "a@example.com", "password": ["hunter2"]},
        {"email": {"hunter2": 1}, "password": "hunter2"},
    ]
    for body in bodies:
        answer = client.post(LOGIN, json=body)
        assert answer.status_code == 400
        assert "hunter2" not in answer.text


PARAMETERS = [
    {"name": "size", "in": "query", "schema": {"type": "integer", "minimum": 1}},
    {"name": "tags", "in": "query", "schema": {"type": "array", "items": {"type": "integer"}}},
    {"name": "flag", "in": "query", "schema": {"type": "boolean"}},
    {"name": "ratio", "in": "query", "schema": {"type": "number", "maximum": 1}},
    {"name": "X-Trace", "in": "header", "required": True, "schema": {"type": "string", "minLength": 2}},
    {"name": "number", "in": "path", "required": True, "schema": {"type": "integer"}},
]


@pytest.fixture
def judged(edited: Callable[[Callable[[Any], None]], Contract]) -> Callable[..., set[str]]:
    """The names of the parameters at fault."""

    def change(tree: Any) -> None:
        tree["paths"]["/things/{number}"] = {
            "get": {"operationId": "getThing", "security": [], "parameters": PARAMETERS, "responses": {"200": {"description": "A thing."}}}
        }

    contract = edited(change)
    validation = Validation(contract)
    operation: Operation = next(operation for operation in contract.operations if operation.id == "getThing")

    def judge(query: str = "", number: str = "7", trace: str | None = "abc") -> set[str]:
        call = Call("GET", f"/things/{number}", query, [("x-trace", trace)] if trace is not None else [])
        try:
            validation.check(call, operation, {"number": number})
        except Refusal as refusal:
            return set(refusal.fields)
        return set()

    return judge


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({}, set()),
        ({"query": "size=1&tags=1&tags=2&flag=true&ratio=0.5"}, set()),
        ({"query": "size=0"}, {"size"}),
        ({"query": "size=x"}, {"size"}),
        ({"query": "size="}, {"size"}),
        ({"query": "size=" + "9" * 10_000}, {"size"}),
        ({"query": "tags=1&tags=x"}, {"tags"}),
        ({"query": "flag=yes"}, {"flag"}),
        ({"query": "ratio=1e999"}, {"ratio"}),
        ({"query": "ratio=2"}, {"ratio"}),
        ({"query": "unknown=1"}, set()),
        ({"number": "x"}, {"number"}),
        ({"trace": None}, {"X-Trace"}),
        ({"trace": "a"}, {"X-Trace"}),
    ],
    ids=str,
)
def test_parameters_are_judged_by_their_schemas(judged: Callable[..., set[str]], given: dict[str, Any], wrong: set[str]) -> None:
    assert judged(**given) == wrong
