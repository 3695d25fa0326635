"""DOC: the document decides, and what a server in front answers is not held against it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from authproof.exchange import Response
from authproof.verdict import Verdict
from authproof_spec import Contract, load_contract
from tests.conformance.checks.building import CHALLENGE, JSON, MESSAGE, TOKEN, answer, asked, contract, judge

ME = "GET /api/admin/user"
HEALTH = "GET /api/health"
LOGIN = "POST /api/admin/auth/login"
PAGE = ("Content-Type", "text/html")
Edited = Callable[[Callable[[dict[str, Any]], None]], Contract]


@pytest.fixture
def edited(tmp_path: Path) -> Edited:
    def edit(change: Callable[[dict[str, Any]], None]) -> Contract:
        tree: dict[str, Any] = yaml.safe_load(Path(contract().document.source).read_text("utf-8"))
        change(tree)
        path = tmp_path / "openapi.yaml"
        path.write_text(yaml.safe_dump(tree), "utf-8")
        return load_contract(path)

    return edit


@pytest.mark.parametrize(
    ("status", "headers", "verdict"),
    [
        (401, (JSON,), Verdict.PASS),
        (418, (JSON,), Verdict.FAIL),
        (500, (JSON,), Verdict.FAIL),
        (413, (JSON,), Verdict.WARN),
        (431, (JSON,), Verdict.WARN),
        (502, (JSON,), Verdict.WARN),
        (502, (PAGE,), Verdict.PASS),
    ],
)
def test_a_status_is_declared_or_of_a_server_in_front(status: int, headers: tuple[tuple[str, str], ...], verdict: Verdict) -> None:
    assert judge("DOC-02", ME, asked("any", ME, answer(status, MESSAGE, *headers))).verdict is verdict


def test_a_format_is_a_warning_and_a_type_a_failure(edited: Edited) -> None:
    def since(tree: dict[str, Any]) -> None:
        schema = tree["paths"]["/api/health"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        schema["properties"]["since"] = {"type": "string", "format": "date-time"}

    own = edited(since)
    bodies = {b'{"since": "2026-01-01T00:00:00Z"}': Verdict.PASS, b'{"since": "yesterday"}': Verdict.WARN, b'{"since": 5}': Verdict.FAIL}
    for body, verdict in bodies.items():
        assert judge("DOC-03", HEALTH, asked("public", HEALTH, answer(200, body), of=own), of=own).verdict is verdict


def test_the_reason_names_the_place_and_the_rule() -> None:
    judgement = judge("DOC-03", HEALTH, asked("public", HEALTH, answer(200, b'{"status": 1}')))
    assert judgement.verdict is Verdict.FAIL
    assert "/status" in judgement.detail
    assert "/paths/~1api~1health/get/responses/200/content/application~1json/schema/properties/status/type" in judgement.detail


def test_a_secured_operation_declares_its_refusals(edited: Edited) -> None:
    def drop(tree: dict[str, Any]) -> None:
        del tree["paths"]["/api/admin/user"]["get"]["responses"]["401"]
        del tree["paths"]["/api/admin/users"]["get"]["responses"]["403"]

    own = edited(drop)
    assert judge("DOC-04", ME, of=own).verdict is Verdict.FAIL
    assert judge("DOC-04", "GET /api/admin/users", of=own).verdict is Verdict.FAIL
    assert judge("DOC-04", "GET /api/user", of=own).verdict is Verdict.PASS


def test_a_range_declares_as_a_number_does(edited: Edited) -> None:
    def widen(tree: dict[str, Any]) -> None:
        responses = tree["paths"]["/api/admin/user"]["get"]["responses"]
        responses["4XX"] = responses.pop("401")

    own = edited(widen)
    assert judge("DOC-04", ME, of=own).verdict is Verdict.PASS
    assert judge("DOC-02", ME, asked("any", ME, answer(401), of=own), of=own).verdict is Verdict.PASS


@pytest.mark.parametrize(("status", "verdict"), [(200, Verdict.WARN), (401, Verdict.FAIL)])
def test_a_document_that_is_silent_on_security(edited: Edited, status: int, verdict: Verdict) -> None:
    own = edited(lambda tree: tree["paths"]["/api/health"]["get"].pop("security"))
    assert judge("DOC-05", HEALTH, asked("public", HEALTH, answer(status), of=own), of=own).verdict is verdict


def test_security_at_the_root_is_stated_for_all(edited: Edited) -> None:
    def move(tree: dict[str, Any]) -> None:
        del tree["paths"]["/api/health"]["get"]["security"]
        tree["security"] = [{"adminAccessToken": []}]

    assert judge("DOC-05", HEALTH, of=edited(move)).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, Verdict.PASS),
        (302, Verdict.PASS),
        (404, Verdict.PASS),
        (401, Verdict.FAIL),
        (403, Verdict.FAIL),
        (503, Verdict.INCONCLUSIVE),
        (429, Verdict.INCONCLUSIVE),
    ],
)
def test_a_public_operation_asks_for_nothing(status: int, verdict: Verdict) -> None:
    assert judge("DOC-06", HEALTH, asked("public", HEALTH, answer(status))).verdict is verdict


@pytest.mark.parametrize(
    ("statuses", "verdict"), [((200,), Verdict.PASS), ((401, 200), Verdict.PASS), ((403,), Verdict.PASS), ((401,), Verdict.FAIL), ((), Verdict.SKIP)]
)
def test_the_declared_scheme_works(statuses: tuple[int, ...], verdict: Verdict) -> None:
    exchanges = [asked("bearer.control", ME, answer(status), headers=(("Authorization", f"Bearer {TOKEN}"),)) for status in statuses]
    assert judge("DOC-07", ME, *exchanges).verdict is verdict


def test_no_key_is_declared_to_stand_in_the_query(edited: Edited) -> None:
    def add(tree: dict[str, Any]) -> None:
        tree["components"]["securitySchemes"]["key"] = {"type": "apiKey", "in": "query", "name": "key"}
        tree["paths"]["/api/admin/user"]["get"]["security"] = [{"adminAccessToken": [], "key": []}]

    assert judge("DOC-07", ME, of=edited(add)).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("at", "response", "verdict"),
    [
        (ME, answer(401, MESSAGE, JSON, CHALLENGE), Verdict.PASS),
        (LOGIN, answer(400, MESSAGE, JSON, CHALLENGE), Verdict.FAIL),
        (LOGIN, answer(400, MESSAGE, JSON, ("Set-Cookie", "AWSALB=abc; Path=/")), Verdict.PASS),
        (LOGIN, answer(400, MESSAGE, JSON, ("Set-Cookie", "it24a_refresh_token=; Max-Age=0")), Verdict.FAIL),
        (ME, answer(200, b"{}", JSON, ("Cache-Control", "no-store")), Verdict.PASS),
        (ME, answer(418, MESSAGE, JSON, CHALLENGE), Verdict.PASS),
    ],
)
def test_headers_that_matter_are_declared(at: str, response: Response, verdict: Verdict) -> None:
    assert judge("DOC-08", at, asked("any", at, response)).verdict is verdict


def test_an_example_fits_its_schema(edited: Edited) -> None:
    def spoil(tree: dict[str, Any]) -> None:
        tree["paths"]["/api/health"]["get"]["responses"]["200"]["content"]["application/json"]["examples"]["up"]["value"] = {"status": 1}

    assert judge("DOC-01", HEALTH, of=edited(spoil)).verdict is Verdict.WARN
    assert judge("DOC-01", HEALTH).verdict is Verdict.PASS
