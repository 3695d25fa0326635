"""What is not valid is answered by the status that the document has for it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from authproof_mock.backend import Backend
from authproof_mock.http import Call
from authproof_spec import load_contract
from tests.small_document import small_document

BROKEN, WRONG = b"{", b'{"n": "one"}'
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}}


def status(path: Path, declared: str, body: bytes, sent: str = "application/json", takes: str = "application/json") -> int:
    tree = small_document()
    operation = {"requestBody": {"content": {takes: {"schema": SCHEMA}}}, "responses": {code: {"description": "It."} for code in declared.split()}}
    tree["paths"]["/put"] = {"post": operation}
    (path / "openapi.yaml").write_text(yaml.safe_dump(tree), "utf-8")
    return Backend(load_contract(path / "openapi.yaml")).handle(Call("POST", "/put", headers=[("content-type", sent)], body=body)).status


@pytest.mark.parametrize(
    ("declared", "broken", "wrong", "other_type"),
    [
        ("200", 400, 400, 415),
        ("200 400", 400, 400, 400),
        ("200 422", 422, 422, 422),
        ("200 400 422", 400, 422, 400),
        ("200 415", 400, 400, 415),
        ("200 415 422", 422, 422, 415),
        ("200 4XX", 400, 400, 415),
        ("200 default", 400, 400, 415),
        ("200 422 default", 422, 422, 415),
    ],
)
def test_the_declared_one_of_400_and_422(tmp_path: Path, declared: str, broken: int, wrong: int, other_type: int) -> None:
    assert status(tmp_path, declared, BROKEN) == broken
    assert status(tmp_path, declared, WRONG) == wrong
    assert status(tmp_path, declared, WRONG, "text/plain") == other_type


@pytest.mark.parametrize(
    ("takes", "sent", "wrong"),
    [
        ("application/merge-patch+json", "application/merge-patch+json", 400),
        ("application/*", "application/json", 400),
        ("*/*", "application/vnd.x+json", 400),
        ("*/*", "text/plain", 200),
        ("*/*", "application/x-www-form-urlencoded", 200),
        ("image/*", "image/png", 200),
        ("application/xml", "application/xml", 200),
    ],
)
def test_what_the_document_takes_is_judged_by_what_it_is(tmp_path: Path, takes: str, sent: str, wrong: int) -> None:
    assert status(tmp_path, "200", WRONG, sent, takes) == wrong
