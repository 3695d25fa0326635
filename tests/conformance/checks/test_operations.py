"""What the answers to those whom the document lets in, and to everybody, say of an operation."""

from __future__ import annotations

from dataclasses import replace

import pytest

from authproof.evidence import Role
from authproof.exchange import Exchange
from authproof.verdict import Verdict
from authproof_spec.contract import ResponseRule
from tests.conformance.checks.building import answer, asked, contract, judge, operation

USERS, CREATE, DELETE = "GET /api/admin/users", "POST /api/admin/users", "DELETE /api/admin/users/{userId}"
ME, SESSION, KEYS = "GET /api/admin/user", "GET /api/surveys/{slug}/session", "GET /api/admin/user/personal-access-tokens"
NEW_KEY, OLD_KEY = "createPersonalAccessToken", "revokePersonalAccessToken"
HEALTH = "GET /api/health"
PAGE = ("Content-Type", "text/html")
SAYS_NOTHING = (Role("admin", "ordinary"), Role("admin", "privileged"), Role("survey", "ordinary"))
HOLDS = (*SAYS_NOTHING, Role("admin", "auditor", frozenset({"users:browse"})), Role("admin", "clerk", frozenset()))


@pytest.mark.parametrize(
    ("at", "probe", "variant", "status", "verdict", "words"),
    [
        (USERS, "operation.served", "privileged", 200, Verdict.PASS, "The privileged account is served: answered 200"),
        (USERS, "permission.held", "privileged", 200, Verdict.PASS, "is served"),
        (USERS, "operation.served", "auditor", 200, Verdict.PASS, "The auditor account is served"),
        (ME, "identity.control", "ordinary", 200, Verdict.PASS, "is served"),
        (KEYS, "pat.list", "", 200, Verdict.PASS, "The caller is served"),
        (NEW_KEY, "pat.create", "", 201, Verdict.PASS, "The caller is served"),
        (OLD_KEY, "pat.revoke", "", 204, Verdict.PASS, "The caller is served"),
        (OLD_KEY, "logout", "", 204, Verdict.PASS, "The caller is served"),
        (ME, "bearer.control", "", 401, Verdict.FAIL, "The operation serves nobody: The caller is answered 401"),
        (USERS, "operation.served", "privileged", 401, Verdict.FAIL, "serves nobody"),
        # The profile does not say what the account holds; whoever says so is held to it.
        (USERS, "operation.served", "privileged", 403, Verdict.WARN, "the account lacks the permission"),
        (USERS, "operation.served", "auditor", 403, Verdict.FAIL, "whom the document lets in"),
        (ME, "identity.control", "ordinary", 403, Verdict.FAIL, "whom the document lets in"),
        (USERS, "operation.served", "privileged", 429, Verdict.INCONCLUSIVE, "does not decide"),
        (USERS, "operation.served", "privileged", 500, Verdict.INCONCLUSIVE, "does not decide"),
        (USERS, "operation.served", "privileged", 404, Verdict.SKIP, "nobody was seen to be served"),
        (USERS, "operation.served", "privileged", 400, Verdict.SKIP, "valid by the document"),
        (CREATE, "operation.harmless", "privileged", 422, Verdict.PASS, "is let in"),
        (CREATE, "operation.served", "privileged", 422, Verdict.SKIP, "nobody was seen to be served"),
        (DELETE, "operation.harmless", "privileged", 404, Verdict.PASS, "is let in"),
        (DELETE, "operation.harmless", "privileged", 403, Verdict.WARN, "the account lacks the permission"),
        (SESSION, "object.own", "", 200, Verdict.PASS, "The caller is served"),
        (SESSION, "object.own", "", 403, Verdict.FAIL, "serves nobody"),
        (SESSION, "operation.guessed", "ordinary", 403, Verdict.SKIP, "[parameters]"),
        (SESSION, "operation.guessed", "ordinary", 404, Verdict.SKIP, "[parameters]"),
        (SESSION, "operation.guessed", "ordinary", 401, Verdict.FAIL, "serves nobody"),
        # Nobody with such a permission asked.
        (USERS, "operation.served", "clerk", 403, Verdict.SKIP, "no account that the document lets call"),
        (USERS, "permission.role", "clerk", 403, Verdict.SKIP, "no account that the document lets call"),
        (CREATE, "permission.role", "auditor", 403, Verdict.SKIP, "A right server would carry out"),
    ],
)
def test_somebody_is_served(at: str, probe: str, variant: str, status: int, verdict: Verdict, words: str) -> None:
    judgement = judge("DOC-10", at, asked(probe, at, answer(status), variant=variant), roles=HOLDS)
    assert judgement.verdict is verdict, judgement.detail
    assert words in judgement.detail


