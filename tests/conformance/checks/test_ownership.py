"""AUTHZ: whose a token is and what is whose, where the answers of a server are not what anybody expects."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from authproof.evidence import Outcome
from authproof.exchange import Exchange, Response
from authproof.verdict import Verdict
from authproof_spec import Contract
from authproof_spec.pointer import Json
from tests.conformance.checks import building
from tests.conformance.checks.altered import with_application
from tests.conformance.checks.building import answer, asked
from tests.conformance.checks.recorded import PAGE, contract, judge

ME, SURVEY, HEALTH = "getAdminUser", "getSurveyUser", "getHealth"
LIST, CREATE, REVOKE = "listPersonalAccessTokens", "createPersonalAccessToken", "revokePersonalAccessToken"
PASS, FAIL, WARN, SKIP, UNCLEAR = Verdict.PASS, Verdict.FAIL, Verdict.WARN, Verdict.SKIP, Verdict.INCONCLUSIVE


def person(identifier: str, **members: Json) -> Response:
    return answer(200, json.dumps({"profile": {"id": identifier}, **members}).encode())


def created(identifier: str, name: str = "pat.create", owner: str = "2", status: int = 201) -> Exchange:
    return asked(name, CREATE, answer(status, json.dumps({"jwt": "x", "token": {"id": identifier, "userId": owner}}).encode()))


def listed(name: str, *identifiers: str, status: int = 200, total: Json = 0) -> Exchange:
    return asked(name, LIST, answer(status, json.dumps({"data": [{"id": one} for one in identifiers], "meta": {"total": total}}).encode()))


WHO = (asked("identity.control", ME, person("2"), "ordinary"), asked("identity.control", ME, person("1"), "privileged"))
FOREIGN = (
    created("t"),
    asked("pat.use", ME, person("2")),
    asked("pat.foreign_revoke", REVOKE, answer(404)),
    asked("pat.after_foreign_revoke", ME, person("2")),
)


@pytest.mark.parametrize(
    ("list_of_another", "verdict"),
    [
        (listed("pat.foreign_list", "other"), PASS),
        (listed("pat.foreign_list"), PASS),
        (listed("pat.foreign_list", "other", "t"), FAIL),
        (listed("pat.foreign_list", "other", total=1), PASS),
        (listed("pat.foreign_list", "other", total=2), UNCLEAR),
        (listed("pat.foreign_list", "other", total="2"), PASS),
        (listed("pat.foreign_list", status=403), PASS),
        (listed("pat.foreign_list", status=404), PASS),
        (listed("pat.foreign_list", "other", status=401), UNCLEAR),
        (listed("pat.foreign_list", "t", status=400), UNCLEAR),
        (asked("pat.foreign_list", LIST, answer(200, b"[]")), UNCLEAR),
        (asked("pat.foreign_list", LIST, answer(403, b"<html>", PAGE)), UNCLEAR),
        (asked("pat.foreign_list", LIST, None), UNCLEAR),
    ],
)
def test_the_list_of_another_user(list_of_another: Exchange, verdict: Verdict) -> None:
    assert judge("AUTHZ-05", REVOKE, *FOREIGN, list_of_another).verdict is verdict


def test_a_list_without_a_total_is_whole() -> None:
    personal = contract().applications["admin"].personal_access_tokens
    assert personal
    of = with_application(contract(), "admin", personal_access_tokens=replace(personal, total=None))
    assert building.judge("AUTHZ-05", REVOKE, *FOREIGN, listed("pat.foreign_list", "other", total=9), of=of).verdict is PASS


def test_a_token_that_was_dead_before_says_nothing_of_who_ended_it() -> None:
    dead = [created("t"), asked("pat.use", ME, answer(401)), FOREIGN[2], asked("pat.after_foreign_revoke", ME, answer(401))]
    assert judge("AUTHZ-05", REVOKE, *dead, listed("pat.foreign_list")).verdict is UNCLEAR


def test_whether_there_is_a_second_account_the_script_tells() -> None:
    assert judge("AUTHZ-05", REVOKE).verdict is SKIP
    assert judge("AUTHZ-05", REVOKE, *FOREIGN[:2]).verdict is SKIP
    broke = {("personal_tokens", "admin"): Outcome(UNCLEAR, "The creation was refused.")}
    assert building.judge("AUTHZ-05", REVOKE, outcomes=broke).detail == "The creation was refused."
    elsewhere = {("personal_tokens", "survey"): Outcome(UNCLEAR, "The creation was refused.")}
    assert building.judge("AUTHZ-05", REVOKE, outcomes=elsewhere).verdict is SKIP


def privileged(*shown: str, plain: bool = False, used: Response | None = None, after: str = "personal") -> tuple[Exchange, ...]:
    """What the privileged account is shown of the ordinary one's token, for which another attempt stands where naming an owner was refused."""
    return (
        *WHO,
        created("t", "ownership.create", status=400 if plain else 201),
        *([created("p", "ownership.plain"), created("late", "ownership.plain")] if plain else []),
        asked("ownership.use", ME, used or person("2")),
        listed("ownership.list", *shown),
        asked("ownership.revoke", REVOKE, answer(404)),
        asked("ownership.at_once", ME, person("1"), "privileged"),
        asked("ownership.at_once", ME, person("2"), after),
    )


