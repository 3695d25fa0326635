"""What a run may claim."""

from __future__ import annotations

import pytest

from authproof.certify import plan
from authproof.checks import CHECKS
from authproof.classes import CLASSES, Claim, ClassVerdict, class_of, judge_classes
from authproof.extensions import requirement
from authproof.reports.terminal import as_text
from authproof.result import Result
from authproof.verdict import Verdict
from authproof_spec import load_contract
from authproof_spec.catalogue import Level, load_catalogue
from tests.conformance.reports.sample import report

CATALOGUE = load_catalogue()
ASKED = frozenset(CATALOGUE) - {"BEARER-28"}  # of a document whose tokens are JWTs
CORE = ("BEARER-01", "BEARER-11", "JWT-13", "AUTHZ-01")


def results(*identifiers: str, **others: Verdict) -> list[Result]:
    passed = [Result(CATALOGUE[identifier], "GET /", Verdict.PASS, "Seen.") for identifier in identifiers]
    return passed + [Result(CATALOGUE[name.replace("_", "-")], "GET /", verdict, f"The reason of {name}.") for name, verdict in others.items()]


def of(name: str, found: tuple[ClassVerdict, ...]) -> ClassVerdict:
    return next(one for one in found if one.cls.name == name)


def test_every_requirement_belongs_to_one_class() -> None:
    assert {class_of(one) for one in CATALOGUE.values()} == {*CLASSES}
    assert class_of(requirement("SHOP-01", "A rule of a project's own.")) is None
    areas = [area for cls in CLASSES for area in cls.areas]
    assert sorted(areas) == sorted(CATALOGUE.areas)
    also = [identifier for cls in CLASSES for identifier in cls.also]
    assert len(also) == len(set(also))


def test_what_is_essential_is_a_must_with_a_check_and_of_its_class() -> None:
    checked = {check.requirement for check in CHECKS}
    for cls in CLASSES:
        for identifier in (*cls.essential, *cls.where_declared):
            assert CATALOGUE[identifier].level is Level.MUST
            assert class_of(CATALOGUE[identifier]) is cls
            assert identifier in checked


def test_the_default_contract_asks_for_all_that_is_essential() -> None:
    asked = {item.check.requirement for item in plan(load_contract())}
    assert {identifier for cls in CLASSES for identifier in (*cls.essential, *cls.where_declared)} <= asked


@pytest.mark.parametrize(
    ("found", "claim", "reason"),
    [
        (results(*CORE), Claim.CONFORMANT, ""),
        (results(*CORE, JWT_09=Verdict.FAIL), Claim.NONCONFORMANT, "failed: JWT-09"),
        (results(*CORE, JWT_09=Verdict.INCONCLUSIVE), Claim.INCONCLUSIVE, "undecided: JWT-09"),
        (results(*CORE, JWT_09=Verdict.ERROR, JWT_10=Verdict.FAIL), Claim.NONCONFORMANT, "failed: JWT-10"),
        (results(*CORE, BEARER_04=Verdict.INCONCLUSIVE), Claim.CONFORMANT, ""),
        (results(*CORE, JWT_09=Verdict.SKIP, BEARER_04=Verdict.WARN), Claim.CONFORMANT, ""),
        (results(*CORE[:3], AUTHZ_01=Verdict.WAIVED), Claim.CONFORMANT, "waived: AUTHZ-01"),
        # A warning is a remark on what was met.
        (results(*CORE[:3], AUTHZ_01=Verdict.WARN), Claim.CONFORMANT, ""),
        (results(*CORE[:3], AUTHZ_01=Verdict.WARN, JWT_09=Verdict.WAIVED), Claim.CONFORMANT, "waived: JWT-09"),
        (results(*CORE[:3], AUTHZ_01=Verdict.SKIP), Claim.NOT_TESTED, "the reason of AUTHZ_01"),
        (results(*CORE[:3]), Claim.NOT_TESTED, "the options left out AUTHZ-01"),
        ([], Claim.NOT_TESTED, "the options left out BEARER-01, BEARER-11, JWT-13, AUTHZ-01"),
        (results("LOGIN-01", COOKIE_01=Verdict.FAIL), Claim.NOT_TESTED, "the options left out BEARER-01, BEARER-11, JWT-13, AUTHZ-01"),
    ],
)
def test_a_claim_rests_on_what_was_observed(found: list[Result], claim: Claim, reason: str) -> None:
    core = of("core", judge_classes(found, ASKED))
    assert (core.claim, core.reason) == (claim, reason)


@pytest.mark.parametrize(
    ("identifier", "name"),
    [
        ("APP-01", "core"),
        ("APP-02", "spa"),
        ("APP-03", "spa"),
        ("APP-05", "mfa"),
        ("AUTHZ-04", "core"),
        ("AUTHZ-05", "m2m"),
        ("AUTHZ-06", "m2m"),
        ("CORS-01", "spa"),
        ("JWT-41", "core"),
        ("JWT-42", "spa"),
    ],
)
def test_what_is_about_sessions_or_personal_tokens_is_no_matter_of_the_core(identifier: str, name: str) -> None:
    found = class_of(CATALOGUE[identifier])
    assert found is not None
    assert found.name == name


