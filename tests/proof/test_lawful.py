"""Servers that are right in another way than the mock is, and several faults at once: what a run says of them is true as well."""

from __future__ import annotations

import time
from dataclasses import replace
from email.utils import formatdate

import httpx

from authproof.certify import Certification, plan
from authproof.embedded import accounts_of
from authproof.profile import Profile
from authproof.report import Report
from authproof.verdict import Verdict
from authproof_mock.backend import Backend
from authproof_mock.clock import Clock
from authproof_mock.faults import parts_with
from authproof_mock.parts import Parts
from authproof_mock.seed import load_seed
from authproof_mock.sessions import Family, Sessions
from tests.proof.detection import ENOUGH, InProcess, certify, complaints, contract


class OneSession(Sessions):
    """Each login ends the earlier sessions of its account."""

    def open(self, application: str, account: str, *times: float) -> Family:
        for family in self.list():
            if (family.application, family.account) == (application, account):
                self.revoke(family.id)
        return super().open(application, account, *times)


class Dated(InProcess):
    """A server that tells its time, as one behind a socket does."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        response.headers["Date"] = formatdate(self._backend.clock.now(), usegmt=True)
        return response


def verdicts(report: Report, *requirements: str) -> set[Verdict]:
    return {result.verdict for result in report.results if result.requirement.id in requirements}


def test_one_session_for_each_account_is_lawful() -> None:
    report = certify(replace(Parts(), sessions=OneSession))
    assert not {name: verdict for name, verdict in complaints(report).items() if verdict is Verdict.FAIL}
    # Where no login came between, another session lived on all the same.
    assert Verdict.SKIP in verdicts(report, "REFRESH-06", "LOGOUT-07") <= {Verdict.SKIP, Verdict.PASS}


def test_a_code_that_was_taken_twice_does_not_hide_that_anybodys_is_taken() -> None:
    found = complaints(certify(parts_with(["takes-a-code-twice", "takes-the-code-of-anybody"])))
    assert found["MFA-07"] is found["MFA-08"] is Verdict.FAIL


def test_a_target_of_another_day_is_asked_by_its_own_clock() -> None:
    seed = load_seed()
    later = Clock(lambda: time.time() + 5 * 86400)
    run = Certification(
        contract(),
        Profile("https://mock.invalid", accounts_of(contract(), seed), budget=replace(ENOUGH, wait=0)),
        plan(contract()),
        transport=Dated(Backend(contract(), seed=seed, clock=later)),
    )
    run.run()
    report = run.report()
    assert not complaints(report)
    assert verdicts(report, "PAT-01", "PAT-11") == {Verdict.PASS}
