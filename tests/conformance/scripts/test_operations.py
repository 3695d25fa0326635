"""Which operations a run asks, and of which roles: over a mock that is reached in-process, under a name that is not on loopback."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import pytest

from authproof.certify import Certification, plan
from authproof.embedded import accounts_of
from authproof.matrix import State
from authproof.methods import notice, writing_operations
from authproof.profile import Budget, Profile
from authproof.report import Report
from authproof.result import Result
from authproof.verdict import Verdict
from authproof_mock.accounts import Account
from authproof_mock.backend import Backend
from authproof_mock.seed import load_seed
from authproof_spec import load_contract
from tests.proof.detection import InProcess

CONTRACT = load_contract()
WRITING = {"POST /api/admin/users", "PATCH /api/admin/users/{userId}", "DELETE /api/admin/users/{userId}"}


@dataclass(frozen=True)
class Ran:
    """What a run reported, what it asked (methods and paths), and the accounts before and after."""

    report: Report
    asked: set[tuple[str, str]]
    before: tuple[Account, ...]
    after: tuple[Account, ...]

    def served(self) -> dict[str | None, Result]:
        """The results of DOC-10, by operation."""
        return {result.operation: result for result in self.report.results if result.requirement.id == "DOC-10"}


def certified(url: str, *, unsafe_methods: bool | None = None, only: Collection[str] = ()) -> Ran:
    seed = load_seed()
    backend = Backend(CONTRACT, seed=seed)
    before = backend.accounts.list()
    profile = Profile(url, accounts_of(CONTRACT, seed), unsafe_methods=unsafe_methods, budget=Budget(requests=1000, wait=0))
    run = Certification(CONTRACT, profile, plan(CONTRACT, only), transport=InProcess(backend))
    run.run()
    asked = {(exchange.probe.request.method, exchange.probe.request.target.partition("?")[0]) for exchange in run.recording.exchanges}
    return Ran(run.report(), asked, before, backend.accounts.list())


def test_operations_that_write_are_the_documents_own() -> None:
    assert {operation.name for operation in writing_operations(CONTRACT)} == WRITING
    assert all(name in notice(CONTRACT) for name in WRITING)


def test_off_loopback_nothing_that_writes_is_asked_and_the_report_says_so() -> None:
    ran = certified("https://api.example.test")
    assert {method for method, _ in ran.asked} <= {"GET", "HEAD", "OPTIONS", "POST", "TRACE", "AUTHPROOF", "DELETE"}
    assert {path for method, path in ran.asked if method not in {"GET", "HEAD", "OPTIONS"} and path.startswith("/api/admin/users")} == set()
    rows = {row.operation: row for row in ran.report.matrix.rows}
    for name in WRITING:
        assert {cell.state for cell in rows[name].cells} == {State.NOT_ASKED}
        assert {cell.note for cell in rows[name].cells} == {"The method is not safe, and the profile allows no unsafe methods."}
        assert ran.served()[name].verdict is Verdict.SKIP
        assert "--unsafe-methods" in ran.served()[name].detail
    assert all("personal-access-tokens" in path for method, path in ran.asked if method == "DELETE")
    assert not [result.name for result in ran.report.results if result.verdict not in {Verdict.PASS, Verdict.SKIP}]


@pytest.mark.parametrize(("url", "unsafe_methods"), [("https://api.example.test", True), ("http://127.0.0.1:1", None)])
def test_where_it_may_a_run_asks_every_operation_and_a_right_server_changes_nothing(url: str, unsafe_methods: bool | None) -> None:  # noqa: FBT001
    ran = certified(url, unsafe_methods=unsafe_methods, only=["BEARER-01", "DOC-10", "AUTHZ-02"])
    assert {method for method, path in ran.asked if path.startswith("/api/admin/users")} >= {"GET", "POST", "PATCH", "DELETE"}
    assert {ran.served()[name].verdict for name in WRITING} == {Verdict.PASS}
    assert ran.before == ran.after