ESSENTIAL = {
    "core": ("BEARER-01", "BEARER-11", "BEARER-28", "JWT-13", "AUTHZ-01"),
    "spa": ("LOGIN-01", "LOGIN-02", "REFRESH-01", "REFRESH-03", "LOGOUT-01", "COOKIE-01"),
    "m2m": ("PAT-01", "PAT-03", "PAT-07"),
    "mfa": ("MFA-01", "MFA-04", "MFA-05"),
}


@pytest.mark.parametrize(("name", "absent"), [(name, absent) for name, identifiers in ESSENTIAL.items() for absent in identifiers])
def test_nothing_is_claimed_without_each_essential_success(name: str, absent: str) -> None:
    asked = frozenset(CATALOGUE)
    others = [identifier for identifier in ESSENTIAL[name] if identifier != absent]
    assert of(name, judge_classes(results(*ESSENTIAL[name]), asked)) == ClassVerdict(of(name, judge_classes([], asked)).cls, Claim.CONFORMANT)
    found = of(name, judge_classes(results(*others), asked))
    assert (found.claim, found.reason, found.left_out) == (Claim.NOT_TESTED, f"the options left out {absent}", True)


def test_what_most_miss_for_is_the_reason() -> None:
    few, many = (
        Result(CATALOGUE[identifier], "GET /", Verdict.SKIP, reason) for identifier, reason in (("PAT-01", "No hook."), ("PAT-03", "No role."))
    )
    found = of("m2m", judge_classes([few, many, many, *results("PAT-07")], ASKED))
    assert (found.claim, found.reason, found.left_out) == (Claim.NOT_TESTED, "no role", False)


def test_a_document_may_ask_for_nothing_but_what_is_left_out() -> None:
    assert of("m2m", judge_classes([], {"PAT-01", "PAT-03", "PAT-07"})).reason == "the options left out PAT-01, PAT-03, PAT-07"


def test_one_success_among_several_operations_is_enough_where_nothing_failed() -> None:
    found = results(*CORE) + results(AUTHZ_01=Verdict.SKIP)
    assert of("core", judge_classes(found, ASKED)).claim is Claim.CONFORMANT


def test_what_the_document_does_not_declare_is_not_tested() -> None:
    asked = {*CORE} - {"AUTHZ-01"}
    found = judge_classes(results(*CORE[:3]), asked)
    assert of("core", found).claim is Claim.CONFORMANT
    assert of("mfa", found).reason == "the document declares no second factor"
    assert not any(one.left_out for one in found)


def test_nothing_is_claimed_of_an_interrupted_run() -> None:
    core = of("core", judge_classes(results(*CORE), ASKED, interrupted=True))
    assert (core.claim, core.reason) == (Claim.INCONCLUSIVE, "the run was interrupted")


@pytest.mark.parametrize(
    ("found", "verdict", "headline"),
    [
        (results(*CORE), Claim.CONFORMANT, "Conformant"),
        (results(*CORE, JWT_09=Verdict.WAIVED), Claim.CONFORMANT, "Conformant with waivers"),
        (results(*CORE, JWT_09=Verdict.FAIL), Claim.NONCONFORMANT, "Nonconformant"),
        (results(*CORE, REFRESH_03=Verdict.INCONCLUSIVE), Claim.INCONCLUSIVE, "Inconclusive"),
        (results(*CORE, REFRESH_03=Verdict.ERROR), Claim.INCONCLUSIVE, "Inconclusive"),
        (results("COOKIE-02"), Claim.CONFORMANT, "Conformant"),
        (results(COOKIE_02=Verdict.SKIP), Claim.INCONCLUSIVE, "Inconclusive"),
        ([], Claim.INCONCLUSIVE, "Inconclusive"),
    ],
)
def test_the_verdict_of_a_run(found: list[Result], verdict: Claim, headline: str) -> None:
    whole = report(tuple(found), ())
    assert (whole.verdict, whole.headline) == (verdict, headline)


def test_a_whole_run_that_can_claim_no_class_is_inconclusive() -> None:
    found = [Result(requirement, "GET /", Verdict.SKIP, "No account.") for requirement in CATALOGUE.values() if requirement.id != "BEARER-01"]
    whole = report((*results("BEARER-01"), *found), ())
    assert whole.verdict is Claim.INCONCLUSIVE
    assert whole.claims == "Not tested: core (no account), spa (no account), m2m (no account), mfa (no account)."
    assert as_text(found[0], "http://h").startswith("SKIP ")


def test_an_interrupted_run_is_inconclusive() -> None:
    assert report(tuple(results(*CORE)), (), interrupted=True).verdict is Claim.INCONCLUSIVE
