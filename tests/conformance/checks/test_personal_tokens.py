"""What the checks of personal access tokens say of lawful and of broken answers that no fault of the mock gives."""

from __future__ import annotations

import pytest

from authproof.checks import CHECKS
from authproof.exchange import Exchange
from authproof.verdict import Verdict
from authproof_spec.pointer import Json
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
    [(401, (), PASS), (403, (), PASS), (403, (HTML,), UNDECIDED), (201, (), FAIL), (400, (), UNDECIDED), (429, (), UNDECIDED), (500, (), UNDECIDED)],
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
        (created(), 200, listed(record(usedAt="2025-12-31T00:00:00Z")), FAIL),
        (created(), 200, listed(record()), FAIL),
        (created(usedAt="2026-01-01T00:00:00Z"), 200, listed(record()), FAIL),
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
