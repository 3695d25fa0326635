"""Accounts for a document of one's own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from authproof_mock.account_ids import is_uuid
from authproof_mock.accounts import Accounts
from authproof_mock.made_accounts import permissions_of, seed_for
from authproof_mock.seed import load_seed
from authproof_spec import Contract, load_contract
from tests.small_document import small_document

ROOT = Path(__file__).parents[2]
DOCUMENTS = [*sorted((ROOT / "tests" / "servers").glob("*/openapi.yaml")), *sorted((ROOT / "examples" / "designs").glob("*.yaml"))]


def test_the_bundled_document_has_the_bundled_seed() -> None:
    assert seed_for(load_contract()) == load_seed()


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_somebody_can_do_everything_and_somebody_nothing(path: Path) -> None:
    contract = load_contract(path)
    accounts = seed_for(contract)
    for name, application in contract.applications.items():
        own = [account for account in accounts if name in account.applications]
        able = [account for account in own if not account.disabled and not account.totp_secret]
        assert any(set(account.permissions) == permissions_of(contract) for account in able)
        assert any(account.disabled for account in own)
        assert any(account.totp_secret for account in own) or application.second_factor is None
        for rule in contract.object_rules:
            values = [account.attributes.get(rule.attribute, account.id) for account in own]
            assert len(set(values)) == len(values), "each account's object is its own"


def test_an_attribute_has_the_value_that_the_document_tells(tmp_path: Path) -> None:
    document = small_document()
    schema = {"properties": {"kind": {"enum": ["person"]}, "tenant": {"type": "string"}, "name": {"example": "jane"}}}
    document["paths"]["/login"]["post"]["requestBody"]["content"]["application/json"]["schema"] = schema
    document["x-authproof"]["applications"]["app"]["logins"][0]["credentials"] |= {"/kind": "kind", "/tenant": "tenant"}
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(document), "utf-8")
    accounts = seed_for(load_contract(path))
    assert all(account.attributes == {"kind": "person", "tenant": "tenant"} for account in accounts)
    assert len({account.username for account in accounts}) == len(accounts)


Edited = Callable[[Callable[[Any], None]], Contract]


@pytest.mark.parametrize(
    ("schema", "first"),
    [
        ({"type": "string"}, "1"),
        ({"type": ["integer", "string"]}, "1"),
        ({"type": "integer"}, 1),
        ({"allOf": [{"type": "number", "minimum": 0}]}, 1),
        ({"type": "string", "format": "uuid"}, "00000000-0000-4000-8000-000000000001"),
        ({"type": "boolean"}, "1"),
    ],
)
def test_ids_have_the_form_that_the_document_shows(edited: Edited, schema: dict[str, Any], first: str | int) -> None:
    def change(tree: Any) -> None:
        tree["components"]["schemas"]["Owner"] = {"type": "object", "properties": {"id": schema}}
        tree["components"]["schemas"]["OwnId"] = {"type": "object", "properties": {"profile": {"$ref": "#/components/schemas/Owner"}}}
        for application in tree["x-authproof"]["applications"].values():
            path = application["identity"]["operation"].removeprefix("GET ")
            if path not in tree["paths"]:
                path = next(p for p, item in tree["paths"].items() if item.get("get", {}).get("operationId") == path)
            content = {"application/json": {"schema": {"$ref": "#/components/schemas/OwnId"}}}
            tree["paths"][path]["get"]["responses"]["200"] = {"description": "You.", "content": content}
            application["identity"]["fields"] = {"id": "/profile/id"}

    contract = edited(change)
    ids = [account.id for account in seed_for(contract)]
    assert ids[0] == first
    assert len(set(ids)) == len(load_seed())
    accounts = Accounts(seed_for(contract))
    assert is_uuid(str(accounts.create(["admin"], {}).id)) == is_uuid(str(first))
