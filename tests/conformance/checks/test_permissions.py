"""AUTHZ and APP: what a right server may answer, and what decides nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from authproof.evidence import Role
from authproof.exchange import Exchange, Response, TokenFacts
from authproof.verdict import Verdict
from tests.conformance.checks import building
from tests.conformance.checks.altered import with_application
from tests.conformance.checks.building import JSON, answer, asked, design, operation
from tests.conformance.checks.recorded import PAGE, Recorded, contract, judge

USERS, CREATE, UPDATE, DELETE = "GET /api/admin/users", "POST /api/admin/users", "PATCH /api/admin/users/{userId}", "DELETE /api/admin/users/{userId}"
ME, SURVEY, TOKENS = "GET /api/admin/user", "GET /api/surveys/{slug}/session", "POST /api/admin/user/personal-access-tokens"
REVOKE, LIST = "DELETE /api/admin/user/personal-access-tokens/{tokenId}", "GET /api/admin/user/personal-access-tokens"
PASS, FAIL, WARN, SKIP, UNCLEAR = Verdict.PASS, Verdict.FAIL, Verdict.WARN, Verdict.SKIP, Verdict.INCONCLUSIVE


def identity(name: str, *permissions: str) -> Response:
    listed = ", ".join(f'"{permission}"' for permission in permissions)
    return answer(200, f'{{"profile": {{"id": "{name}"}}, "permissions": [{listed}]}}'.encode())


HELD = asked("permission.held", USERS, answer(200))


def stranger(at: str) -> Exchange:
    """A refusal of nobody, which shows that the operation is there."""
    return asked("bearer.none", at, answer(401))


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        (answer(403), PASS),
        (answer(404), WARN),
        (answer(200), FAIL),
        (answer(401), FAIL),
        (answer(302, b"", ("Location", "/login")), FAIL),
        (answer(500), FAIL),
        (answer(501), FAIL),
        (answer(502), UNCLEAR),
        (answer(503), UNCLEAR),
        (answer(504), UNCLEAR),
        (answer(429), UNCLEAR),
        (answer(403, b"<html>", PAGE), UNCLEAR),
        (None, UNCLEAR),
    ],
)
def test_who_lacks_the_permission_is_answered_403(response: Response | None, verdict: Verdict) -> None:
    missing = asked("permission.missing", USERS, response)
    assert judge("AUTHZ-02", USERS, stranger(USERS), missing).verdict is verdict
    assert judge("AUTHZ-01", USERS, missing, HELD).verdict is verdict


def test_what_is_answered_404_to_everybody_proves_nothing() -> None:
    missing = asked("permission.missing", USERS, answer(404))
    assert judge("AUTHZ-02", USERS, asked("bearer.none", USERS, answer(404)), missing).verdict is UNCLEAR
    assert judge("AUTHZ-01", USERS, missing, asked("permission.held", USERS, answer(404))).verdict is UNCLEAR


def test_a_refusal_proves_little_when_nobody_is_let_in() -> None:
    refused = asked("permission.missing", USERS, answer(403))
    assert judge("AUTHZ-01", USERS, refused, asked("permission.held", USERS, answer(404))).verdict is UNCLEAR


def test_an_account_that_has_the_permission_proves_nothing() -> None:
    control = asked("identity.control", ME, identity("2", "users:browse"), "ordinary")
    served = asked("permission.missing", USERS, answer(200))
    assert judge("AUTHZ-02", USERS, control, served).verdict is UNCLEAR
    assert judge("AUTHZ-01", USERS, control, served, HELD).verdict is UNCLEAR


def test_what_would_do_harm_is_not_asked() -> None:
    assert Recorded(unasked=frozenset({operation(CREATE).id})).judge("AUTHZ-02", CREATE, []).verdict is SKIP
    assert judge("AUTHZ-02", CREATE).verdict is UNCLEAR


@pytest.mark.parametrize(
    ("missing", "existing", "verdict"), [(404, 403, PASS), (400, 403, PASS), (403, 200, FAIL), (400, 400, UNCLEAR), (404, 404, WARN)]
)
def test_an_object_that_is_there_shows_more_than_one_that_is_not(missing: int, existing: int, verdict: Verdict) -> None:
    exchanges = [
        stranger(UPDATE),
        asked("permission.missing", UPDATE, answer(missing), body=b'{"disabled": true}'),
        asked("permission.existing", UPDATE, answer(existing), body=b"{}"),
    ]
    assert judge("AUTHZ-02", UPDATE, *exchanges).verdict is verdict


@pytest.mark.parametrize(("status", "verdict"), [(403, PASS), (404, FAIL), (400, FAIL), (200, FAIL), (401, UNCLEAR), (429, UNCLEAR), (500, UNCLEAR)])
def test_each_operation_asks_for_its_own_permission(status: int, verdict: Verdict) -> None:
    without = asked("permission.missing", UPDATE, answer(403), body=b"{}")
    others = asked("withdrawal.all_but_this", UPDATE, answer(status), body=b"{}")
    assert judge("AUTHZ-02", UPDATE, without, others).verdict is verdict


def test_a_server_that_hides_objects_is_not_asked_for_one_permission_of_many() -> None:
    hidden = asked("permission.missing", UPDATE, answer(404), body=b"{}")
    assert judge("AUTHZ-02", UPDATE, stranger(UPDATE), hidden, asked("withdrawal.all_but_this", UPDATE, answer(404), body=b"{}")).verdict is WARN


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [
        ((403, 403, 403), PASS),
        ((403, 400, 403), FAIL),
        ((403, 422, 403), FAIL),
        ((403, 415, 403), FAIL),
        ((403, 413, 403), FAIL),
        ((403, 409, 403), FAIL),
        ((403, 403, 409), FAIL),
        ((410, 410, 403), FAIL),
        ((403, 403, 410), FAIL),
        ((410, 410, 410), WARN),
        ((403, 405, 403), UNCLEAR),
        ((401, 400, 403), UNCLEAR),
        ((403, 400, 502), UNCLEAR),
        ((404, 403, 403), FAIL),
        ((404, 404, 404), WARN),
        ((403, 500, 403), FAIL),
        ((403, 429, 403), UNCLEAR),
        ((200, 403, 403), UNCLEAR),
        ((401, 401, 401), UNCLEAR),
        ((405, 405, 405), UNCLEAR),
    ],
)
def test_the_permission_comes_first(statuses: tuple[int, int, int], verdict: Verdict) -> None:
    names = ("permission.missing", "permission.invalid_body", "permission.existing")
    exchanges = [asked(name, UPDATE, answer(status), body=b"{}") for name, status in zip(names, statuses, strict=True)]
    assert judge("AUTHZ-03", UPDATE, *exchanges).verdict is verdict


def test_a_server_that_answers_403_elsewhere_hides_nothing_by_its_404() -> None:
    assert judge("AUTHZ-03", DELETE, asked("permission.missing", DELETE, answer(404))).verdict is WARN
    candid = asked("permission.missing", USERS, answer(403))
    assert judge("AUTHZ-03", DELETE, candid, asked("permission.missing", DELETE, answer(404))).verdict is FAIL


def test_a_page_of_a_firewall_says_nothing_of_scopes() -> None:
    assert judge("AUTHZ-04", USERS, asked("permission.missing", USERS, answer(403, b"<html>", PAGE))).verdict is UNCLEAR


@pytest.mark.parametrize(
    ("foreign", "own", "variant", "verdict"),
    [
        (403, 200, "of another account", PASS),
        (404, 200, "of another account", WARN),
        (404, 200, "invented", UNCLEAR),
        (403, 404, "invented", UNCLEAR),
        (200, 404, "invented", FAIL),
        (200, 200, "of another account", FAIL),
        (500, 200, "of another account", UNCLEAR),
        (429, 200, "of another account", UNCLEAR),
        (400, 200, "of another account", FAIL),
    ],
)
def test_objects_of_others(foreign: int, own: int, variant: str, verdict: Verdict) -> None:
    exchanges = [asked("object.own", SURVEY, answer(own)), asked("object.foreign", SURVEY, answer(foreign), variant)]
    assert judge("AUTHZ-10", SURVEY, *exchanges).verdict is verdict


@pytest.mark.parametrize(
    ("before", "old", "new", "verdict"),
    [
        (200, 403, 403, PASS),
        (200, 401, 403, PASS),
        (200, 200, 403, WARN),
        (200, 200, 200, FAIL),
        (200, 403, 200, FAIL),
        (200, 403, 401, UNCLEAR),
        (200, 403, 400, FAIL),
        (403, 403, 403, UNCLEAR),
        (200, 403, 503, UNCLEAR),
        (200, 429, 403, UNCLEAR),
        (200, 500, 403, UNCLEAR),
        (200, 403, 500, UNCLEAR),
        (200, 403, 404, PASS),
        (200, 404, 404, PASS),
        (200, 200, 404, WARN),
    ],
)
def test_a_permission_that_was_taken_away(before: int, old: int, new: int, verdict: Verdict) -> None:
    statuses = {"withdrawal.before": before, "withdrawal.old_token": old, "withdrawal.new_token": new}
    assert judge("AUTHZ-08", USERS, *(asked(name, USERS, answer(status)) for name, status in statuses.items())).verdict is verdict


@pytest.mark.parametrize(
    ("before", "after", "expired", "verdict"),
    [
        (200, 401, None, PASS),
        (200, 403, None, WARN),
        (200, 200, None, WARN),
        (200, 200, 401, WARN),
        (200, 200, 200, FAIL),
        (200, 404, None, FAIL),
        (200, 503, None, UNCLEAR),
        (401, 401, None, UNCLEAR),
    ],
)
def test_an_account_that_was_disabled(before: int, after: int, expired: int | None, verdict: Verdict) -> None:
    exchanges = [asked("disabled.before", ME, answer(before)), asked("disabled.after", ME, answer(after))]
    exchanges += [asked("disabled.expired", ME, answer(expired))] if expired else []
    assert judge("AUTHZ-09", ME, *exchanges).verdict is verdict


@pytest.mark.parametrize(
    ("status", "words"),
    [(200, "is due: it is served."), (401, "is due: a client would log in again for ever."), (500, "403 is due."), (402, "403 is due.")],
)
def test_the_harm_that_a_wrong_answer_does(status: int, words: str) -> None:
    assert judge("AUTHZ-02", USERS, asked("permission.missing", USERS, answer(status))).detail.endswith(words)


@pytest.mark.parametrize(("status", "verdict"), [(400, UNCLEAR), (413, UNCLEAR), (415, UNCLEAR), (422, UNCLEAR), (409, FAIL)])
def test_a_refusal_of_the_body_says_nothing_of_the_permission(status: int, verdict: Verdict) -> None:
    assert judge("AUTHZ-02", UPDATE, asked("permission.missing", UPDATE, answer(status), body=b"{}")).verdict is verdict
    assert judge("AUTHZ-02", UPDATE, asked("permission.missing", UPDATE, answer(status))).verdict is FAIL


@pytest.mark.parametrize(
    ("name", "variant", "status", "verdict"),
    [
        ("operation.served", "privileged", 200, PASS),
        ("operation.served", "privileged", 404, UNCLEAR),
        ("operation.guessed", "privileged", 200, PASS),
        ("operation.guessed", "privileged", 404, UNCLEAR),
        ("operation.served", "ordinary", 200, UNCLEAR),
        ("permission.held", "privileged", 200, PASS),
    ],
)
def test_whose_call_shows_that_the_permission_opens(name: str, variant: str, status: int, verdict: Verdict) -> None:
    missing = asked("permission.missing", USERS, answer(403))
    assert judge("AUTHZ-01", USERS, missing, asked(name, USERS, answer(status), variant)).verdict is verdict
    later = asked("permission.held", USERS, answer(500))
    assert judge("AUTHZ-01", USERS, missing, asked(name, USERS, answer(status), variant), later).verdict is verdict


def test_a_call_that_served_the_privileged_account_goes_before_others() -> None:
    served = [asked("operation.served", USERS, answer(404), "ordinary"), asked("operation.served", USERS, answer(200), "privileged")]
    judgement = judge("AUTHZ-01", USERS, asked("permission.missing", USERS, answer(403)), *served)
    assert (judgement.verdict, [exchange.number for exchange in judgement.exchanges]) == (PASS, [1, 3])


@pytest.mark.parametrize(
    ("held", "part", "verdict"),
    [
        (("users:browse", "users:edit"), "ordinary", UNCLEAR),
        (("users:edit",), "ordinary", FAIL),
        (("users:browse",), "privileged", FAIL),
    ],
)
def test_what_the_ordinary_account_holds_is_told_by_its_who_am_i(held: tuple[str, ...], part: str, verdict: Verdict) -> None:
    control, served = asked("identity.control", ME, identity("2", *held), part), asked("permission.missing", USERS, answer(200))
    assert judge("AUTHZ-02", USERS, control, served).verdict is verdict


def test_without_a_who_am_i_that_tells_permissions_nobody_holds_any() -> None:
    control = asked("identity.control", ME, identity("2", "users:browse"), "ordinary")
    who = contract().applications["admin"].identity
    assert who
    silent = replace(who, fields={"id": "/profile/id"})
    for of in (with_application(contract(), "admin", identity=None), with_application(contract(), "admin", identity=silent)):
        for status, verdict in ((403, PASS), (200, FAIL)):
            assert Recorded(of=of).judge("AUTHZ-02", USERS, [control, asked("permission.missing", USERS, answer(status))]).verdict is verdict


ROLES = (Role("admin", "auditor", frozenset()), Role("admin", "clerk", frozenset({"users:browse"})))


@pytest.mark.parametrize(
    ("missing", "roles", "verdict"),
    [
        (None, {"auditor": 403}, PASS),
        (None, {"auditor": 200}, FAIL),
        (None, {"auditor": 403, "clerk": 200}, PASS),
        (None, {"clerk": 200}, UNCLEAR),
        (None, {"stranger": 200}, FAIL),
        (None, {"stranger": 403}, PASS),
        (403, {"auditor": 200}, FAIL),
        (403, {"auditor": 403, "clerk": 200}, PASS),
        (403, {"auditor": 404}, WARN),
        (200, {"auditor": 403}, FAIL),
    ],
)
def test_roles_that_lack_the_permission(missing: int | None, roles: dict[str, int], verdict: Verdict) -> None:
    exchanges = [] if missing is None else [asked("permission.missing", USERS, answer(missing))]
    exchanges += [asked("permission.role", USERS, answer(status), role) for role, status in roles.items()]
    assert building.judge("AUTHZ-02", USERS, stranger(USERS), *exchanges, roles=ROLES).verdict is verdict


@pytest.mark.parametrize(
    ("roles", "verdict"),
    [
        ({"auditor": 403}, PASS),
        ({"auditor": 200}, FAIL),
        ({"auditor": 404}, WARN),
        ({"stranger": 200}, FAIL),
        ({"clerk": 200}, UNCLEAR),
        ({}, UNCLEAR),
    ],
)
def test_where_the_ordinary_account_holds_the_permission_roles_alone_show_that_it_is_asked_for(roles: dict[str, int], verdict: Verdict) -> None:
    holding = asked("identity.control", ME, identity("2", "users:browse"), "ordinary")
    asked_by = [asked("permission.role", USERS, answer(status), role) for role, status in roles.items()]
    served = asked("permission.missing", USERS, answer(200))
    assert building.judge("AUTHZ-02", USERS, stranger(USERS), holding, served, *asked_by, roles=ROLES).verdict is verdict


def test_what_decided_nothing_is_shown() -> None:
    names = ("permission.missing", "permission.invalid_body", "permission.existing")
    exchanges = [asked(name, UPDATE, answer(status), body=b"{}") for name, status in zip(names, (403, 429, 403), strict=True)]
    assert [exchange.number for exchange in judge("AUTHZ-03", UPDATE, *exchanges).exchanges] == [2]
    holding = asked("identity.control", ME, identity("2", "users:edit"), "ordinary")
    held = judge("AUTHZ-03", UPDATE, holding, asked(names[0], UPDATE, answer(403), body=b"{}"))
    assert (held.verdict, [exchange.number for exchange in held.exchanges]) == (UNCLEAR, [2])


SCOPE = ("WWW-Authenticate", 'Bearer error="insufficient_scope"')


@pytest.mark.parametrize("name", ["permission.missing", "permission.existing"])
@pytest.mark.parametrize(
    ("headers", "strict", "lenient"),
    [
        ((SCOPE,), PASS, PASS),
        ((), FAIL, WARN),
        ((("WWW-Authenticate", 'Bearer error="invalid_token"'),), FAIL, WARN),
        ((("WWW-Authenticate", 'Digest error="insufficient_scope"'),), FAIL, WARN),
        ((SCOPE, ("Set-Cookie", "it24a_refresh_token=; Max-Age=0")), FAIL, FAIL),
        ((SCOPE, ("Set-Cookie", "other=; Max-Age=0")), PASS, PASS),
    ],
)
def test_a_403_names_its_error(name: str, headers: tuple[tuple[str, str], ...], strict: Verdict, lenient: Verdict) -> None:
    exchange = asked(name, USERS, answer(403, b"{}", *headers))
    assert judge("AUTHZ-04", USERS, exchange).verdict is strict
    assert Recorded(of=replace(contract(), requires_error_codes=False)).judge("AUTHZ-04", USERS, [exchange]).verdict is lenient


@pytest.mark.parametrize(
    ("name", "at", "headers", "verdict"),
    [
        ("access-token-in-cookie", "GET /notes", (), PASS),
        ("access-token-in-cookie", "GET /notes", (("Set-Cookie", "__Host-access=; Max-Age=0"),), FAIL),
        ("api-keys", "GET /notes", (), SKIP),
    ],
)
def test_error_codes_are_for_bearer_tokens(name: str, at: str, headers: tuple[tuple[str, str], ...], verdict: Verdict) -> None:
    of = design(name)
    exchange = asked("permission.missing", at, answer(403, b"{}", *headers), of=of)
    assert building.judge("AUTHZ-04", at, exchange, of=of).verdict is verdict


def test_a_permission_that_was_taken_away_shows_at_one_operation() -> None:
    statuses = {"withdrawal.before": 200, "withdrawal.old_token": 403, "withdrawal.new_token": 403}
    elsewhere = [asked(name, "listPersonalAccessTokens", answer(status)) for name, status in statuses.items()]
    assert judge("AUTHZ-08", USERS, *elsewhere).verdict is SKIP
    assert judge("AUTHZ-08", USERS).verdict is UNCLEAR


@pytest.mark.parametrize(
    ("foreign", "variant", "verdict"), [(404, "invented", PASS), (403, "invented", WARN), (403, "of another account", WARN), (401, "invented", FAIL)]
)
def test_a_document_may_hide_the_objects_of_others(foreign: int, variant: str, verdict: Verdict) -> None:
    of = replace(contract(), object_rules=tuple(replace(rule, otherwise=404) for rule in contract().object_rules))
    exchanges = [asked("object.own", SURVEY, answer(200)), asked("object.foreign", SURVEY, answer(foreign), variant)]
    assert Recorded(of=of).judge("AUTHZ-10", SURVEY, exchanges).verdict is verdict


# Whose a token is

WHO = (asked("identity.control", ME, identity("2"), "ordinary"), asked("identity.control", ME, identity("1"), "privileged"))
CREATED = answer(201, b'{"jwt": "x", "token": {"id": "t", "userId": "2"}}')


@pytest.mark.parametrize(("response", "verdict"), [(identity("2"), PASS), (identity("1"), FAIL), (answer(400), PASS), (answer(500), UNCLEAR)])
def test_a_caller_who_names_somebody_else(response: Response, verdict: Verdict) -> None:
    assert judge("AUTHZ-07", ME, *WHO, asked("identity.claimed", ME, response, "ordinary")).verdict is verdict


@pytest.mark.parametrize(
    ("created", "used", "verdict"),
    [
        (CREATED, identity("2"), PASS),
        (answer(422), None, PASS),
        (CREATED, identity("1"), FAIL),
        (answer(201, b'{"jwt": "x", "token": {"id": "t", "userId": "1"}}'), identity("2"), FAIL),
        (answer(503), None, UNCLEAR),
        (answer(403, b"<html>", PAGE), None, UNCLEAR),
    ],
)
def test_a_token_in_the_name_of_somebody_else(created: Response, used: Response | None, verdict: Verdict) -> None:
    exchanges = [asked("ownership.create", TOKENS, created), asked("ownership.use", ME, used)]
    assert judge("AUTHZ-07", TOKENS, *WHO, *exchanges).verdict is verdict


LISTED = answer(200, b'{"data": [{"id": "other"}], "meta": {"total": 1}}')
PAGED = answer(200, b'{"data": [{"id": "other"}], "meta": {"total": 40}}')
SHOWN = answer(200, b'{"data": [{"id": "t"}], "meta": {"total": 1}}')


@pytest.mark.parametrize(
    ("listed", "attempt", "after", "verdict"),
    [
        (LISTED, 404, 200, PASS),
        (LISTED, 403, 200, PASS),
        (LISTED, 204, 200, PASS),
        (answer(403), 403, 200, PASS),
        (SHOWN, 404, 200, FAIL),
        (LISTED, 204, 401, FAIL),
        (LISTED, 404, 401, FAIL),
        (PAGED, 404, 200, UNCLEAR),
        (answer(500), 404, 200, UNCLEAR),
        (LISTED, 429, 200, UNCLEAR),
        (LISTED, 404, 503, UNCLEAR),
    ],
)
def test_the_tokens_of_others(listed: Response, attempt: int, after: int, verdict: Verdict) -> None:
    def exchanges(start: str, list_name: str, revoke_name: str, after_name: str) -> list[Exchange]:
        used = identity("2") if after == 200 else answer(after)
        return [
            asked(f"{start}.create", TOKENS, CREATED),
            asked(f"{start}.use", ME, identity("2")),
            asked(list_name, LIST, listed),
            asked(revoke_name, REVOKE, answer(attempt)),
            asked(after_name, ME, used, "personal"),
        ]

    another = exchanges("pat", "pat.foreign_list", "pat.foreign_revoke", "pat.after_foreign_revoke")
    assert judge("AUTHZ-05", REVOKE, *WHO, *another).verdict is verdict
    privileged = exchanges("ownership", "ownership.list", "ownership.revoke", "ownership.at_once")
    assert judge("AUTHZ-06", REVOKE, *WHO, *privileged).verdict is verdict


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        (identity("2"), identity("1"), PASS),
        (identity("1"), identity("1"), FAIL),
        (identity("2"), answer(503), UNCLEAR),
        (identity("2"), answer(401), UNCLEAR),
    ],
)
def test_several_who_ask_at_once(first: Response, second: Response, verdict: Verdict) -> None:
    exchanges = [asked("identity.at_once", ME, first, "ordinary"), asked("identity.at_once", ME, second, "privileged")]
    assert judge("AUTHZ-11", ME, *WHO, *exchanges).verdict is verdict


def test_who_am_i_that_tells_everybody_the_same() -> None:
    same = [asked("identity.control", ME, identity("1"), part) for part in ("ordinary", "privileged")]
    at_once = [asked("identity.at_once", ME, identity("1"), part) for part in ("ordinary", "privileged")]
    assert judge("AUTHZ-11", ME, *same, *at_once).verdict is FAIL


@pytest.mark.parametrize(("subject", "told", "verdict"), [("2", "2", PASS), ("1", "1", PASS), ("2", "1", FAIL)])
def test_a_personal_token_is_of_whom_its_claims_name(subject: str, told: str, verdict: Verdict) -> None:
    def sent(variable: str) -> dict[str, Any]:
        return {"headers": (("Authorization", f"Bearer ${{{variable}}}"),)}

    claims = {"ACCESS_TOKEN_1": "2", "ACCESS_TOKEN_2": "1", "PERSONAL_1": subject}
    facts = {name: TokenFacts("token", name, 1, claims={"sub": value, "userId": value}) for name, value in claims.items()}
    exchanges = [
        asked("identity.control", ME, identity("2"), "ordinary", **sent("ACCESS_TOKEN_1")),
        asked("identity.control", ME, identity("1"), "privileged", **sent("ACCESS_TOKEN_2")),
        asked("ownership.at_once", ME, identity(told), "personal", **sent("PERSONAL_1")),
        asked("ownership.at_once", ME, identity("1"), "privileged", **sent("ACCESS_TOKEN_2")),
    ]
    assert Recorded(facts=facts).judge("AUTHZ-11", ME, exchanges).verdict is verdict


# Applications beside each other


@pytest.mark.parametrize(
    ("cookie", "verdict"),
    [
        ("it24a_refresh_token=x; Path=/api/admin/auth", PASS),
        ("it24a_refresh_token=x", PASS),
        ("it24a_refresh_token=x; Path=/api", FAIL),
        ("it24a_refresh_token=x; Path=/", FAIL),
        ("another=x; Path=/", UNCLEAR),
    ],
)
def test_a_cookie_stays_with_its_application(cookie: str, verdict: Verdict) -> None:
    login = asked("login.good", "POST /api/admin/auth/login", answer(200, b"{}", JSON, ("Set-Cookie", cookie)))
    assert judge("APP-02", "POST /api/admin/auth/login", login).verdict is verdict


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        (answer(401), PASS),
        (answer(400), PASS),
        (answer(200, b'{"accessToken": "x"}'), FAIL),
        (answer(200, b'{"message": "check your mail"}'), UNCLEAR),
        (answer(429), UNCLEAR),
    ],
)
def test_the_credentials_of_another_application(response: Response, verdict: Verdict) -> None:
    login = "POST /api/auth/login"
    assert judge("APP-03", login, asked("isolation.credentials", login, response)).verdict is verdict


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        (answer(404), PASS),
        (answer(401), PASS),
        (answer(302, b"", ("Location", "/")), PASS),
        (answer(200, b"<html>", PAGE), PASS),
        (identity("2"), FAIL),
        (answer(200, b'{"status": "ok"}'), UNCLEAR),
        (answer(503), UNCLEAR),
    ],
)
def test_an_application_that_there_is_not(response: Response, verdict: Verdict) -> None:
    assert judge("APP-04", ME, *WHO, asked("undeclared", None, response, "admin")).verdict is verdict


@pytest.mark.parametrize(
    ("access", "refresh", "verdict"),
    [(401, 401, PASS), (403, 401, PASS), (200, 401, FAIL), (401, 200, FAIL), (401, 503, UNCLEAR), (401, 429, UNCLEAR)],
)
def test_a_way_around_the_second_factor(access: int, refresh: int, verdict: Verdict) -> None:
    exchanges = [
        asked("elsewhere.access", ME, answer(access)),
        asked("elsewhere.refresh", "POST /api/admin/auth/refresh", answer(refresh)),
    ]
    assert judge("APP-05", "POST /api/admin/auth/otp", *exchanges).verdict is verdict


@pytest.mark.parametrize(("early", "others", "verdict"), [(400, 400, UNCLEAR), (422, 400, UNCLEAR), (403, 400, FAIL), (400, 404, FAIL)])
def test_a_body_that_is_judged_first_tells_nothing_of_the_permission(early: int, others: int, verdict: Verdict) -> None:
    exchanges = [
        asked("permission.missing", UPDATE, answer(403), body=b"{}"),
        asked("permission.invalid_body", UPDATE, answer(early), body=b"{}"),
        asked("withdrawal.all_but_this", UPDATE, answer(others), body=b"{}"),
    ]
    assert judge("AUTHZ-02", UPDATE, *exchanges).verdict is verdict


@pytest.mark.parametrize(
    ("statuses", "words"),
    [((403, 403, 400), "of the caller's own account"), ((403, 400, 400), "A body is judged before"), ((400, 403, 403), "A body is judged before")],
)
def test_the_own_account_may_be_asked_for_nothing(statuses: tuple[int, ...], words: str) -> None:
    names = ("permission.missing", "permission.invalid_body", "permission.existing")
    judgement = judge("AUTHZ-03", UPDATE, *(asked(name, UPDATE, answer(status), body=b"{}") for name, status in zip(names, statuses, strict=True)))
    assert judgement.verdict is FAIL
    assert words in judgement.detail
