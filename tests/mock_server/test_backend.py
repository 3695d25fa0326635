from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from authproof_mock.backend import Backend, Intervention
from authproof_mock.clock import Clock
from authproof_mock.http import Answer, Call
from authproof_spec import Contract, Operation

Bearer = Callable[..., dict[str, str]]
Edited = Callable[[Callable[[Any], None]], Contract]


def test_a_head_is_a_get_without_a_body(client: httpx.Client, bearer: Bearer) -> None:
    headers = bearer()
    got, head = client.get("/api/admin/user", headers=headers), client.head("/api/admin/user", headers=headers)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == got.headers["content-type"]
    refused = client.head("/api/admin/user")
    assert (refused.status_code, refused.headers["www-authenticate"], refused.content) == (401, 'Bearer realm="api"', b"")
    assert client.head("/api/admin/auth/login").status_code == 405


def test_options_needs_nobody(client: httpx.Client) -> None:
    answer = client.options("/api/admin/users")
    assert (answer.status_code, answer.headers["allow"], answer.content) == (204, "GET, HEAD, OPTIONS, POST", b"")
    assert client.options("/api/unknown").status_code == 404


@pytest.mark.parametrize("method", ["PUT", "TRACE", "get", "CONNECT", "X-OWN"])
def test_other_methods_are_not_allowed(backend: Backend, method: str) -> None:
    answer = backend.handle(Call(method, "/api/admin/users"))
    assert (answer.status, answer.header_values("allow")) == (405, ["GET, HEAD, OPTIONS, POST"])
    assert answer.header_values("content-type") == ["application/json"]


def test_an_unknown_path_is_not_found(backend: Backend, bearer: Bearer) -> None:
    for path in ("/", "/api", "/api/admin/user/", "/API/admin/user", "/api//admin/user", "/api/admin/../user"):
        answer = backend.handle(Call("GET", path, headers=list(bearer().items())))
        assert (answer.status, answer.payload) == (404, {"message": "There is no such path."})


def test_errors_are_of_the_declared_type_and_shape(edited: Edited) -> None:
    def change(tree: Any) -> None:
        tree["x-authproof"]["errors"] = {"message": "/problem/detail", "fields": "/problem/fields"}
        for name in ("BadRequest", "CredentialsRefused"):
            content = tree["components"]["responses"][name]["content"]
            tree["components"]["responses"][name]["content"] = {"text/html": {}, "application/problem+json": content["application/problem+json"]}

    backend = Backend(edited(change))
    answer = backend.handle(Call("POST", "/api/admin/auth/login", headers=[("content-type", "application/json")], body=b"{}"))
    assert answer.header_values("content-type") == ["application/problem+json"]
    assert isinstance(answer.payload, dict)
    problem: Any = answer.payload["problem"]
    assert problem.keys() == {"detail", "fields"}
    assert problem["fields"].keys() == {"email", "password"}


def test_a_reset_ends_everything_but_the_key(backend: Backend, client: httpx.Client, bearer: Bearer, clock: Clock) -> None:
    headers, key = bearer(), backend.key
    token = client.post("/api/admin/user/personal-access-tokens", json={"name": "mine", "expiresAt": "2027-06-01"}, headers=headers).json()["jwt"]
    backend.accounts.disable("2")
    clock.advance(100)
    backend.reset()
    assert client.get("/api/admin/user", headers=headers).status_code == 401
    assert client.get("/api/admin/user", headers={"authorization": f"Bearer {token}"}).status_code == 401
    assert (backend.sessions.list(), backend.pats.list(), backend.key) == ((), (), key)
    assert clock.now() == 1_800_000_000
    assert client.get("/api/admin/user", headers=bearer("user@example.com")).status_code == 200


def test_an_intervention_answers_instead_or_later(backend: Backend, client: httpx.Client) -> None:
    planned = [Intervention(503, headers=[("retry-after", "7")]), Intervention(delay=2.5), None]
    asked: list[Operation] = []

    def intervene(_: Call, operation: Operation) -> Intervention | None:
        asked.append(operation)
        return planned.pop(0)

    backend.interventions = intervene
    answer = client.get("/api/health")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")
    assert isinstance(answer.json()["message"], str)
    late = backend.handle(Call("GET", "/api/health"))
    assert (late.status, late.delay) == (200, 2.5)
    assert backend.handle(Call("GET", "/api/health")).delay == 0
    assert [operation.id for operation in asked] == ["getHealth"] * 3
    assert client.get("/unknown").status_code == 404


def test_every_exchange_is_recorded(backend: Backend, client: httpx.Client) -> None:
    seen: list[tuple[str, str | None, int]] = []

    def record(call: Call, operation: Operation | None, answer: Answer) -> None:
        seen.append((call.path, operation.id if operation else None, answer.status))

    backend.record = record
    client.get("/api/health?a=b")
    client.get("/api/admin/user")
    client.get("/unknown")
    assert seen == [("/api/health", "getHealth", 200), ("/api/admin/user", "getAdminUser", 401), ("/unknown", None, 404)]


def test_two_backends_know_nothing_of_each_other(contract: Contract, client: httpx.Client, bearer: Bearer) -> None:
    stranger = Backend(contract)
    headers = list(bearer().items())
    assert client.get("/api/admin/user", headers=dict(headers)).status_code == 200
    assert stranger.handle(Call("GET", "/api/admin/user", headers=headers)).status == 401


def test_a_given_key_outlives_its_backend(contract: Contract) -> None:
    body = json.dumps({"email": "admin@example.com", "password": "correct horse battery staple"}).encode()
    login = Backend(contract, signing_key="geheim").handle(
        Call("POST", "/api/admin/auth/login", headers=[("content-type", "application/json")], body=body)
    )
    assert isinstance(login.payload, dict)
    headers = [("authorization", f"Bearer {login.payload['accessToken']}")]
    assert Backend(contract, signing_key="geheim").handle(Call("GET", "/api/admin/user", headers=headers)).status == 200