@pytest.mark.parametrize("status", [400, 404, 409, 410, 412, 413, 415, 422, 428])
def test_a_refusal_of_what_was_asked_lets_the_caller_in(status: int) -> None:
    call = asked("operation.harmless", CREATE, answer(status), variant="privileged")
    judgement = judge("DOC-10", CREATE, call, roles=HOLDS)
    assert (judgement.verdict, [exchange.status for exchange in judgement.exchanges]) == (Verdict.PASS, [status])


@pytest.mark.parametrize("status", [402, 405, 411, 414, 418, 431])
def test_any_other_refusal_lets_nobody_in(status: int) -> None:
    call = asked("operation.harmless", CREATE, answer(status), variant="privileged")
    assert judge("DOC-10", CREATE, call, roles=HOLDS).verdict is Verdict.SKIP


def test_a_page_of_a_proxy_shuts_nobody_out() -> None:
    judgement = judge("DOC-10", USERS, asked("operation.served", USERS, answer(403, b"<p>No.", PAGE), variant="privileged"), roles=HOLDS)
    assert judgement.verdict is Verdict.INCONCLUSIVE


def test_one_who_is_served_is_enough() -> None:
    refused, served = (asked("operation.served", USERS, answer(status), variant=name) for status, name in ((401, "auditor"), (200, "privileged")))
    assert judge("DOC-10", USERS, refused, served, roles=HOLDS).verdict is Verdict.PASS
    let_in = asked("operation.harmless", CREATE, answer(422), variant="privileged")
    assert judge("DOC-10", CREATE, asked("permission.held", CREATE, answer(500), variant="privileged"), let_in, roles=HOLDS).verdict is Verdict.PASS


def test_a_redirect_that_is_declared_is_an_answer() -> None:
    # The bundled document declares none, so it decides nothing there.
    judgement = judge("DOC-10", USERS, asked("operation.served", USERS, answer(307), variant="privileged"), roles=HOLDS)
    assert judgement.verdict is Verdict.SKIP


@pytest.mark.parametrize(
    ("status", "verdict"), [(300, Verdict.PASS), (302, Verdict.PASS), (399, Verdict.PASS), (400, Verdict.SKIP), (304, Verdict.SKIP)]
)
def test_only_a_redirect_that_is_declared_is_an_answer(status: int, verdict: Verdict) -> None:
    responses = {str(declared): ResponseRule(str(declared), ()) for declared in (200, 300, 302, 399, 400, 401)}
    own = replace(operation(USERS), responses=responses)
    judgement = judge("DOC-10", own, asked("operation.served", USERS, answer(status), variant="privileged"), roles=HOLDS)
    assert judgement.verdict is verdict, judgement.detail
    assert ("as declared" in judgement.detail) == (verdict is Verdict.PASS)


def test_what_nobody_may_ask_is_said() -> None:
    judgement = judge("DOC-10", CREATE, roles=HOLDS, unasked=frozenset({"createUser"}))
    assert (judgement.verdict, "--unsafe-methods" in judgement.detail) == (Verdict.SKIP, True)
    assert "--unsafe-methods" in judge("DOC-11", CREATE, roles=HOLDS, unasked=frozenset({"createUser"})).detail


NOWHERE = b'{"message": "There is no /api/admin/authproof-1a2b3c4d."}'
NO_USERS = b'{"message": "There is no /api/admin/users."}'


@pytest.mark.parametrize(
    ("status", "body", "nowhere", "verdict", "words"),
    [
        (200, b"{}", None, Verdict.PASS, "answered 200"),
        (403, b"{}", None, Verdict.PASS, "answered 403"),
        (400, b"{}", None, Verdict.PASS, "answered 400"),
        (405, b"{}", None, Verdict.FAIL, "answered 405 to everybody"),
        (501, b"{}", None, Verdict.FAIL, "answered 501 to everybody"),
        (404, NO_USERS, NOWHERE, Verdict.FAIL, "answered 404 to everybody"),
        (404, NO_USERS, None, Verdict.FAIL, "answered 404 to everybody"),
        (404, b'{"message": "You have no users."}', NOWHERE, Verdict.PASS, "differs from that of a path"),
        (401, b"{}", None, Verdict.SKIP, "Nobody gets past the authentication"),
        (429, b"{}", None, Verdict.SKIP, "Nobody gets past the authentication"),
        (500, b"{}", None, Verdict.SKIP, "Nobody gets past the authentication"),
    ],
)
def test_an_operation_is_there(status: int, body: bytes, nowhere: bytes | None, verdict: Verdict, words: str) -> None:
    exchanges = [asked("bearer.none", USERS, answer(401)), asked("operation.served", USERS, answer(status, body), variant="privileged")]
    if nowhere:
        exchanges.append(_nowhere(USERS, nowhere))
    judgement = judge("DOC-11", USERS, *exchanges, roles=SAYS_NOTHING)
    assert judgement.verdict is verdict, judgement.detail
    assert words in judgement.detail


