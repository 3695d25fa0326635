"""DOC: the document decides, and what a server in front answers is not held against it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from authproof.evidence import Outcome
from authproof.exchange import Response
from authproof.verdict import Verdict
from authproof_spec import Contract, load_contract
from authproof_spec.contract import MediaType, Operation, Parameter, ResponseRule
from authproof_spec.pointer import Json
from tests.conformance.checks.building import CHALLENGE, JSON, MESSAGE, TOKEN, answer, asked, contract, judge, operation

ME = "GET /api/admin/user"
HEALTH = "GET /api/health"
LOGIN = "POST /api/admin/auth/login"
PAGE = ("Content-Type", "text/html")
Edited = Callable[[Callable[[dict[str, Any]], None]], Contract]


@cache
def _tree() -> str:
    return json.dumps(yaml.safe_load(Path(contract().document.source).read_text("utf-8")))


@pytest.fixture
def edited(tmp_path: Path) -> Edited:
    def edit(change: Callable[[dict[str, Any]], None]) -> Contract:
        # JSON is read much sooner than YAML.
        tree: dict[str, Any] = json.loads(_tree())
        change(tree)
        path = tmp_path / "openapi.json"
        path.write_text(json.dumps(tree), "utf-8")
        return load_contract(path)

    return edit


def alone(name: str, **changes: Any) -> tuple[Operation, Contract]:
    """The operation called `name` with some `changes`, and a contract that has no other one."""
    changed = replace(operation(name), **changes)
    return changed, replace(contract(), operations=(changed,))


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


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        *((status, Verdict.WARN) for status in (408, 413, 414, 421, 429, 431, 494, 502, 503, 504, 511)),
        *((status, Verdict.FAIL) for status in (200, 400, 404, 405, 409, 418, 422, 500, 501, 505)),
    ],
)
def test_which_statuses_a_server_in_front_gives(status: int, verdict: Verdict) -> None:
    own, of = alone(ME, responses={"401": ResponseRule("401", ())})
    refused, other = asked("any", ME, answer(401)), asked("any", ME, answer(status))
    assert judge("DOC-02", own, refused, other, of=of).exchanges[0].status == status
    assert judge("DOC-02", own, refused, other, of=of).verdict is verdict


def test_what_only_the_application_answers_is_told_first() -> None:
    judgement = judge("DOC-02", ME, asked("any", ME, answer(413)), asked("any", ME, answer(418)))
    assert (judgement.verdict, judgement.exchanges[0].status) == (Verdict.FAIL, 418)


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
    assert "An answer 200 is not as declared at /status: " in judgement.detail
    assert "/paths/~1api~1health/get/responses/200/content/application~1json/schema/properties/status/type" in judgement.detail


def test_a_departure_of_the_whole_body_has_no_place() -> None:
    judgement = judge("DOC-03", HEALTH, asked("public", HEALTH, answer(200, b"[]")))
    assert judgement.verdict is Verdict.FAIL
    assert "An answer 200 is not as declared: " in judgement.detail


def test_a_permission_that_one_way_in_takes_is_refused_with_403() -> None:
    found = operation(ME)
    responses = {"401": ResponseRule("401", ())}
    assert judge("DOC-04", replace(found, responses=responses)).verdict is Verdict.PASS
    one_way = (replace(found.security[0][0], permissions=("users:browse",)),)
    judgement = judge("DOC-04", replace(found, security=(one_way, *found.security[1:]), responses=responses))
    assert (judgement.verdict, judgement.detail) == (Verdict.FAIL, "The operation asks for a permission, and does not declare 403.")


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


def test_security_that_an_operation_states_is_stated() -> None:
    assert judge("DOC-05", HEALTH).detail == "The document states that nothing is asked for here."
    assert judge("DOC-05", ME).detail == "The document states what opens this operation."
    assert {judge("DOC-05", at).verdict for at in (HEALTH, ME)} == {Verdict.PASS}


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
        (500, Verdict.INCONCLUSIVE),
        (503, Verdict.INCONCLUSIVE),
        (429, Verdict.INCONCLUSIVE),
    ],
)
def test_a_public_operation_asks_for_nothing(status: int, verdict: Verdict) -> None:
    assert judge("DOC-06", HEALTH, asked("public", HEALTH, answer(status))).verdict is verdict


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        (answer(200), Verdict.FAIL),
        (answer(401), Verdict.PASS),
        (answer(404), Verdict.PASS),
        (answer(302), Verdict.PASS),
        (answer(403, b"<html>", PAGE), Verdict.INCONCLUSIVE),
        (answer(429), Verdict.INCONCLUSIVE),
        (answer(500), Verdict.INCONCLUSIVE),
        (None, Verdict.INCONCLUSIVE),
    ],
)
def test_a_protected_operation_serves_no_stranger(response: Response | None, verdict: Verdict) -> None:
    assert judge("DOC-06", ME, asked("bearer.none", ME, response), asked("public", ME, answer(200))).verdict is verdict


@pytest.mark.parametrize("script", ["public", "bearer"])
@pytest.mark.parametrize("at", [HEALTH, ME])
def test_why_no_stranger_asked(at: str, script: str) -> None:
    judgement = judge("DOC-06", at, outcomes={(script, "admin"): Outcome(Verdict.SKIP, "It was left out.")})
    assert (judgement.verdict, judgement.detail) == (Verdict.SKIP, "It was left out.")


@pytest.mark.parametrize(
    ("statuses", "verdict"), [((200,), Verdict.PASS), ((401, 200), Verdict.PASS), ((403,), Verdict.PASS), ((401,), Verdict.FAIL), ((), Verdict.SKIP)]
)
def test_the_declared_scheme_works(statuses: tuple[int, ...], verdict: Verdict) -> None:
    exchanges = [asked("bearer.control", ME, answer(status), headers=(("Authorization", f"Bearer {TOKEN}"),)) for status in statuses]
    assert judge("DOC-07", ME, *exchanges).verdict is verdict


@pytest.mark.parametrize(
    ("probe", "headers", "verdict"),
    [
        *(
            (probe, (("Authorization", f"Bearer {TOKEN}"),), Verdict.FAIL)
            for probe in ("identity.control", "bearer.control", "permission.held", "pat.create", "pat.list", "object.create", "object.own")
        ),
        ("bearer.control", (("Accept", "*/*"), ("Authorization", f"Bearer {TOKEN}")), Verdict.FAIL),
        # What somebody has touched, or the run has made up, need not be read.
        ("bearer.control", (("Authorization", "Bearer x"),), Verdict.SKIP),
        ("bearer.control", (), Verdict.SKIP),
        ("bearer.lower_case", (("Authorization", f"bearer {TOKEN}"),), Verdict.SKIP),
        ("jwt.tampered", (("Authorization", f"Bearer {TOKEN}x"),), Verdict.SKIP),
    ],
)
def test_a_good_token_is_one_that_the_target_gave(probe: str, headers: tuple[tuple[str, str], ...], verdict: Verdict) -> None:
    assert judge("DOC-07", ME, asked(probe, ME, answer(401), headers=headers)).verdict is verdict


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


WAIT, STORE = ("Retry-After", "30"), ("Cache-Control", "no-store")
NEW_KEY, LOGOUT = "createPersonalAccessToken", "adminLogout"


@pytest.mark.parametrize(
    ("at", "status", "header", "matters"),
    [
        (ME, 429, WAIT, True),
        (ME, 503, WAIT, True),
        (ME, 401, WAIT, False),
        (ME, 429, JSON, False),
        (ME, 503, JSON, False),
        (LOGIN, 200, STORE, True),
        ("adminSecondFactor", 200, STORE, True),
        ("adminRefresh", 200, STORE, True),
        (NEW_KEY, 201, STORE, True),
        (LOGIN, 400, STORE, False),
        (LOGIN, 200, JSON, False),
        (LOGOUT, 200, STORE, False),
        (ME, 200, STORE, False),
    ],
)
def test_which_headers_matter_where(at: str, status: int, header: tuple[str, str], *, matters: bool) -> None:
    exchange = asked("any", at, answer(status, b"{}", header))
    declared = {header[0].lower(): Parameter(header[0], "header", required=False, schema=None)}
    for headers, verdict in (({}, Verdict.FAIL if matters else Verdict.PASS), (declared, Verdict.PASS)):
        own = replace(operation(at), responses={str(status): ResponseRule(str(status), (), headers)})
        judgement = judge("DOC-08", own, exchange)
        assert judgement.verdict is verdict
        assert (f"carries {header[0]}," in judgement.detail) == (verdict is Verdict.FAIL)


@pytest.mark.parametrize(
    ("name", "required", "sent", "verdict"),
    [
        ("WWW-Authenticate", True, (), Verdict.FAIL),
        ("WWW-Authenticate", True, (CHALLENGE,), Verdict.PASS),
        ("WWW-Authenticate", False, (), Verdict.PASS),
        ("Cache-Control", True, (), Verdict.FAIL),
        # Of the rest the check says nothing.
        ("X-Request-Id", True, (), Verdict.PASS),
    ],
)
def test_what_the_document_requires_is_sent(name: str, required: bool, sent: tuple[tuple[str, str], ...], verdict: Verdict) -> None:  # noqa: FBT001
    headers = {name.lower(): Parameter(name, "header", required=required, schema=None)}
    own = replace(operation(ME), responses={"401": ResponseRule("401", (), headers)})
    judgement = judge("DOC-08", own, asked("any", ME, answer(401, MESSAGE, JSON, *sent)))
    assert judgement.verdict is verdict
    assert (f"lacks {name}," in judgement.detail) == (verdict is Verdict.FAIL)


def changed(pointer: str, schema: Json) -> tuple[Operation, Contract]:
    """GET /api/health with a parameter whose schema stands at `pointer`, in a document that the loader never saw."""
    document = contract().document
    other = document.changed({**document.root, "components": {"schemas": {"Own": schema}}})
    parameters = (replace(operation("revokePersonalAccessToken").parameters[0], schema=None), operation("revokePersonalAccessToken").parameters[0])
    own, of = alone(HEALTH, parameters=(parameters[0], replace(parameters[1], schema=pointer)), responses={})
    return own, replace(of, document=other)


@pytest.mark.parametrize(
    ("schema", "verdict", "words"),
    [
        ({"type": "string"}, Verdict.PASS, "valid"),
        ({"type": "text"}, Verdict.FAIL, "The schema at /components/schemas/Own is none"),
        ({"type": "string", "nullable": True}, Verdict.WARN, "The schema at /components/schemas/Own says nullable"),
        ({"type": "object", "properties": {"nullable": {"type": "string"}}}, Verdict.PASS, "valid"),
    ],
)
def test_the_schema_of_a_parameter_is_one(schema: Json, verdict: Verdict, words: str) -> None:
    own, of = changed("/components/schemas/Own", schema)
    judgement = judge("DOC-01", own, of=of)
    assert judgement.verdict is verdict, judgement.detail
    assert words in judgement.detail


@pytest.mark.parametrize(
    ("name", "verdict"), [("application/json", Verdict.WARN), ("application/problem+json", Verdict.WARN), ("application/xml", Verdict.PASS)]
)
def test_only_json_can_fit_a_schema(name: str, verdict: Verdict) -> None:
    media = MediaType(name, "/components/schemas/Error", {"no": {"message": 5}})
    own, of = alone(HEALTH, responses={"400": ResponseRule("400", (MediaType("text/plain", None), media))})
    assert judge("DOC-01", own, of=of).verdict is verdict


def test_an_example_fits_its_schema(edited: Edited) -> None:
    def spoil(tree: dict[str, Any]) -> None:
        tree["paths"]["/api/health"]["get"]["responses"]["200"]["content"]["application/json"]["examples"]["up"]["value"] = {"status": 1}

    assert judge("DOC-01", HEALTH, of=edited(spoil)).verdict is Verdict.WARN
    assert judge("DOC-01", HEALTH).verdict is Verdict.PASS