@pytest.mark.parametrize(
    ("exchanges", "verdict"),
    [
        (privileged(), PASS),
        (privileged("t"), FAIL),
        (privileged("p"), PASS),
        (privileged("t", plain=True), PASS),
        (privileged("p", plain=True), FAIL),
        (privileged(used=person("1")), UNCLEAR),
        (privileged(used=answer(401)), UNCLEAR),
        (privileged(after="ordinary"), UNCLEAR),
    ],
)
def test_what_a_privileged_account_is_shown_of_a_token(exchanges: tuple[Exchange, ...], verdict: Verdict) -> None:
    assert judge("AUTHZ-06", REVOKE, *exchanges).verdict is verdict


@pytest.mark.parametrize(
    ("status", "verdict"), [(400, PASS), (403, PASS), (422, PASS), (401, UNCLEAR), (409, UNCLEAR), (429, UNCLEAR), (500, UNCLEAR), (201, PASS)]
)
def test_how_a_creation_for_somebody_else_is_refused(status: int, verdict: Verdict) -> None:
    judgement = judge("AUTHZ-07", CREATE, *WHO, created("t", "ownership.create", status=status), asked("ownership.use", ME, person("2")))
    assert judgement.verdict is verdict
    assert (str(status) in judgement.detail) is (status != 201)


@pytest.mark.parametrize(
    ("plain", "used", "owner", "verdict"),
    [
        (person("2"), person("2"), "2", PASS),
        (person("2"), person("1"), "2", FAIL),
        (person("2"), person("3"), "2", FAIL),
        (person("2"), person("2"), "1", FAIL),
        (person("2"), answer(401), "2", PASS),
        (person("2"), answer(429), "2", UNCLEAR),
        (person("1"), person("1"), "2", UNCLEAR),
        (person("1"), person("2"), "1", UNCLEAR),
        (None, person("2"), "2", PASS),
    ],
)
def test_whose_a_token_is_that_names_another_owner(plain: Response | None, used: Response, owner: str, verdict: Verdict) -> None:
    exchanges = [created("t", "ownership.create", owner), asked("pat.use", ME, plain), asked("ownership.use", ME, used)]
    assert judge("AUTHZ-07", CREATE, *WHO, *exchanges).verdict is verdict


def test_who_cannot_be_told_from_the_named_owner_is_not_taken_for_one() -> None:
    same = [asked("identity.control", ME, person("2"), part) for part in ("ordinary", "privileged")]
    exchanges = [created("t", "ownership.create"), asked("ownership.use", ME, person("2"))]
    assert judge("AUTHZ-07", CREATE, *same, *exchanges).verdict is PASS


