"""Completing a document: what it lacks is added, what it has stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from authproof_spec import Contract, load_contract
from authproof_spec.contract import SchemeKind
from authproof_spec.defaults import added_operations

BEARER = {"type": "http", "scheme": "bearer"}
OAUTH = {"type": "oauth2", "flows": {"implicit": {"authorizationUrl": "https://x.test/", "scopes": {"read": "Read.", "write": "Write."}}}}
KEY = {"type": "apiKey", "in": "header", "name": "X-API-Key"}
SESSION = {"type": "apiKey", "in": "cookie", "name": "session"}
BUNDLED = [
    "POST /api/admin/auth/login",
    "POST /api/admin/auth/otp",
    "GET /api/admin/user",
    "POST /api/admin/auth/refresh",
    "POST /api/admin/auth/logout",
    "GET /api/admin/user/personal-access-tokens",
    "POST /api/admin/user/personal-access-tokens",
    "DELETE /api/admin/user/personal-access-tokens/{tokenId}",
]
Complete = Callable[..., Contract]


def operation(*security: Any, **more: Any) -> dict[str, Any]:
    return {"get": {"security": list(security), "responses": {"200": {"description": "Fine."}}, **more}}


@pytest.fixture
def complete(tmp_path: Path) -> Complete:
    def complete(schemes: dict[str, Any], paths: dict[str, Any], **more: Any) -> Contract:
        tree = {"openapi": "3.1.0", "info": {"title": "Own", "version": "1"}, "components": {"securitySchemes": schemes}, "paths": paths, **more}
        path = tmp_path / "own.yaml"
        path.write_text(yaml.safe_dump(tree, sort_keys=False), "utf-8")
        return load_contract(path, complete=True)

    return complete


def ways(contract: Contract, name: str) -> list[dict[str, list[str]]]:
    found = next(operation for operation in contract.operations if operation.name == name)
    return [{part.scheme.name: list(part.permissions) for part in way} for way in found.security]


def test_the_admin_application_of_the_bundled_contract_is_added(complete: Complete) -> None:
    contract = complete({"token": BEARER}, {"/things": operation({"token": ["things:read"]})})
    assert [operation.name for operation in added_operations(contract)] == BUNDLED
    assert ways(contract, "GET /things") == [{"token": ["things:read"]}, {"personalAccessToken": ["things:read"]}]
    assert ways(contract, "POST /api/admin/user/personal-access-tokens") == [{"token": []}]
    own, bundled = contract.applications["admin"], load_contract().applications["admin"]
    assert own.access_token.audience == bundled.access_token.audience
    assert own.cookie == bundled.cookie
    assert (own.access_token.scheme.name, own.access_token_field) == ("token", "/accessToken")
    assert own.accounts is None


def test_a_document_without_security_gets_it_as_well(complete: Complete) -> None:
    contract = complete({}, {"/things": {"get": {"responses": {"200": {"description": "Fine."}}}}})
    assert next(operation.name for operation in contract.operations if operation.is_protected) == "GET /api/admin/user"
    assert len(added_operations(contract)) == len(BUNDLED)


def test_schemes_of_one_carrier_are_one(complete: Complete) -> None:
    old = {"type": "apiKey", "in": "header", "name": "Authorization", "description": "`Bearer` and the token"}
    paths = {"/things": operation({"oauth": ["read"]}, {"token": []}, {"old": []}), "/both": operation({"oauth": ["read"], "token": ["write"]})}
    contract = complete({"oauth": OAUTH, "token": BEARER, "old": old}, paths)
    assert list(contract.applications) == ["admin"]
    assert ways(contract, "GET /things") == [{"oauth": ["read"]}, {"oauth": []}, {"personalAccessToken": ["read"]}, {"personalAccessToken": []}]
    assert ways(contract, "GET /both")[0] == {"oauth": ["read", "write"]}
    things = next(operation for operation in contract.operations if operation.path == "/things")
    assert things.bearer_schemes == {"oauth": frozenset(), "personalAccessToken": frozenset()}


def test_the_authorization_header_without_a_word_about_bearer_is_a_header_of_its_own(complete: Complete) -> None:
    contract = complete({"raw": {"type": "apiKey", "in": "header", "name": "Authorization"}}, {"/things": operation({"raw": []})})
    scheme = contract.applications["admin"].access_token.scheme
    assert (scheme.kind, scheme.parameter) == (SchemeKind.HEADER, "Authorization")


def test_beside_bearer_tokens_a_header_takes_personal_access_tokens(complete: Complete) -> None:
    contract = complete({"key": KEY, "oauth": OAUTH}, {"/things": operation({"key": []}, {"oauth": ["read"]})})
    (application,) = contract.applications.values()
    personal = application.personal_access_tokens
    assert personal
    assert (application.access_token.scheme.name, personal.kind.scheme.name) == ("oauth", "key")
    assert ways(contract, "GET /things") == [{"key": []}, {"oauth": ["read"]}]


def test_every_further_carrier_has_an_application_of_its_own(complete: Complete) -> None:
    other = {"type": "apiKey", "in": "header", "name": "X-Other"}
    contract = complete({"session": SESSION, "key": KEY, "other": other}, {"/things": operation({"session": []}, {"key": []}, {"other": []})})
    kinds = {name: application.access_token.scheme.kind for name, application in contract.applications.items()}
    assert kinds == {"admin": SchemeKind.HEADER, "other": SchemeKind.HEADER, "session": SchemeKind.COOKIE}
    assert [operation.path for operation in added_operations(contract) if operation.path.endswith("/login")] == [
        "/api/admin/auth/login",
        "/_auth/api/admin/auth/login",
        "/_auth/_auth/api/admin/auth/login",
    ]
    cookies = [application.cookie for application in contract.applications.values()]
    assert [(cookie.name, cookie.path) for cookie in cookies if cookie] == [
        ("it24a_refresh_token", "/api/admin/auth"),
        ("other_refresh_token", "/_auth/api/admin/auth"),
        ("session_refresh_token", "/_auth/_auth/api/admin/auth"),
    ]


@pytest.mark.parametrize("path", ["/api/admin/user", "/api/{one}/{two}/{three}", "/api/admin/user/personal-access-tokens/{id}"])
def test_no_added_path_takes_requests_of_the_document(complete: Complete, path: str) -> None:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in ("one", "two", "three", "id")
        if f"{{{name}}}" in path
    ]
    contract = complete({"token": BEARER}, {path: operation({"token": []}, parameters=parameters)})
    assert [operation.path for operation in added_operations(contract)] == ["/_auth" + name.partition(" ")[2] for name in BUNDLED]
    cookie = contract.applications["admin"].cookie
    assert cookie
    assert cookie.path == "/_auth/api/admin/auth"


def test_security_at_the_root_holds_for_what_is_added_to_it(complete: Complete) -> None:
    contract = complete({"token": BEARER}, {"/things": {"get": {"responses": {"200": {"description": "Fine."}}}}}, security=[{"token": []}, {}])
    assert ways(contract, "GET /things") == [{"token": []}, {}, {"personalAccessToken": []}]
    assert ways(contract, "POST /api/admin/auth/login") == []


def test_what_takes_no_token_stays_as_it_is(complete: Complete) -> None:
    schemes = {"basic": {"type": "http", "scheme": "basic"}, "query": {"type": "apiKey", "in": "query", "name": "key"}, "token": BEARER}
    contract = complete(schemes, {"/things": operation({"basic": []}, {"query": []}), "/more": operation({"token": [], "query": []})})
    assert ways(contract, "GET /things") == [{"basic": []}, {"query": []}]
    assert ways(contract, "GET /more") == [{"query": [], "token": []}, {"query": [], "personalAccessToken": []}]
    assert list(contract.applications) == ["admin"]


def test_the_extension_decides_where_it_says_something(complete: Complete) -> None:
    tokens = {"algorithm": "ES256", "claims": {"sub": "account", "exp": "expiresAt", "aud": "audience"}}
    contract = complete({"token": BEARER}, {"/things": operation({"token": []})}, **{"x-authproof": {"version": 1, "tokens": tokens}})
    assert contract.tokens.algorithm == "ES256"
    assert contract.error_message == "/message"
    assert not contract.applications["admin"].access_token.opaque


def test_a_document_that_describes_everything_is_returned_as_it_is(write: Callable[..., Path], example: str) -> None:
    path = write(example)
    assert load_contract(path, complete=True).operations == load_contract(path).operations
    assert load_contract(path, complete=True).applications == load_contract(path).applications


def test_beside_described_applications_only_what_lacks_is_added(write: Callable[..., Path], example: str, tmp_path: Path) -> None:
    tree = yaml.safe_load(example)
    tree["components"]["securitySchemes"]["key"] = KEY
    tree["paths"]["/reports"] = operation({"key": []})
    path = tmp_path / "more.yaml"
    path.write_text(yaml.safe_dump(tree), "utf-8")
    contract = load_contract(path, complete=True)
    assert list(contract.applications) == ["notes", "admin"]
    assert contract.applications["notes"] == load_contract(write(example)).applications["notes"]
    assert contract.applications["admin"].access_token.opaque
    assert ways(contract, "GET /me") == [{"accessToken": []}]


def test_nothing_is_added_to_a_document_unasked(tmp_path: Path, complete: Complete) -> None:
    complete({"token": BEARER}, {"/things": operation({"token": []})})
    with pytest.raises(Exception, match="has no `x-authproof`"):
        load_contract(tmp_path / "own.yaml")


PROBLEM = {"application/problem+json": {"schema": {"type": "object", "required": ["title"], "properties": {"title": {"type": "string"}}}}}


@pytest.mark.parametrize(
    ("content", "form", "message"),
    [
        (PROBLEM, ["application/problem+json"], "/detail"),
        ({"application/json": {"schema": {"type": "object"}}}, ["application/json", "application/problem+json"], "/message"),
        ({"application/problem+json": {}}, ["application/json", "application/problem+json"], "/message"),
    ],
)
def test_errors_of_what_is_added_are_problems_where_the_document_has_them(
    complete: Complete, content: dict[str, Any], form: list[str], message: str
) -> None:
    responses = {"200": {"description": "Fine."}, "403": {"description": "No."}, "404": {"description": "None.", "content": content}}
    contract = complete({"token": BEARER}, {"/things": operation({"token": []}, responses=responses)})
    login = contract.applications["admin"].logins[0].operation
    assert [media.name for media in login.responses["401"].content] == form
    assert contract.error_message == message
