"""Documents in the way that people write them: their mock is right, so a run has nothing to complain about."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from authproof.certify import Certification, plan
from authproof.embedded import accounts_of
from authproof.profile import Budget, Profile
from authproof.result import Result
from authproof.verdict import Verdict
from authproof_mock.backend import Backend
from authproof_mock.made_accounts import seed_for
from authproof_spec import Contract, load_contract
from tests.proof.detection import InProcess
from tests.small_document import small_document

ERROR = {"description": "No.", "content": {"application/json": {"schema": {"type": "object", "required": ["message"]}}}}
TEXT = {"type": "string"}
PERSON = {
    "type": "object",
    "required": ["id", "name", "secret"],
    "properties": {
        "id": {"type": "string", "pattern": "^P-[0-9]{4}$", "readOnly": True},
        "name": {"type": "string", "pattern": "^[A-Z]"},
        "secret": {"type": "string", "writeOnly": True},
        "price": {"type": "number", "nullable": True},
    },
}


def answered(schema: Any) -> dict[str, Any]:
    return {"description": "It.", "content": {"application/json": {"schema": schema}}}


def alarms(contract: Contract) -> list[Result]:
    """What a run against the mock of `contract` has to say that is neither passed nor skipped nor a remark."""
    seed = seed_for(contract)
    profile = Profile("http://127.0.0.1", accounts_of(contract, seed), budget=Budget(requests=2000, wait=0))
    run = Certification(contract, profile, plan(contract), transport=InProcess(Backend(contract, seed=seed)))
    run.run()
    return [result for result in run.report().results if result.verdict in {Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.ERROR}]


def with_cookies(logout: list[dict[str, list[str]]]) -> dict[str, Any]:
    """Sessions of a cookie, with a CSRF token that the document has as a security scheme of its own."""
    document = small_document()
    document["components"]["securitySchemes"] = {
        "session": {"type": "apiKey", "in": "cookie", "name": "sid"},
        "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token"},
    }
    entered = {"204": {"description": "In."}, "401": ERROR, "400": ERROR, "415": ERROR}
    left = {"204": {"description": "Out."}, "401": ERROR, "403": ERROR}
    guarded = {"401": ERROR, "403": ERROR, "404": ERROR}
    me = {"type": "object", "required": ["id", "name"], "properties": {"id": TEXT, "name": TEXT}}
    both: list[dict[str, list[str]]] = [{"session": [], "csrf": []}]
    body = {"required": True, "content": {"application/json": {"schema": {"type": "object", "required": ["kind"], "properties": {"kind": TEXT}}}}}
    filled = {"type": "string", "minLength": 1}
    credentials = {"type": "object", "required": ["name", "word"], "properties": {"name": filled, "word": filled}}
    document["paths"]["/login"]["post"] |= {
        "responses": entered,
        "requestBody": {"required": True, "content": {"application/json": {"schema": credentials}}},
    }
    document["paths"] |= {
        "/login": document["paths"]["/login"] | {"delete": {"security": logout, "responses": left}},
        "/account": {"get": {"security": [{"session": []}], "responses": {"200": answered(me), "401": ERROR}}},
        "/orders": {
            "get": {"security": [{"session": ["read"]}], "responses": {"200": answered({"type": "array", "items": TEXT}), **guarded}},
            "post": {"security": both, "requestBody": body, "responses": {"201": answered(me), "400": ERROR, "415": ERROR, **guarded}},
        },
    }
    cookie = {"path": "/", "httpOnly": True, "secure": True, "sameSite": "Lax"}
    access = {
        "scheme": "session",
        "format": "opaque",
        "lifetime": 3600,
        "cookie": cookie,
        "csrf": {"cookie": "csrftoken", "header": "X-CSRF-Token"},
    }
    document["x-authproof"] |= {
        "tokens": {},
        "applications": {
            "app": {
                "accessToken": access,
                "logins": document["x-authproof"]["applications"]["app"]["logins"],
                "logout": "DELETE /login",
                "identity": {"operation": "GET /account", "fields": {"id": "/id", "username": "/name"}},
            }
        },
    }
    return document


@pytest.mark.parametrize("logout", [[{"session": []}], [{"session": []}, {}], [{"session": [], "csrf": []}]], ids=["asked", "open", "guarded"])
def test_a_csrf_token_may_be_a_security_scheme(tmp_path: Path, logout: list[dict[str, list[str]]]) -> None:
    path = tmp_path / "openapi.yaml"
    path.write_text(yaml.safe_dump(with_cookies(logout)), "utf-8")
    contract = load_contract(path, complete=True)
    assert list(contract.applications) == ["app"]
    assert alarms(contract) == []


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize("apart", [True, False], ids=["two files", "one file"])
def test_schemas_of_any_file_and_paths_of_any_letters(tmp_path: Path, version: str, apart: bool) -> None:  # noqa: FBT001
    document = small_document()
    del document["x-authproof"], document["paths"]["/login"]
    document["openapi"] = version
    (tmp_path / "person.yaml").write_text(yaml.safe_dump({"Person": PERSON}), "utf-8")
    document["components"]["schemas"] = {"Person": PERSON}
    person = {"$ref": "person.yaml#/Person" if apart else "#/components/schemas/Person"}
    refused = {"401": ERROR, "403": ERROR, "404": ERROR}
    way: list[dict[str, list[str]]] = [{"bearer": []}]
    by_id = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^P-[0-9]{4}$"}, "example": "P-0001"}]
    body = {"required": True, "content": {"application/json": {"schema": person}}}
    document["paths"] |= {
        "/übersicht": {"get": {"security": way, "responses": {"200": answered(person), **refused}}},
        "/a b/{id}": {"parameters": by_id, "get": {"security": way, "responses": {"200": answered(person), "400": ERROR, **refused}}},
        "/people": {
            "get": {"security": way, "responses": {"200": answered({"type": "array", "items": person}), **refused}},
            "post": {"security": way, "requestBody": body, "responses": {"201": answered(person), "400": ERROR, "415": ERROR, **refused}},
        },
    }
    path = tmp_path / "openapi.yaml"
    path.write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")
    assert alarms(load_contract(path, complete=True)) == []