@pytest.mark.parametrize(
    ("probe", "verdict"), [("object.own", Verdict.FAIL), ("operation.served", Verdict.FAIL), ("operation.guessed", Verdict.SKIP)]
)
def test_an_object_that_is_not_there_is_no_operation_that_is_not_there(probe: str, verdict: Verdict) -> None:
    same = b'{"message": "Not found."}'
    exchanges = [asked(probe, SESSION, answer(404, same), variant="ordinary"), _nowhere(SESSION, same)]
    assert judge("DOC-11", SESSION, *exchanges, roles=SAYS_NOTHING).verdict is verdict
    assert judge("DOC-11", SESSION, exchanges[0], roles=SAYS_NOTHING).verdict is Verdict.SKIP


@pytest.mark.parametrize(
    ("here", "nowhere", "verdict"),
    [
        # Paths, whole or in part, numbers, times and ids of requests make no difference.
        (b"There is no /api/admin/users?limit=1.", b"There is no /api/admin/authproof-1a2b3c4d.", Verdict.FAIL),
        (b"There is no /api/admin/users.", b"There is no /api/admin/authproof-1a2b3c4d.", Verdict.FAIL),
        (b"No route: users.", b"No route: authproof-1a2b3c4d.", Verdict.FAIL),
        (b'{"id": "0f8fad5bd9cb469f", "at": 17}', b'{"id": "7c9e6679742540de", "at": 4}', Verdict.FAIL),
        (b"\xff", b"\xff", Verdict.FAIL),
        (b"No users yet.", b"No such path.", Verdict.PASS),
    ],
)
def test_two_answers_are_alike_but_for_what_each_names(here: bytes, nowhere: bytes, verdict: Verdict) -> None:
    page = asked("operation.served", USERS, answer(404, here), variant="privileged", target="/api/admin/users?limit=1")
    judgement = judge("DOC-11", USERS, page, _nowhere(USERS, nowhere), roles=SAYS_NOTHING)
    assert judgement.verdict is verdict, judgement.detail
    assert [exchange.probe.name for exchange in judgement.exchanges] == ["operation.served", "operation.nowhere"]


def test_another_media_type_or_status_is_no_likeness() -> None:
    for nowhere in (answer(404, NOWHERE, PAGE), answer(405, NOWHERE)):
        other = replace(_nowhere(USERS, NOWHERE), response=nowhere)
        served = asked("operation.served", USERS, answer(404, NO_USERS), variant="privileged")
        assert judge("DOC-11", USERS, served, other, roles=SAYS_NOTHING).verdict is Verdict.PASS


def test_a_path_that_nobody_declared_is_of_the_same_application() -> None:
    differs = b'{"message": "Nothing."}'
    served, elsewhere = asked("operation.served", USERS, answer(404, NO_USERS), variant="privileged"), _nowhere(SESSION, differs)
    assert judge("DOC-11", USERS, served, elsewhere, roles=SAYS_NOTHING).verdict is Verdict.FAIL
    assert judge("DOC-11", USERS, served, elsewhere, _nowhere(USERS, differs), roles=SAYS_NOTHING).verdict is Verdict.PASS
    # What is of no application may be compared with any.
    health = asked("public", HEALTH, answer(404, NO_USERS))
    assert judge("DOC-11", HEALTH, health, elsewhere, roles=SAYS_NOTHING).verdict is Verdict.PASS
    assert judge("DOC-11", HEALTH, health, roles=SAYS_NOTHING).verdict is Verdict.FAIL


def test_a_404_that_is_declared_may_be_the_operations_own() -> None:
    own = replace(operation(USERS), responses={"200": ResponseRule("200", ()), "404": ResponseRule("404", ())})
    of = replace(contract(), operations=(own,))
    served = asked("operation.served", USERS, answer(404, NO_USERS), variant="privileged", of=of)
    assert judge("DOC-11", own, served, of=of, roles=SAYS_NOTHING).verdict is Verdict.SKIP
    assert judge("DOC-11", own, served, _nowhere(USERS, NOWHERE), of=of, roles=SAYS_NOTHING).verdict is Verdict.FAIL


def _nowhere(at: str, body: bytes) -> Exchange:
    found = asked("operation.nowhere", at, answer(404, body), variant="survey" if at == SESSION else "admin", target="/api/admin/authproof-1a2b3c4d")
    return replace(found, probe=replace(found.probe, operation=None))
