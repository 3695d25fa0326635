"""What is declared of every check: the scripts that it reads, the operations that it is asked about, and what it says without its probes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from authproof.checks import CHECKS, Check, check
from authproof.checks.designs import csrf_token
from authproof.checks.registry import EVERYTHING, everything, with_permission
from authproof.evidence import Evidence, NotObserved, Outcome
from authproof.scripts import SCRIPTS
from authproof.verdict import Judgement, Verdict, broken, met
from authproof_spec import Contract
from authproof_spec.catalogue import load_catalogue
from authproof_spec.contract import Operation
from tests.conformance.checks.building import answer, asked, contract, design, evidence, operation
from tests.conformance.checks.designed import IN_COOKIE, KEYS


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.requirement)
def test_a_check_reads_scripts_that_there_are(check: Check) -> None:
    assert check.requirement in load_catalogue()
    assert set(check.scripts) <= {*SCRIPTS, EVERYTHING}


def subjects(requirement: str, of: Contract) -> list[str]:
    """The ids of the operations that the check of `requirement` is asked about."""
    return [found.id for found in next(check for check in CHECKS if check.requirement == requirement).subjects(of)]


WHO = ["getAdminUser", "getSurveyUser"]
PROTECTED = ["getAdminUser", "listPersonalAccessTokens", "createPersonalAccessToken", "revokePersonalAccessToken"]
PROTECTED += ["listUsers", "createUser", "updateUser", "deleteUser", "getSurveyUser", "getSurveySession"]


@pytest.mark.parametrize(
    ("requirement", "name", "expected"),
    [
        ("AUTHZ-01", "", ["listUsers"]),
        ("AUTHZ-02", "", ["listUsers", "createUser", "updateUser", "deleteUser"]),
        ("AUTHZ-03", "", ["createUser", "updateUser", "deleteUser"]),
        ("AUTHZ-10", "", ["getSurveySession"]),
        ("AUTHZ-10", KEYS, []),
        ("APP-01", "", WHO),
        ("APP-01", KEYS, []),
        ("APP-04", "", ["getAdminUser"]),
        ("APP-04", KEYS, []),
        ("CORS-03", "", ["getAdminUser"]),
        ("CORS-05", "", [*WHO, "adminLogin", "surveyLogin"]),
        ("CORS-08", "", [*WHO, "getHealth"]),
        # A page of another site can make a browser send a cookie, and no token in a header.
        ("CORS-09", "", ["adminRefresh", "adminLogout", "surveyRefresh", "surveyLogout"]),
        ("CORS-09", IN_COOKIE, ["refreshSession", "logOut", "addNote"]),
        ("CORS-09", KEYS, []),
        ("CORS-10", "", WHO),
        ("CORS-10", IN_COOKIE, ["addNote"]),
        ("COOKIE-01", "", ["adminLogin", "adminRefresh", "surveyLogin", "surveyRefresh", "adminSecondFactor"]),
        ("COOKIE-01", KEYS, ["logIn"]),
        ("DOC-04", "", ["adminRefresh", *PROTECTED[:-2], "surveyRefresh", *PROTECTED[-2:]]),
        ("DOC-06", "", [*PROTECTED, "getHealth"]),
        ("ERR-09", "", ["adminLogin"]),
        ("PAT-03", "", ["getAdminUser"]),
        ("PAT-14", "", ["adminRefresh"]),
        ("PAT-14", KEYS, []),
        ("PAT-22", "", ["getSurveyUser"]),
        ("PAT-22", KEYS, []),
    ],
)
def test_a_check_is_asked_about_the_operations_that_it_concerns(requirement: str, name: str, expected: list[str]) -> None:
    assert subjects(requirement, design(name)) == expected


def test_one_public_operation_stands_for_what_a_cache_keeps() -> None:
    more = replace(contract(), operations=(*contract().operations, replace(operation("GET /api/health"), id="getMore", path="/api/more")))
    assert subjects("CORS-08", more) == [*WHO, "getHealth"]


def test_a_head_reads_as_a_get_does() -> None:
    session, users = (replace(operation(name), method="HEAD") for name in ("getSurveySession", "listUsers"))
    of = replace(contract(), object_rules=(replace(contract().object_rules[0], operation=session),), operations=(users,))
    assert subjects("AUTHZ-10", of) == ["getSurveySession"]
    assert subjects("AUTHZ-03", of) == []


def test_a_write_to_a_strangers_object_is_not_tried() -> None:
    rule = replace(contract().object_rules[0], operation=operation("deleteUser"))
    assert subjects("AUTHZ-10", replace(contract(), object_rules=(rule,))) == []


def test_a_permission_that_one_kind_of_token_takes_is_one() -> None:
    found = operation("getAdminUser")
    one_way = (replace(found.security[0][0], permissions=("users:browse",)),)
    of = replace(contract(), operations=(replace(found, security=(one_way, *found.security[1:])),))
    assert [each.id for each in with_permission(of)] == ["getAdminUser"]


def test_of_three_applications_one_may_have_personal_tokens() -> None:
    apps = contract().applications
    of = replace(contract(), applications={**apps, "third": replace(apps["survey"], name="third", identity=None)})
    assert subjects("PAT-22", of) == ["getSurveyUser"]
    assert subjects("CORS-05", of) == [*WHO, "adminLogin", "surveyLogin"]


LOGIN = "POST /api/admin/auth/login"
OURS = Outcome(Verdict.ERROR, "It broke off.")
Outcomes = Mapping[tuple[str, str], Outcome]


def asks(reads: str | tuple[str, ...], judge: Callable[[Evidence, Operation], Judgement]) -> Check:
    return check("ERR-01", on=everything, reads=reads)(judge)


def passes(seen: Evidence, operation: Operation) -> Judgement:  # noqa: ARG001  # of the form of its siblings
    return met("It is there.")


def fails(seen: Evidence, operation: Operation) -> Judgement:  # noqa: ARG001  # as above
    return broken("It is not there.")


def misses(seen: Evidence, operation: Operation) -> Judgement:
    return met("It is there.", seen.one("login.good", operation))


def unobserved(seen: Evidence, operation: Operation) -> Judgement:  # noqa: ARG001  # as above
    raise NotObserved("The log was not read.")


@pytest.mark.parametrize(
    ("reads", "expected"),
    [("logins", {"baseline", "logins"}), (("cors", "logins"), {"baseline", "cors", "logins"}), ((), {"baseline"}), (EVERYTHING, {*SCRIPTS})],
)
def test_the_baseline_is_read_by_all(reads: str | tuple[str, ...], expected: set[str]) -> None:
    own = asks(reads, passes)
    assert {script for script in SCRIPTS if own.reads(script)} == expected


@pytest.mark.parametrize(
    ("judge", "reads", "outcomes", "verdict", "detail"),
    [
        (passes, "logins", {}, Verdict.PASS, "It is there."),
        # What our own script did not come to may be what the requirement fails on.
        (passes, "logins", {("logins", "admin"): OURS}, Verdict.ERROR, "It broke off."),
        (passes, "logins", {("logins", "admin"): OURS, ("cors", "admin"): Outcome(Verdict.SKIP, "No hook.")}, Verdict.ERROR, "It broke off."),
        (passes, "logins", {("baseline", "admin"): OURS}, Verdict.ERROR, "It broke off."),
        (passes, "logins", {("cors", "admin"): OURS}, Verdict.PASS, "It is there."),
        (passes, EVERYTHING, {("cors", "admin"): OURS}, Verdict.PASS, "It is there."),
        (passes, "logins", {("logins", "admin"): Outcome(Verdict.SKIP, "No hook.")}, Verdict.PASS, "It is there."),
        (fails, "logins", {("logins", "admin"): OURS}, Verdict.FAIL, "It is not there."),
        # Without its probe a check says why there was none, its own application's reason first.
        (misses, "logins", {}, Verdict.INCONCLUSIVE, "The probe login.good was not answered."),
        (misses, "logins", {("cors", "admin"): OURS}, Verdict.INCONCLUSIVE, "The probe login.good was not answered."),
        (misses, "logins", {("logins", "admin"): OURS}, Verdict.ERROR, "It broke off."),
        (misses, EVERYTHING, {("cors", "admin"): OURS}, Verdict.ERROR, "It broke off."),
        (misses, "logins", {("logins", "survey"): Outcome(Verdict.SKIP, "No hook.")}, Verdict.SKIP, "No hook."),
        (misses, "logins", {("logins", "survey"): Outcome(Verdict.SKIP, "No hook."), ("logins", "admin"): OURS}, Verdict.ERROR, "It broke off."),
        (unobserved, "logins", {}, Verdict.INCONCLUSIVE, "The log was not read."),
    ],
)
def test_a_script_that_broke_off(
    judge: Callable[[Evidence, Operation], Judgement], reads: str, outcomes: Outcomes, verdict: Verdict, detail: str
) -> None:
    judgement = asks(reads, judge)(evidence(outcomes=outcomes), operation(LOGIN))
    assert (judgement.verdict, judgement.detail) == (verdict, detail)


def test_what_another_application_was_asked_stands_for_all() -> None:
    elsewhere = asked("login.good", "POST /api/auth/login", None)
    own, survey = asks("logins", misses), asked("login.good", "POST /api/auth/login", answer(200))
    judgement = own(evidence(survey), operation(LOGIN))
    assert (judgement.verdict, judgement.detail) == (Verdict.SKIP, "This is asked of another application alone, which stands for all.")
    # A reason of the own application's comes before that, and a question in vain is no answer for others.
    assert own(evidence(survey, outcomes={("logins", "admin"): OURS}), operation(LOGIN)).verdict is Verdict.ERROR
    assert own(evidence(survey, elsewhere), operation(LOGIN)).verdict is Verdict.INCONCLUSIVE


def test_a_requirement_of_another_design_is_skipped_with_the_reason() -> None:
    own = check("ERR-01", on=everything, reads="logins", where=csrf_token)(fails)
    judgement = own(evidence(), operation(LOGIN))
    assert (judgement.verdict, judgement.detail) == (Verdict.SKIP, own.obstacle(evidence(), operation(LOGIN)))
    assert "which no browser sends by itself" in judgement.detail
    # An operation of no application has no design.
    assert own(evidence(), operation("GET /api/health")).verdict is Verdict.FAIL
