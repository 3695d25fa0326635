"""What the checks of personal access tokens say of lawful and of broken answers that no fault of the mock gives."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from authproof.checks import CHECKS
from authproof.evidence import Outcome
from authproof.exchange import Exchange, Response, TokenFacts
from authproof.verdict import Verdict
from authproof_spec import Contract
from authproof_spec.pointer import Json
from tests.conformance.checks import building
from tests.conformance.checks.altered import with_application
from tests.conformance.checks.building import design
from tests.conformance.checks.recording import CREATE, HTML, LIST, ME, NO_ANSWER, REFRESH, REVOKE, altered, contract, judge, seen, sets, token

PASS, FAIL, WARN, SKIP, UNDECIDED = Verdict.PASS, Verdict.FAIL, Verdict.WARN, Verdict.SKIP, Verdict.INCONCLUSIVE
Record = dict[str, Json]
TOKEN = "${PERSONAL_ACCESS_TOKEN_1}"


def record(number: Json = 7, **changes: Json) -> Record:
    plain: Record = {"id": number, "userId": 2, "name": "authproof", "createdAt": "2026-01-01T00:00:00Z", "usedAt": None}
    return {**plain, "expiresAt": "2026-01-02T00:00:00Z", "revoked": False, **changes}


def created(**changes: Json) -> Exchange:
    return seen("pat.create", CREATE, 201, {"jwt": TOKEN, "token": record(**changes)})


def listed(*records: Record, total: Json = None, name: str = "pat.list") -> Exchange:
    return seen(name, LIST, 200, {"data": [*records], "meta": {"total": len(records) if total is None else total}})


@pytest.mark.parametrize(
    ("listing", "verdict"),
    [
        (listed(record()), PASS),
        (listed(record("7"), record(6)), PASS),
        (listed(record(), total=40), PASS),
        (listed(record(6), total=40), UNDECIDED),
        (listed(record(6)), FAIL),
        (listed(), FAIL),
        (listed(record(), record(6, userId=3)), FAIL),
        (listed(record(), total=0), FAIL),
        (listed({name: value for name, value in record().items() if name != "expiresAt"}), FAIL),
        (seen("pat.list", LIST, 200, {"tokens": []}), FAIL),
        (seen("pat.list", LIST, 200, "<html>"), FAIL),
        (seen("pat.list", LIST, 403), FAIL),
        (seen("pat.list", LIST, 429), UNDECIDED),
        (seen("pat.list", LIST, NO_ANSWER), UNDECIDED),
    ],
)
def test_the_list(listing: Exchange, verdict: Verdict) -> None:
    assert judge("PAT-05", LIST, created(), listing).verdict is verdict


def test_a_record_may_have_few_members() -> None:
    few = contract(
        *(
            (f"          {name}: /{pointer}\n", "")
            for name, pointer in (("account", "userId"), ("createdAt", "createdAt"), ("usedAt", "usedAt"), ("revoked", "revoked"))
        )
    )
    short: Record = {"id": 7, "name": "authproof", "expiresAt": "2026-01-02T00:00:00Z"}
    creation = seen("pat.create", CREATE, 201, {"jwt": TOKEN, "token": short})
    listing, gone = listed(short), listed(name="pat.list_after")
    assert (
        judge("PAT-01", CREATE, seen("pat.create", CREATE, 201, {"jwt": TOKEN, "token": short}, ("Cache-Control", "no-store")), of=few).verdict
        is PASS
    )
    assert judge("PAT-05", LIST, creation, listing, of=few).verdict is PASS
    assert judge("PAT-19", LIST, creation, listing, of=few).verdict is SKIP
    assert judge("PAT-10", REVOKE, creation, seen("pat.revoke_malformed", REVOKE, 404), listing, of=few).verdict is PASS
    assert judge("PAT-08", REVOKE, creation, seen("pat.revoke", REVOKE, 204), gone, seen("pat.revoke_again", REVOKE, 404), of=few).verdict is PASS


@pytest.mark.parametrize(
    ("after", "again", "verdict"),
    [
        (listed(record(revoked=True), name="pat.list_after"), 204, PASS),
        (listed(record("7", revoked="2026-01-01T00:00:00Z"), name="pat.list_after"), 404, PASS),
        (listed(name="pat.list_after"), 410, PASS),
        (listed(record(), name="pat.list_after"), 204, FAIL),
        (listed(record(revoked=None), name="pat.list_after"), 204, FAIL),
        (listed(record(revoked=True), name="pat.list_after"), 500, FAIL),
        (listed(record(revoked=True), name="pat.list_after"), 501, FAIL),
        (listed(record(6), record(5, revoked=True), name="pat.list_after"), 204, PASS),
        (seen("pat.list_after", LIST, 200, "[]"), 204, FAIL),
        (seen("pat.list_after", LIST, 429), 204, UNDECIDED),
    ],
)
def test_a_revoked_token_in_the_list(after: Exchange, again: int, verdict: Verdict) -> None:
    assert judge("PAT-08", REVOKE, created(), seen("pat.revoke", REVOKE, 204), after, seen("pat.revoke_again", REVOKE, again)).verdict is verdict


@pytest.mark.parametrize(
    ("revocation", "used", "later", "verdict"),
    [
        (204, 401, None, PASS),
        (200, 401, None, PASS),
        (204, 200, 401, WARN),
        (204, 200, 200, FAIL),
        (204, 403, None, FAIL),
        (404, 401, None, FAIL),
        (429, 401, None, UNDECIDED),
        (204, 429, None, UNDECIDED),
    ],
)
def test_a_revoked_token_is_refused(revocation: int, used: int, later: int | None, verdict: Verdict) -> None:
    person = {"profile": {"id": "2"}}
    exchanges = [seen("identity.control", ME, 200, person), created(), seen("pat.use", ME, 200, person)]
    exchanges += [seen("pat.revoke", REVOKE, revocation), seen("pat.revoked_use", ME, used, person)]
    exchanges += [] if later is None else [seen("pat.revoked_use_later", ME, later, person)]
    assert judge("PAT-07", REVOKE, *exchanges).verdict is verdict


@pytest.mark.parametrize(
    ("unknown", "foreign", "verdict"),
    [
        (404, 404, PASS),
        (404, None, PASS),
        (403, 403, WARN),
        (400, 400, WARN),
        (404, 403, FAIL),
        (204, 404, FAIL),
        (429, 404, UNDECIDED),
        (404, 503, UNDECIDED),
        (404, 500, UNDECIDED),
        (500, 404, UNDECIDED),
        (404, 429, UNDECIDED),
        (204, 204, FAIL),
        (204, None, FAIL),
        (404, 204, FAIL),
    ],
)
def test_unknown_and_foreign_ids(unknown: int, foreign: int | None, verdict: Verdict) -> None:
    others = [] if foreign is None else [seen("pat.foreign_revoke", REVOKE, foreign)]
    assert judge("PAT-09", REVOKE, seen("pat.revoke_unknown", REVOKE, unknown), *others).verdict is verdict


@pytest.mark.parametrize(
    ("status", "headers", "listing", "verdict"),
    [
        (404, (), listed(record()), PASS),
        (400, (), listed(record("7")), PASS),
        (422, (), listed(record()), PASS),
        (204, (), listed(record()), FAIL),
        (401, (), listed(record()), FAIL),
        (500, (), listed(record()), FAIL),
        (501, (), listed(record()), FAIL),
        (502, (), listed(record()), UNDECIDED),
        (503, (), listed(record()), UNDECIDED),
        (404, (), listed(record(revoked=True)), FAIL),
        (404, (), listed(record(6)), UNDECIDED),
        (403, (HTML,), listed(record()), UNDECIDED),
        (429, (), listed(record()), UNDECIDED),
    ],
)
def test_malformed_ids(status: int, headers: tuple[tuple[str, str], ...], listing: Exchange, verdict: Verdict) -> None:
    assert judge("PAT-10", REVOKE, created(), seen("pat.revoke_malformed", REVOKE, status, None, *headers), listing).verdict is verdict


@pytest.mark.parametrize(("requirement", "probe"), [("PAT-11", "pat.wrong_name"), ("PAT-12", "pat.wrong_expiry")])
@pytest.mark.parametrize(
    ("status", "headers", "verdict"),
    [(400, (), PASS), (422, (), PASS), (201, (), FAIL), (409, (), FAIL), (429, (), UNDECIDED), (500, (), UNDECIDED), (403, (HTML,), UNDECIDED)],
)
def test_what_a_creation_may_not_ask(requirement: str, probe: str, status: int, headers: tuple[tuple[str, str], ...], verdict: Verdict) -> None:
    good, edges = created(), [seen("pat.longest_name", CREATE, 201)]
    assert judge(requirement, CREATE, good, seen(probe, CREATE, status, None, *headers), *edges).verdict is verdict


@pytest.mark.parametrize(
    ("probe", "status", "verdict"), [("pat.longest_name", 400, FAIL), ("pat.shortest_name", 422, FAIL), ("pat.longest_name", 429, UNDECIDED)]
)
def test_names_at_the_edge(probe: str, status: int, verdict: Verdict) -> None:
    assert (
        judge("PAT-11", CREATE, seen("pat.wrong_name", CREATE, 400), seen("pat.extras", CREATE, 400), seen(probe, CREATE, status)).verdict is verdict
    )


def test_a_name_without_limits_is_not_tested() -> None:
    assert judge("PAT-11", CREATE).verdict is SKIP
    assert judge("PAT-12", CREATE, seen("pat.wrong_expiry", CREATE, 400), seen("pat.create", CREATE, 400)).verdict is UNDECIDED


@pytest.mark.parametrize(
    ("status", "given", "claims", "used", "verdict"),
    [
        (400, None, {}, None, PASS),
        (201, record(8), {"sub": "2", "aud": ["admin"]}, {"profile": {"id": 2}}, PASS),
        (201, record(8), {}, {"profile": {"id": 2}}, PASS),
        (201, record("mine"), {}, {"profile": {"id": 2}}, FAIL),
        (201, record(8, userId=3), {}, {"profile": {"id": 2}}, FAIL),
        (201, record(8), {"sub": "3", "aud": ["admin"]}, {"profile": {"id": 2}}, FAIL),
        (201, record(8), {"sub": "2", "aud": ["admin"], "permissions": ["a"]}, {"profile": {"id": 2}}, FAIL),
        (201, record(8), {}, {"profile": {"id": 3}}, FAIL),
        (201, record(8), {}, {"profile": {"id": 2}, "permissions": ["a"]}, FAIL),
        (201, record(8), {}, None, UNDECIDED),
        (429, None, {}, None, UNDECIDED),
        (403, None, {}, None, FAIL),
    ],
)
def test_members_too_many(status: int, given: Json, claims: Record, used: Json, verdict: Verdict) -> None:
    usual: Record = {"sub": "2", "aud": ["admin"]} if claims else {}
    facts = dict(
        [token("PERSONAL_ACCESS_TOKEN_1", "personal_access_token", **usual), token("PERSONAL_ACCESS_TOKEN_2", "personal_access_token", **claims)]
    )
    exchanges = [
        created(),
        seen("pat.use", ME, 200, {"profile": {"id": 2}, "permissions": []}),
        seen("pat.extras", CREATE, status, {"jwt": "${PERSONAL_ACCESS_TOKEN_2}", "token": given}, data={"id": "mine"}),
        seen("pat.extras_use", ME, 401 if used is None else 200, {"permissions": [], **used} if isinstance(used, dict) else None),
    ]
    assert judge("PAT-13", CREATE, *exchanges, facts=facts).verdict is verdict


@pytest.mark.parametrize(
    ("status", "headers", "verdict"),
    [
        (401, (), PASS),
        (403, (), PASS),
        (403, (HTML,), UNDECIDED),
        (201, (), FAIL),
        (400, (), UNDECIDED),
        (429, (), UNDECIDED),
        (500, (), UNDECIDED),
    ],
)
def test_a_token_made_with_a_token(status: int, headers: tuple[tuple[str, str], ...], verdict: Verdict) -> None:
    assert judge("PAT-15", CREATE, seen("pat.child", CREATE, status, None, *headers)).verdict is verdict


def test_a_document_may_let_tokens_make_tokens() -> None:
    both = contract(
        ("security: [{adminAccessToken: []}]\n      requestBody", "security: [{adminAccessToken: []}, {personalAccessToken: []}]\n      requestBody")
    )
    assert judge("PAT-15", CREATE, seen("pat.child", CREATE, 201), of=both).verdict is WARN


@pytest.mark.parametrize(
    ("status", "body", "headers", "verdict"),
    [
        (401, None, (), PASS),
        (400, None, (), PASS),
        (200, {"accessToken": "${ACCESS_TOKEN_2}"}, (), FAIL),
        (200, None, (sets("${REFRESH_TOKEN_2}"),), FAIL),
        (200, "<html>", (), UNDECIDED),
        (429, None, (), UNDECIDED),
        (500, None, (), UNDECIDED),
    ],
)
def test_a_token_for_a_session(status: int, body: Json, headers: tuple[tuple[str, str], ...], verdict: Verdict) -> None:
    assert judge("PAT-16", CREATE, seen("pat.exchange", REFRESH, status, body, *headers)).verdict is verdict


def test_each_application_is_asked_by_one_operation_what_a_withdrawn_permission_opens() -> None:
    (check,) = (check for check in CHECKS if check.requirement == "PAT-20")
    assert [operation.id for operation in check.subjects(contract())] == ["listUsers"]
    both = contract(("security: [{adminAccessToken: []}, {personalAccessToken: []}]", 'security: [{personalAccessToken: ["users:browse"]}]'))
    assert [operation.id for operation in check.subjects(both)] == [ME]
    assert not list(check.subjects(altered(personal_access_tokens=None)))


@pytest.mark.parametrize(
    ("before", "after", "headers", "verdict"),
    [
        (200, 401, (), PASS),
        (200, 403, (), WARN),
        (200, 403, (HTML,), UNDECIDED),
        (200, 200, (), FAIL),
        (401, 401, (), UNDECIDED),
        (200, 429, (), UNDECIDED),
    ],
)
def test_a_locked_out_account(before: int, after: int, headers: tuple[tuple[str, str], ...], verdict: Verdict) -> None:
    assert judge("PAT-17", ME, seen("disabled.token_before", ME, before), seen("disabled.token_after", ME, after, None, *headers)).verdict is verdict


@pytest.mark.parametrize(
    ("control", "forged", "verdict"), [(200, 401, PASS), (200, 200, FAIL), (401, 401, UNDECIDED), (200, 403, FAIL), (200, 429, UNDECIDED)]
)
def test_forged_tokens(control: int, forged: int, verdict: Verdict) -> None:
    assert judge("PAT-18", ME, seen("pat.signed_control", ME, control), seen("pat.forged", ME, forged, variant="a random id")).verdict is verdict


@pytest.mark.parametrize(
    ("creation", "use", "listing", "verdict"),
    [
        (created(), 200, listed(record(usedAt="2026-01-01T00:00:30Z")), PASS),
        (created(), 200, listed(record("7", usedAt="2026-01-01T00:00:00+00:00")), PASS),
        (created(), 200, listed(record(usedAt="2025-12-31T23:59:30Z")), PASS),
        (created(), 200, listed(record(usedAt="2025-12-31T23:59:00Z")), PASS),
        (created(), 200, listed(record(usedAt="2025-12-31T23:58:59Z")), FAIL),
        (created(), 200, listed(record(usedAt="2026-01-01T00:00:00")), PASS),
        (created(), 200, listed(record(usedAt="2025-12-31T19:00:00-05:00")), PASS),
        (created(), 200, listed(record(usedAt="2025-12-31T19:00:00+05:00")), FAIL),
        (created(createdAt="yesterday"), 200, listed(record(usedAt="2025-12-31T00:00:00Z")), PASS),
        (created(), 200, listed(record(usedAt="2025-12-31T00:00:00Z")), FAIL),
        (created(), 200, listed(record()), FAIL),
        (created(usedAt="2026-01-01T00:00:00Z"), 200, listed(record()), FAIL),
        (created(usedAt="2026-01-01T00:00:00Z"), 200, listed(record(usedAt="2026-01-01T00:00:30Z")), FAIL),
        (created(), 401, listed(record()), UNDECIDED),
        (created(), 200, listed(), UNDECIDED),
    ],
)
def test_the_time_of_use(creation: Exchange, use: int, listing: Exchange, verdict: Verdict) -> None:
    assert judge("PAT-19", LIST, creation, seen("pat.use", ME, use), listing).verdict is verdict


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [(200, 403, PASS), (200, 200, FAIL), (200, 404, PASS), (200, 401, UNDECIDED), (403, 403, UNDECIDED), (200, 429, UNDECIDED)],
)
def test_a_lost_permission(before: int, after: int, verdict: Verdict) -> None:
    assert (
        judge("PAT-20", "listUsers", seen("withdrawal.token_before", "listUsers", before), seen("withdrawal.token_after", "listUsers", after)).verdict
        is verdict
    )


@pytest.mark.parametrize(("status", "verdict"), [(401, PASS), (200, FAIL), (204, FAIL), (429, UNDECIDED)])
def test_what_a_list_shows_opens_nothing(status: int, verdict: Verdict) -> None:
    shown = seen("pat.listed_value", ME, status, variant="prefix")
    assert judge("PAT-02", LIST, created(), listed(record(prefix="abcdefgh")), shown).verdict is verdict


@pytest.mark.parametrize(("before", "after", "verdict"), [(200, 401, PASS), (200, 200, FAIL), (401, 401, UNDECIDED)])
def test_an_expired_token(before: int, after: int, verdict: Verdict) -> None:
    person = {"profile": {"id": 2}}
    exchanges = (
        seen("identity.control", ME, 200, person),
        seen("expiry.token_before", ME, before, person),
        seen("expiry.token_after", ME, after, person),
    )
    assert judge("PAT-06", ME, *exchanges).verdict is verdict


def test_a_token_that_was_dead_before_the_logout_proves_nothing() -> None:
    person = {"profile": {"id": 2}}
    after = (seen("identity.control", ME, 200, person), seen("pat.extras_use", ME, 401), seen("logout.personal_token_after", ME, 401))
    assert judge("PAT-21", ME, *after).verdict is UNDECIDED


# The creation


def creation(status: int = 201, body: Json = None, cache: str = "no-store") -> Exchange:
    content: Json = {"jwt": TOKEN, "token": record()}
    return seen("pat.create", CREATE, status, content if body is None else body, *([("Cache-Control", cache)] if cache else []))


@pytest.mark.parametrize(
    ("made", "verdict"),
    [
        (creation(), PASS),
        (creation(cache="private, no-store"), PASS),
        (creation(cache=""), WARN),
        (creation(cache="no-cache"), WARN),
        (creation(200), FAIL),
        (creation(400), FAIL),
        (creation(body={"token": record()}), FAIL),
        (creation(body={"jwt": 1, "token": record()}), FAIL),
        (creation(body={"jwt": TOKEN}), FAIL),
        *((creation(body={"jwt": TOKEN, "token": dict.fromkeys(record().keys() - {gone})}), FAIL) for gone in record()),
        (creation(body={"jwt": TOKEN, "token": dict.fromkeys(record())}), PASS),
    ],
)
def test_a_creation(made: Exchange, verdict: Verdict) -> None:
    assert judge("PAT-01", CREATE, made).verdict is verdict


@pytest.mark.parametrize(("short", "verdict"), [({"meta": {"id": 7}}, PASS), ({"meta": {}}, FAIL), ({"id": 7}, FAIL), ({"meta": 7}, FAIL)])
def test_a_record_may_have_its_members_deeper(short: Record, verdict: Verdict) -> None:
    personal = contract().applications["admin"].personal_access_tokens
    assert personal
    of = with_application(contract(), "admin", personal_access_tokens=replace(personal, record={"id": "/meta/id"}))
    assert judge("PAT-01", CREATE, creation(body={"jwt": TOKEN, "token": short}), of=of).verdict is verdict


def test_a_token_without_claims_has_none_to_read() -> None:
    of = design("api-keys")
    assert building.judge("PAT-04", "POST /me/keys", of=of).verdict is SKIP
    assert judge("PAT-04", CREATE, created()).verdict is UNDECIDED
    assert judge("PAT-04", CREATE, seen("pat.create", CREATE, 201, {"jwt": "unheard-of", "token": record()})).verdict is UNDECIDED
    assert judge("PAT-04", CREATE, seen("pat.create", CREATE, 201, {"token": record()})).verdict is UNDECIDED


MOMENT = 1767312000  # 2026-01-02T00:00:00Z, the record's expiry
AUDIENCE = ("admin", "access", "personal")


@pytest.mark.parametrize(
    ("audience", "expiry", "changes", "verdict"),
    [
        (AUDIENCE, MOMENT, {}, PASS),
        (AUDIENCE, MOMENT, {"expiresAt": "2026-01-02T00:00:00"}, PASS),
        (AUDIENCE, MOMENT, {"expiresAt": "2026-01-02T02:00:00+02:00"}, PASS),
        (AUDIENCE, MOMENT, {"expiresAt": "2026-01-02T02:00:00Z"}, WARN),
        (AUDIENCE[::-1], MOMENT + 60, {}, PASS),
        (AUDIENCE, MOMENT - 60, {}, PASS),
        (AUDIENCE, MOMENT + 61, {}, WARN),
        (AUDIENCE, MOMENT - 61, {}, WARN),
        (AUDIENCE, MOMENT + 86400, {}, WARN),
        (AUDIENCE, MOMENT + 86401, {}, FAIL),
        (AUDIENCE, MOMENT - 86401, {}, FAIL),
        (AUDIENCE, None, {}, PASS),
        (AUDIENCE, "never", {}, FAIL),
        (AUDIENCE, float("nan"), {}, FAIL),
        (AUDIENCE, 10**400, {}, FAIL),
        (AUDIENCE, True, {"expiresAt": "never"}, PASS),
        (AUDIENCE, MOMENT, {"expiresAt": None}, PASS),
        (AUDIENCE, MOMENT, {"expiresAt": "never"}, PASS),
        (AUDIENCE[:2], MOMENT, {}, FAIL),
        ((*AUDIENCE, "survey"), MOMENT, {}, FAIL),
        ("admin", MOMENT, {}, FAIL),
        (None, MOMENT, {}, FAIL),
    ],
)
def test_claims(audience: tuple[str, ...] | str | None, expiry: Json, changes: Record, verdict: Verdict) -> None:
    claims: Record = {"aud": [*audience] if isinstance(audience, tuple) else audience, "exp": expiry}
    facts = dict([token("PERSONAL_ACCESS_TOKEN_1", "personal_access_token", **claims)])
    assert judge("PAT-04", CREATE, created(**changes), facts=facts).verdict is verdict


@pytest.fixture
def _far_west(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "XXX+10")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("_far_west")
def test_a_time_without_a_zone_is_not_of_the_testers_zone() -> None:
    facts = dict([token("PERSONAL_ACCESS_TOKEN_1", "personal_access_token", aud=[*AUDIENCE], exp=MOMENT)])
    assert judge("PAT-04", CREATE, created(expiresAt="2026-01-02T00:00:00"), facts=facts).verdict is PASS


def test_an_audience_of_one_is_text() -> None:
    personal = contract().applications["admin"].personal_access_tokens
    assert personal
    of = with_application(contract(), "admin", personal_access_tokens=replace(personal, kind=replace(personal.kind, audience=frozenset({"me"}))))
    for audience, verdict in (("me", PASS), (["me"], PASS), ("you", FAIL)):
        facts = dict([token("PERSONAL_ACCESS_TOKEN_1", "personal_access_token", aud=audience)])
        assert judge("PAT-04", CREATE, created(), of=of, facts=facts).verdict is verdict


# What is shown of it


@pytest.mark.parametrize(
    ("listing", "later", "verdict", "shown"),
    [
        (listed(record()), seen("pat.list_after", LIST, 200, "{}"), PASS, [1]),
        (listed(record(), total=1), seen("pat.list_after", LIST, 200, f'{{"data": ["{TOKEN}"]}}'), FAIL, [3]),
        (listed(record()), seen("pat.use", ME, 200, "{}", ("X-Token", TOKEN)), FAIL, [3]),
        (listed(record()), seen("pat.use", ME, 200, "${ACCESS_TOKEN_1}"), PASS, [1]),
        (listed(record(note=TOKEN)), seen("pat.use", ME, 200, "{}"), FAIL, [2]),
        (seen("pat.list", LIST, 401), seen("pat.use", ME, 200, "{}"), UNDECIDED, [2]),
        (seen("pat.list", LIST, 500), seen("pat.use", ME, 200, "{}"), UNDECIDED, [2]),
        (listed(record()), replace(seen("pat.use", ME, 200), response=Response(200, (), b"\xff" + TOKEN.encode())), FAIL, [3]),
    ],
)
def test_a_token_is_shown_once(listing: Exchange, later: Exchange, verdict: Verdict, shown: list[int]) -> None:
    judgement = judge("PAT-02", LIST, created(), listing, later)
    assert (judgement.verdict, [exchange.number for exchange in judgement.exchanges]) == (verdict, shown)


# Its end


def test_of_two_tokens_the_second_was_revoked() -> None:
    again = seen("pat.create_again", CREATE, 201, {"jwt": TOKEN, "token": record(8)})
    ended = [seen("pat.revoke", REVOKE, 204), seen("pat.revoke_again", REVOKE, 404)]
    first_lives = listed(record(7), record(8, revoked=True), name="pat.list_after")
    second_lives = listed(record(7, revoked=True), record(8), name="pat.list_after")
    assert judge("PAT-08", REVOKE, created(), again, *ended, first_lives).verdict is PASS
    assert judge("PAT-08", REVOKE, created(), again, *ended, second_lives).verdict is FAIL
    assert judge("PAT-08", REVOKE, created(), *ended, second_lives).verdict is PASS


def test_what_was_never_revoked_need_not_be_shown_as_revoked() -> None:
    after = [listed(record(), name="pat.list_after"), seen("pat.revoke_again", REVOKE, 404)]
    assert judge("PAT-08", REVOKE, created(), *after).verdict is UNDECIDED
    assert judge("PAT-08", REVOKE, seen("pat.revoke", REVOKE, 204), *after).verdict is UNDECIDED


@pytest.mark.parametrize(
    ("use", "verdict"),
    [
        (seen("pat.use", ME, 200, {"profile": {"id": "2"}}), PASS),
        (seen("pat.use", ME, 401), UNDECIDED),
        (seen("pat.use", ME, 200, {"profile": {"id": "3"}}), UNDECIDED),
        (seen("pat.use", ME, NO_ANSWER), UNDECIDED),
    ],
)
def test_a_token_that_was_dead_before_its_revocation_proves_nothing(use: Exchange, verdict: Verdict) -> None:
    exchanges = [seen("identity.control", ME, 200, {"profile": {"id": "2"}}), created(), use, seen("pat.revoke", REVOKE, 204)]
    assert judge("PAT-07", REVOKE, *exchanges, seen("pat.revoked_use", ME, 401)).verdict is verdict
    assert judge("PAT-07", REVOKE, *exchanges).verdict is UNDECIDED


@pytest.mark.parametrize(("elsewhere", "verdict", "shown"), [(401, PASS, [5, 6]), (200, FAIL, [6]), (403, FAIL, [6]), (429, UNDECIDED, [6])])
def test_a_revoked_token_opens_no_other_operation_either(elsewhere: int, verdict: Verdict, shown: list[int]) -> None:
    person = {"profile": {"id": "2"}}
    exchanges = [seen("identity.control", ME, 200, person), created(), seen("pat.use", ME, 200, person), seen("pat.revoke", REVOKE, 204)]
    judgement = judge("PAT-07", REVOKE, *exchanges, seen("pat.revoked_use", ME, 401), seen("pat.revoked_use", "listUsers", elsewhere))
    assert (judgement.verdict, [exchange.number for exchange in judgement.exchanges]) == (verdict, shown)
    assert ("at GET /api/admin/users" in judgement.detail) is (elsewhere != 429)


def test_whose_revocation_tells_that_a_token_exists() -> None:
    unknown = judge("PAT-09", REVOKE, seen("pat.revoke_unknown", REVOKE, 204), seen("pat.foreign_revoke", REVOKE, 404))
    assert (unknown.verdict, unknown.detail) == (FAIL, "The revocation of a token that does not exist is answered 204.")
    foreign = judge("PAT-09", REVOKE, seen("pat.revoke_unknown", REVOKE, 404), seen("pat.foreign_revoke", REVOKE, 403))
    assert (foreign.verdict, foreign.detail.startswith("Another user's token is answered 403")) == (FAIL, True)


# What a creation may ask


def test_whether_a_document_limits_names_the_script_tells() -> None:
    broke = {("creations", "admin"): Outcome(UNDECIDED, "The session was refused.")}
    assert building.judge("PAT-11", CREATE, outcomes=broke).detail == "The session was refused."
    assert building.judge("PAT-11", CREATE, outcomes={("creations", "survey"): Outcome(UNDECIDED, "No session.")}).verdict is SKIP
    assert building.judge("PAT-11", CREATE, created(), outcomes=broke).verdict is UNDECIDED


@pytest.mark.parametrize(("requirement", "probe"), [("PAT-11", "pat.wrong_name"), ("PAT-12", "pat.wrong_expiry")])
def test_what_a_server_takes_is_told_from_what_it_refuses_otherwise(requirement: str, probe: str) -> None:
    assert "is accepted" in judge(requirement, CREATE, created(), seen(probe, CREATE, 201)).detail
    assert "is accepted" not in judge(requirement, CREATE, created(), seen(probe, CREATE, 409)).detail


@pytest.mark.parametrize(
    ("requirement", "at", "script", "seen_besides"),
    [("PAT-12", CREATE, "creations", [created()]), ("PAT-10", REVOKE, "personal_tokens", [created(), listed(record())])],
)
def test_what_was_not_sent_is_not_judged(requirement: str, at: str, script: str, seen_besides: list[Exchange]) -> None:
    broke = {(script, "admin"): Outcome(SKIP, "The run was short of time.")}
    assert building.judge(requirement, at, *seen_besides, outcomes=broke).detail == "The run was short of time."
    assert judge(requirement, at, *seen_besides).verdict is UNDECIDED


def extras(claims: Record | None, usual: Record | None) -> tuple[list[Exchange], dict[str, TokenFacts]]:
    """A creation with members too many beside a plain one, and the claims of the two tokens; None: it is no JWT."""
    kind = "personal_access_token"
    facts = {
        "PERSONAL_ACCESS_TOKEN_1": TokenFacts(kind, "", 1, claims=usual),
        "PERSONAL_ACCESS_TOKEN_2": TokenFacts(kind, "", 1, claims=claims),
    }
    made: Json = {"jwt": "${PERSONAL_ACCESS_TOKEN_2}", "token": record(8)}
    return [created(), seen("pat.extras", CREATE, 201, made, data={"id": "mine"})], facts


@pytest.mark.parametrize(
    ("claims", "usual", "words"),
    [
        ({"aud": ["a"], "sub": "2"}, {"aud": ["a"], "sub": "2"}, None),
        ({"jti": "x", "exp": 2}, {"jti": "y", "exp": 1}, None),
        ({"scope": "all"}, {"scope": "own"}, "the claim scope"),
        ({"admin": True}, {"aud": None}, "the claim admin"),
        ({"permissions": ["a"]}, {"permissions": []}, "the claim permissions"),
        ({"aud": "b"}, {"aud": "a"}, "the claim aud"),
        ({"userId": "3"}, {"userId": "2"}, "the claim userId"),
        ({"scope": "all"}, None, None),
        (None, {"scope": "own"}, None),
        (None, None, None),
    ],
)
def test_a_claim_that_a_client_chose(claims: Record | None, usual: Record | None, words: str | None) -> None:
    of = with_application(contract(), "admin", identity=None)
    exchanges, facts = extras(claims, usual)
    judgement = judge("PAT-13", CREATE, *exchanges, of=of, facts=facts)
    assert judgement.verdict is (FAIL if words else PASS)
    assert judgement.detail == (f"The creation let the client choose {words}." if words else "The members too many are ignored.")


@pytest.mark.parametrize(("status", "verdict"), [(429, UNDECIDED), (500, UNDECIDED), (501, UNDECIDED), (403, PASS), (401, PASS)])
def test_what_decides_nothing_of_a_token_made_with_a_token(status: int, verdict: Verdict) -> None:
    assert judge("PAT-15", CREATE, seen("pat.child", CREATE, status)).verdict is verdict


def without_tokens() -> Contract:
    """The contract of an application without personal access tokens."""
    return with_application(contract(), "admin", personal_access_tokens=None)


@pytest.mark.parametrize("requirement", ["PAT-01", "PAT-02", "PAT-04", "PAT-05", "PAT-08", "PAT-10", "PAT-11", "PAT-13", "PAT-15", "PAT-19"])
@pytest.mark.parametrize("at", ["getSurveyUser", "getHealth"])
def test_where_there_are_no_personal_tokens_none_is_judged(requirement: str, at: str) -> None:
    exchanges = [seen(name, at, 200) for name in ("pat.create", "pat.list", "pat.revoke_malformed", "pat.extras", "pat.child")]
    judgement = judge(requirement, at, *exchanges)
    assert (judgement.verdict, judgement.detail) == (UNDECIDED, "The operation belongs to no application with personal access tokens.")
    assert judge(requirement, CREATE, *exchanges, of=without_tokens()).detail == judgement.detail


@pytest.mark.parametrize(("at", "of"), [("getHealth", contract()), (REVOKE, with_application(contract(), "admin", identity=None))])
def test_where_there_is_no_who_am_i_no_use_is_judged(at: str, of: Contract) -> None:
    judgement = judge("PAT-07", at, seen("pat.revoke", REVOKE, 204), of=of)
    assert (judgement.verdict, judgement.detail) == (UNDECIDED, "The operation belongs to no application with a who-am-I operation.")
