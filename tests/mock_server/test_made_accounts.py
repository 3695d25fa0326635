"""Accounts for a document of one's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from authproof_mock.made_accounts import permissions_of, seed_for
from authproof_mock.seed import load_seed
from authproof_spec import load_contract
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