@pytest.mark.parametrize(("claimed", "variant", "verdict"), [("1", "privileged", PASS), ("2", "privileged", FAIL), ("1", "ordinary", FAIL)])
def test_a_caller_stays_who_it_is(claimed: str, variant: str, verdict: Verdict) -> None:
    assert judge("AUTHZ-07", ME, *WHO, asked("identity.claimed", ME, person(claimed), variant)).verdict is verdict
    assert judge("AUTHZ-07", ME, WHO[1 if variant == "ordinary" else 0], asked("identity.claimed", ME, person(claimed), variant)).verdict is UNCLEAR


def at_once(**answers: Response) -> list[Exchange]:
    return [asked("identity.at_once", ME, response, part) for part, response in answers.items()]


def test_one_account_alone_says_nothing_of_who_is_mixed_up() -> None:
    assert judge("AUTHZ-11", ME, *WHO, *at_once(ordinary=person("2"))).verdict is UNCLEAR
    assert judge("AUTHZ-11", ME, *WHO, *at_once(ordinary=person("1"))).verdict is UNCLEAR
    assert judge("AUTHZ-11", ME, *WHO, *at_once(ordinary=person("2")), asked("ownership.at_once", ME, person("1"), "privileged")).verdict is PASS


@pytest.mark.parametrize(("fields", "verdict"), [({"id": "/profile/id"}, FAIL), ({"survey": "/survey"}, UNCLEAR)])
def test_accounts_without_an_id_may_look_the_same(fields: dict[str, str], verdict: Verdict) -> None:
    who = contract().applications["admin"].identity
    assert who
    of = with_application(contract(), "admin", identity=replace(who, fields=fields))
    same = [asked("identity.control", ME, person("1"), part) for part in ("ordinary", "privileged")]
    judgement = building.judge("AUTHZ-11", ME, *same, *at_once(ordinary=person("1"), privileged=person("1")), of=of)
    assert (judgement.verdict, [exchange.number for exchange in judgement.exchanges]) == (verdict, [1, 2])


@pytest.mark.parametrize(
    ("before", "after", "expired", "verdict"), [(200, 401, 503, UNCLEAR), (200, 500, None, UNCLEAR), (200, 429, 401, UNCLEAR), (200, 200, 403, WARN)]
)
def test_answers_to_a_disabled_account_that_do_not_decide(before: int, after: int, expired: int | None, verdict: Verdict) -> None:
    exchanges = [asked("disabled.before", ME, answer(before)), asked("disabled.after", ME, answer(after))]
    exchanges += [asked("disabled.expired", ME, answer(expired))] if expired else []
    assert judge("AUTHZ-09", ME, *exchanges).verdict is verdict


def nameless() -> Contract:
    """The contract of an application without who-am-I."""
    return with_application(contract(), "admin", identity=None)


@pytest.mark.parametrize(
    ("requirement", "at", "of", "words"),
    [
        ("AUTHZ-05", HEALTH, contract(), "no application with personal access tokens and who-am-I"),
        ("AUTHZ-05", SURVEY, contract(), "no application with personal access tokens and who-am-I"),
        ("AUTHZ-05", REVOKE, nameless(), "no application with personal access tokens and who-am-I"),
        ("AUTHZ-06", SURVEY, contract(), "no application with personal access tokens and who-am-I"),
        ("AUTHZ-07", HEALTH, contract(), "belongs to no application"),
        ("AUTHZ-11", HEALTH, contract(), "belongs to no application"),
    ],
)
def test_where_nothing_is_anybodys_nothing_is_judged(requirement: str, at: str, of: Contract, words: str) -> None:
    judgement = building.judge(requirement, at, *WHO, *FOREIGN, of=of)
    assert (judgement.verdict, words in judgement.detail) == (UNCLEAR, True)
