"""Every check fails on a server that is wrong, and on nothing else."""

from __future__ import annotations

import os

import pytest

from authproof.certify import Certification, plan
from authproof.checks import CHECKS
from authproof.embedded import accounts_of
from authproof.profile import Budget, Profile
from authproof.verdict import Verdict
from authproof_mock.faults import Fault, all_faults, parts_with
from authproof_mock.parts import Parts
from authproof_mock.seed import load_seed
from authproof_mock.server import running_mock
from authproof_spec.catalogue import Level, load_catalogue
from tests.proof.detection import PAGE, certify, certify_fault, certify_over_tls, complaints, contract, contract_of, page, row

FAULTS = all_faults()
# A fault of each requirement on each change; all of them on demand, as by `python -m tests.proof.detection`.
WHOLE = os.environ.get("AUTHPROOF_PROOF") == "whole"
PROVED = FAULTS if WHOLE else {found.name: found for found in {found.breaks: found for found in FAULTS.values()}.values()}
# A requirement whose check no fault of the mock can break, and why.
WITHOUT_FAULT: dict[str, str] = {
    "DOC-01": "It judges the document, which is right whatever the mock does.",
    "DOC-04": "As DOC-01.",
    "DOC-05": "As DOC-01.",
    "TRANSPORT-02": "The mock has one listener, with TLS or without; tests/conformance/test_transport.py has servers with both.",
    "TRANSPORT-04": "The same.",
    "COOKIE-06": "Only a design has a cookie with a prefix; tests/conformance/checks/test_cookie.py has the broken ones.",
}
# A requirement that the mock gives no occasion to judge, and why.
WITHOUT_OCCASION = {
    "ERR-02": "The first media type of errors in the bundled document is application/json.",
}


def rows_of_the_page() -> list[str]:
    return [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ")][1:]


@pytest.mark.parametrize("fault", PROVED.values(), ids=list(PROVED))
def test_a_fault_is_detected_and_nothing_else_is_reported(fault: Fault) -> None:
    report = certify_fault(fault)
    found = complaints(report)
    assert found.get(fault.breaks) is (Verdict.FAIL if load_catalogue()[fault.breaks].level is Level.MUST else Verdict.WARN)
    assert found.keys() == {fault.breaks, *fault.also}
    assert Verdict.ERROR not in found.values()
    line = row(fault, report, report).rpartition(" | ")[0]
    assert any(known.startswith(line) for known in rows_of_the_page()), "docs/detection.md is of another day: python -m tests.proof.detection"


def test_simultaneous_refreshes_meet_over_sockets_too() -> None:
    seed = load_seed()
    with running_mock(contract(), seed=seed, parts=parts_with(["forks-the-family-at-simultaneous-refreshes"])) as (url, _):
        run = Certification(contract(), Profile(url, accounts_of(contract(), seed)), plan(contract(), ["refresh"]))
        run.run()
    assert complaints(run.report()) == {"REFRESH-08": Verdict.FAIL, "REFRESH-09": Verdict.FAIL}


def test_a_mock_without_a_fault_passes_everything() -> None:
    passed = set()
    for fault in {(fault.algorithm, fault.design): fault for fault in FAULTS.values()}.values():
        report = certify(Parts(), contract_of(fault))
        others = {result.name: result.detail for result in report.results if result.verdict not in {Verdict.PASS, Verdict.SKIP}}
        assert not others
        assert report.verdict == "conformant"
        passed |= {result.requirement.id for result in report.results if result.verdict is Verdict.PASS}
    over_tls = certify_over_tls(Parts())
    assert not complaints(over_tls)
    passed |= {result.requirement.id for result in over_tls.results if result.verdict is Verdict.PASS}
    assert passed == {check.requirement for check in CHECKS} - WITHOUT_OCCASION.keys(), "what is skipped everywhere proves nothing of its faults"


@pytest.mark.parametrize(
    "names", [[], ["takes-any-password"], ["takes-an-empty-password-for-a-wrong-one"], ["takes-a-missing-password-for-a-wrong-one"]]
)
def test_a_run_fails_five_logins_at_most(names: list[str]) -> None:
    report = certify(parts_with(names), budget=Budget())
    assert 0 < report.failed_logins <= 5
    # Of each requirement the most telling question was asked, at one operation at least.
    asked = {result.requirement.id for result in report.results if result.verdict is not Verdict.SKIP}
    assert {"LOGIN-02", "LOGIN-06", "LOGIN-07", "LOGIN-15"} <= asked
    assert names or {"LOGIN-03", "LOGIN-04", "LOGIN-20", "MFA-16"} <= asked


def test_every_check_has_a_fault_or_a_reason_why_there_is_none() -> None:
    checked = {check.requirement for check in CHECKS}
    broken = {fault.breaks for fault in FAULTS.values()}
    assert checked - broken == WITHOUT_FAULT.keys()
    assert broken <= checked


def test_the_page_has_every_fault_in_its_place() -> None:
    rows = rows_of_the_page()
    assert PAGE.read_text("utf-8") == page(rows)
    assert [line.split(" | ")[0].removeprefix("| ") for line in rows] == list(FAULTS)
