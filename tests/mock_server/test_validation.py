from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from authproof_mock.backend import Backend
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
    {"name": "csv", "in": "query", "explode": False, "schema": {"type": "array", "items": {"type": "integer"}}},
    {"name": "pipes", "in": "query", "style": "pipeDelimited", "explode": False, "schema": {"type": "array", "items": {"enum": ["a", "b"]}}},
    {"name": "json", "in": "query", "content": {"application/json": {"schema": {"type": "object", "required": ["a"]}}}},
    {"name": "deep", "in": "query", "style": "deepObject", "schema": {"type": "object", "properties": {"s": {"type": "integer"}}}},
    {"name": "spread", "in": "query", "schema": {"type": "object", "properties": {"from": {"type": "integer"}, "to": {"type": "integer"}}}},
    {"name": "flat", "in": "query", "explode": False, "schema": {"type": "object", "properties": {"r": {"type": "integer"}}}},
    {"name": "either", "in": "query", "schema": {"anyOf": [{"type": "integer", "maximum": 5}, {"enum": ["all", "7"]}]}},
    {"name": "step", "in": "query", "schema": {"enum": [1, 2]}},
    {"name": "theme", "in": "cookie", "schema": {"enum": ["dark", "light"]}},
    {"name": "X-Ids", "in": "header", "schema": {"type": "array", "items": {"type": "integer"}}},
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

    def judge(query: str = "", number: str = "7", trace: str | None = "abc", **headers: str) -> set[str]:
        fields = [*([("x-trace", trace)] if trace is not None else []), *((name.replace("_", "-"), value) for name, value in headers.items())]
        call = Call("GET", f"/things/{number}", query, fields)
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
        ({"query": "ratio=-1.5e-3"}, set()),
        ({"query": "size=1e3"}, set()),
        ({"query": "size=1.5"}, {"size"}),
        ({"query": "ratio=.5"}, {"ratio"}),
        ({"query": "ratio=+1"}, {"ratio"}),
        ({"query": "size=007"}, {"size"}),
        ({"query": "size=5&size=x"}, {"size"}),
        ({"query": "size=5&size=6"}, set()),
        ({"query": "csv=1,2,3"}, set()),
        ({"query": "csv=1%2C2"}, set()),
        ({"query": "csv=1,x"}, {"csv"}),
        ({"query": "csv="}, set()),
        ({"query": "tags=1,2"}, {"tags"}),
        ({"query": "pipes=a|b"}, set()),
        ({"query": "pipes=a|c"}, {"pipes"}),
        ({"query": "json=%7B%22a%22%3A1%7D"}, set()),
        ({"query": "json=%7B%7D"}, {"json"}),
        ({"query": "json=x"}, {"json"}),
        ({"query": "deep[s]=1&deep[other]=x"}, set()),
        ({"query": "deep%5Bs%5D=x"}, {"deep"}),
        ({"query": "deep=1"}, {"deep"}),
        ({"query": "from=1&to=2"}, set()),
        ({"query": "from=1&to=x"}, {"spread"}),
        ({"query": "flat=r,1"}, set()),
        ({"query": "flat=r,x"}, {"flat"}),
        ({"query": "either=5"}, set()),
        ({"query": "either=7"}, set()),
        ({"query": "either=all"}, set()),
        ({"query": "either=6"}, {"either"}),
        ({"query": "either=none"}, {"either"}),
        ({"query": "step=2"}, set()),
        ({"query": "step=3"}, {"step"}),
        ({"cookie": "a=b; theme=dark"}, set()),
        ({"cookie": "theme=blue"}, {"theme"}),
        ({"x_ids": "1, 2"}, set()),
        ({"x_ids": "1,x"}, {"X-Ids"}),
        ({"number": "x"}, {"number"}),
        ({"trace": None}, {"X-Trace"}),
        ({"trace": "a"}, {"X-Trace"}),
    ],
    ids=str,
)
def test_parameters_are_judged_by_their_schemas(judged: Callable[..., set[str]], given: dict[str, Any], wrong: set[str]) -> None:
    assert judged(**given) == wrong


FORM_DATA = {
    "type": "object",
    "required": ["file"],
    "properties": {
        "file": {"type": "string", "format": "binary"},
        "size": {"type": "integer"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "owner": {"type": "object", "required": ["id"]},
    },
    "additionalProperties": False,
}


def part(name: str, text: str, more: str = "") -> str:
    return f'--line\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{text}\r\n'


FILE = part("file", "\x00\xff", '; filename="a.bin"\r\nContent-Type: application/octet-stream')
END = "--line--\r\n"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (FILE + END, 200),
        (FILE + part("size", "3") + part("tags", "a") + part("tags", "b") + part("owner", '{"id": 1}') + END, 200),
        (part("size", "3") + END, 400),
        (FILE + part("size", "x") + END, 400),
        (FILE + part("owner", "{}") + END, 400),
        (FILE + part("owner", "x") + END, 400),
        (FILE + part("unknown", "x") + END, 400),
        (FILE, 400),
        ("nothing of the kind", 400),
        (END, 400),
    ],
)
def test_the_parts_of_a_form(edited: Callable[[Callable[[Any], None]], Contract], body: str, status: int) -> None:
    def change(tree: Any) -> None:
        content = {"multipart/form-data": {"schema": FORM_DATA}}
        tree["paths"]["/files"] = {"post": {"security": [], "requestBody": {"content": content}, "responses": {"200": {"description": "Stored."}}}}

    call = Call("POST", "/files", headers=[("content-type", "multipart/form-data; boundary=line")], body=body.encode("latin-1"))
    assert Backend(edited(change)).handle(call).status == status


def test_an_array_in_the_path(edited: Callable[[Callable[[Any], None]], Contract]) -> None:
    def change(tree: Any) -> None:
        ids = {"name": "ids", "in": "path", "required": True, "schema": {"type": "array", "items": {"type": "integer"}}}
        what = {"name": "what", "in": "path", "required": True, "style": "label", "schema": {"type": "integer"}}
        responses = {"200": {"description": "Some."}}
        tree["paths"]["/some/{ids}"] = {"get": {"security": [], "parameters": [ids], "responses": responses}}
        tree["paths"]["/labelled/{what}"] = {"get": {"security": [], "parameters": [what], "responses": responses}}

    backend = Backend(edited(change))
    assert backend.handle(Call("GET", "/some/1,2")).status == 200
    assert backend.handle(Call("GET", "/some/1,x")).status == 400
    assert backend.handle(Call("GET", "/labelled/.1")).status == 200
