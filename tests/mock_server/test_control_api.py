from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import jsonschema_rs
import openapi_spec_validator
import pytest
from starlette.applications import Starlette

from authproof_mock.app import create_app
from authproof_mock.clock import Clock
from authproof_mock.control_api import PREFIX, PrefixError, control_document
from authproof_spec import Contract

Edited = Callable[[Callable[[Any], None]], Contract]
ORIGIN = "http://localhost:5173"
USER = {"email": "user@example.com"}
PASSWORD = "correct horse battery staple"


@pytest.fixture
def app(contract: Contract) -> Starlette:
    return create_app(contract, clock=Clock(lambda: 1_800_000_000.0), control_prefix=PREFIX, cors_origins=[ORIGIN])


def call(app: Starlette, method: str, path: str, body: object = None, **options: Any) -> httpx.Response:
    async def run() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
            return await client.request(method, path, json=body, **options)

    return asyncio.run(run())


def post(app: Starlette, path: str, body: object) -> httpx.Response:
    return call(app, "POST", PREFIX + path, body)


def get(app: Starlette, path: str) -> Any:
    answer = call(app, "GET", PREFIX + path)
    assert answer.status_code == 200
    return answer.json()


def log_in(app: Starlette, email: str = "admin@example.com") -> httpx.Response:
    return call(app, "POST", "/api/admin/auth/login", {"email": email, "password": PASSWORD})


def test_the_document_is_valid_openapi_with_valid_examples() -> None:
    document: Any = control_document("/somewhere")
    openapi_spec_validator.validate(document)
    assert document["servers"] == [{"url": "/somewhere"}]
    checked = 0
    for path, operations in document["paths"].items():
        content = operations.get("post", {}).get("requestBody", {}).get("content", {}).get("application/json", {})
        examples = [content["example"]] if "example" in content else [one["value"] for one in content.get("examples", {}).values()]
        for example in examples:
            jsonschema_rs.Draft202012Validator({**content["schema"], "components": document["components"]}).validate(example)
            checked += 1
        assert path.startswith("/")
    assert checked >= 5


def answer_is_described(document: Any, path: str, method: str, answer: httpx.Response) -> None:
    described = document["paths"][path][method]["responses"][str(answer.status_code)]
    if "$ref" in described:
        described = document["components"]["responses"][described["$ref"].rpartition("/")[2]]
    if "content" in described:
        schema = {**described["content"]["application/json"]["schema"], "components": document["components"]}
        jsonschema_rs.Draft202012Validator(schema).validate(answer.json())
    else:
        assert answer.content == b""


def test_every_operation_answers_as_it_is_described(app: Starlette) -> None:
    document = get(app, "/openapi.json")
    token = log_in(app).json()["accessToken"]
    personal = {"name": "one", "expiresAt": "2027-06-01T00:00:00Z"}
    call(app, "POST", "/api/admin/user/personal-access-tokens", personal, headers={"authorization": f"Bearer {token}"})
    session = get(app, "/sessions")["sessions"][0]["id"]
    record = get(app, "/personal-access-tokens")["personalAccessTokens"][0]["id"]
    bodies: list[tuple[str, object, int]] = [
        ("/clock/advance", {"seconds": 1.5}, 200),
        ("/clock/advance", {"seconds": "1"}, 400),
        ("/accounts", {"applications": ["admin"], "email": "new@example.com", "attributes": {"survey": "x"}}, 201),
        ("/accounts", {"applications": ["admin"], "email": "new@example.com"}, 409),
        ("/accounts", {"applications": ["nowhere"]}, 404),
        ("/accounts", {"applications": ["admin"], "attributes": {"disabled": "yes"}}, 400),
        ("/accounts/change", {"account": USER, "set": {"disabled": True}}, 200),
        ("/accounts/change", {"account": USER, "set": {"disabeld": True}}, 400),
        ("/accounts/change", {"account": USER, "set": {"totpSecret": "ABC"}}, 400),
        ("/accounts/change", {"account": {"email": "nobody"}, "set": {}}, 404),
        ("/accounts/change", {"account": {"disabled": False}, "set": {}}, 409),
        ("/accounts/delete", {"account": {"username": "respondent1"}}, 204),
        ("/sessions/revoke", {"id": session}, 200),
        ("/sessions/revoke", {"account": {"email": "admin@example.com"}}, 200),
        ("/sessions/revoke", {"id": "none"}, 404),
        ("/sessions/revoke", {}, 400),
        ("/personal-access-tokens/revoke", {"id": record}, 200),
        ("/personal-access-tokens/revoke", {"account": {"email": "admin@example.com"}}, 200),
        ("/next", {"operation": "GET /api/health", "status": 503, "retryAfter": 1, "delay": 0, "times": 2}, 204),
        ("/next", {"operation": "GET /api/health"}, 400),
        ("/next", {"operation": "\ud800", "delay": 1}, 404),
        ("/next", {"operation": "GET /nowhere", "delay": 1}, 404),
        ("/reset", {"everything": True}, 400),
    ]
    for path, body, status in bodies:
        answer = call(app, "POST", PREFIX + path, content=json.dumps(body), headers={"content-type": "application/json"})
        assert (path, body, answer.status_code) == (path, body, status)
        answer_is_described(document, path, "post", answer)
    for path, operations in document["paths"].items():
        if "get" in operations:
            answer_is_described(document, path, "get", call(app, "GET", PREFIX + path))
    answer_is_described(document, "/reset", "post", post(app, "/reset", {}))
    assert get(app, "/log") == {"exchanges": []}


def test_what_is_controlled_is_what_is_called(app: Starlette) -> None:
    user = {"authorization": f"Bearer {log_in(app, USER['email']).json()['accessToken']}"}
    post(app, "/accounts/change", {"account": USER, "set": {"permissions": ["users:browse"]}})
    assert call(app, "GET", "/api/admin/users", headers=user).status_code == 200
    assert post(app, "/clock/advance", {"seconds": 900}).json() == {"now": "2027-01-15T08:15:00Z", "seconds": 1_800_000_900}
    assert call(app, "GET", "/api/admin/users", headers=user).status_code == 401
    statuses = [one["response"]["status"] for one in get(app, "/log")["exchanges"]]
    assert statuses == [200, 200, 401], "what the control API is asked is not in the log"


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": ORIGIN},
        {"origin": "null"},
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "cross-site"},
        {"host": "evil.example"},
        {"host": "evil.example:8765"},
    ],
)
def test_no_web_page_gets_at_it(app: Starlette, headers: dict[str, str]) -> None:
    answers = [
        call(app, "POST", f"{PREFIX}/clock/advance", {"seconds": 60}, headers=headers),
        call(app, "GET", f"{PREFIX}/log", headers=headers),
    ]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert not [name for answer in answers for name in answer.headers if name.startswith("access-control")]
    assert get(app, "/clock")["seconds"] == 1_800_000_000


def test_the_question_of_a_browser_is_refused_even_for_an_origin_that_may_call_the_api(app: Starlette) -> None:
    asked = {"origin": ORIGIN, "access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    refused = call(app, "OPTIONS", f"{PREFIX}/reset", headers=asked)
    assert refused.status_code == 403
    assert not [name for name in refused.headers if name.startswith("access-control")]
    assert call(app, "OPTIONS", "/api/health", headers={**asked, "access-control-request-method": "GET"}).status_code == 204


@pytest.mark.parametrize("host", ["127.0.0.1:1", "localhost", "[::1]:8765", "mock:8765", "192.0.2.7"])
def test_names_that_no_other_site_can_have_are_good(app: Starlette, host: str) -> None:
    assert call(app, "GET", f"{PREFIX}/clock", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""])
def test_a_body_is_declared_json(app: Starlette, kind: str) -> None:
    answer = call(app, "POST", f"{PREFIX}/reset", content="{}", headers={"content-type": kind})
    assert answer.status_code == 415


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '"x"', "1e999", "[" * 100_000, "{}" + " " * 1_100_000])
def test_a_body_that_cannot_be_read_is_refused(app: Starlette, body: str) -> None:
    answer = call(app, "POST", f"{PREFIX}/reset", content=body, headers={"content-type": "application/json; charset=utf-8"})
    assert answer.status_code == 400


def test_a_message_does_not_repeat_a_value(app: Starlette) -> None:
    answer = post(app, "/accounts/change", {"account": USER, "set": {"password": ["hunter2"]}})
    assert answer.status_code == 400
    assert "/set/password" in answer.json()["message"]
    assert "hunter2" not in answer.text


def test_another_method_is_told_which_there_are(app: Starlette) -> None:
    answer = call(app, "DELETE", f"{PREFIX}/accounts")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


def test_without_a_prefix_there_is_none(contract: Contract) -> None:
    app = create_app(contract)
    assert call(app, "GET", f"{PREFIX}/clock").status_code == 404


def test_other_paths_below_the_prefix_are_the_apis(contract: Contract) -> None:
    app = create_app(contract, control_prefix="/api")
    assert call(app, "GET", "/api/clock").status_code == 200
    assert call(app, "GET", "/api/health").json() == {"status": "up"}
    assert "There is no such path." in call(app, "GET", "/apiclock").text


@pytest.mark.parametrize("prefix", ["", "/", "control", "/a//b", "/a/", "/a/../b", "/a?b", "/ä"])
def test_a_prefix_that_is_none_is_told(contract: Contract, prefix: str) -> None:
    with pytest.raises(PrefixError, match=r"is no prefix of paths\. Mend: "):
        create_app(contract, control_prefix=prefix)


@pytest.mark.parametrize("path", ["/_control/reset", "/{tenant}/accounts", "/{one}/{two}"])
def test_a_prefix_that_the_api_has_is_told(edited: Edited, path: str) -> None:
    def change(tree: Any) -> None:
        parameters = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in ("tenant", "one", "two") if name in path
        ]
        tree["paths"][path] = {"get": {"operationId": "more", "parameters": parameters, "responses": {"200": {"description": "Yes."}}}}

    contract = edited(change)
    with pytest.raises(PrefixError, match=r"is a path of the contract too\. Mend: "):
        create_app(contract, control_prefix=PREFIX)
    assert call(create_app(contract, control_prefix="/test/control"), "GET", "/test/control/clock").status_code == 200
