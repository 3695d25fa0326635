"""A document may declare a grace for used refresh tokens: right servers pass with it, and those that make more of it are found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest

from authproof.report import Report
from authproof.verdict import Verdict
from authproof_mock.clock import Clock
from authproof_mock.faults import all_faults
from authproof_mock.faults.fault import fault
from authproof_mock.flows import Flows
from authproof_mock.parts import Parts
from authproof_mock.sessions import Family, Sessions
from authproof_spec import Contract, load_contract
from authproof_spec.contract import RotationPolicy
from tests.proof.detection import certify, complaints

AREAS = ("REFRESH", "LOGOUT")
Declaring = Callable[[str], Contract]


@pytest.fixture
def declaring(tmp_path: Path) -> Declaring:
    """The bundled document with another rotation."""

    def changed(rotation: str) -> Contract:
        text = (files("authproof_spec") / "openapi.yaml").read_text("utf-8")
        path = tmp_path / "openapi.yaml"
        path.write_text(text.replace("reuse: revoke-family, grace: 0", rotation), "utf-8")
        return load_contract(path)

    return changed


def parts_of(*components: type) -> Parts:
    """A mock with these mistakes."""
    return fault("a-mistake", breaks="REFRESH-03", reference="", harm="")(*components).parts(Parts())


def details(report: Report, requirement: str) -> str:
    return " ".join(result.detail for result in report.results if result.requirement.id == requirement)


@pytest.mark.parametrize("reuse", ["revoke-family", "revoke-account"])
@pytest.mark.parametrize("answer", ["same-child", "new-child"])
def test_a_right_server_with_a_grace_passes(declaring: Declaring, reuse: str, answer: str) -> None:
    report = certify(Parts(), declaring(f"reuse: {reuse}, grace: 10, graceAnswer: {answer}"))
    others = {result.name: result.detail for result in report.results if result.verdict not in {Verdict.PASS, Verdict.SKIP}}
    assert not others
    assert "Within the declared grace of 10 seconds it is answered 200" in details(report, "REFRESH-03")
    judged = {result.requirement.id for result in report.results if result.verdict is Verdict.PASS}
    assert {f"REFRESH-{number:02}" for number in range(1, 23)} <= judged
    assert report.left_behind == ()


class CoversGrandparents(Sessions):
    """Takes any older token for some seconds."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._opened: dict[str, float] = {}

    def is_reuse(self, family: Family, identifier: str, policy: RotationPolicy) -> bool:
        opened = self._opened.setdefault(family.id, self._clock.now())
        return super().is_reuse(family, identifier, policy) and self._clock.now() > opened + policy.grace


class OutlivesLogout(Sessions):
    """Takes the token just replaced although its family is revoked."""

    def is_live(self, family: Family) -> bool:
        return super().is_live(family) or (family.revoked and self._clock.now() < family.traded_at + 10)

    def is_current(self, family: Family, identifier: str) -> bool:
        return super().is_current(family, identifier) and not family.revoked


class LastsForAMinute(Sessions):
    """Makes more of the grace than the document has it."""

    def is_in_grace(self, family: Family, identifier: str, policy: RotationPolicy) -> bool:
        return super().is_in_grace(family, identifier, replace(policy, grace=60))


class LetsEachLeafGrow(Sessions):
    """Knows every token that was not used yet, and forgets none of a family that has several."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._leaves: set[str] = set()

    def advance(self, family: Family, identifier: str, expires_at: float) -> str:
        self._leaves.discard(identifier)
        successor = super().advance(family, identifier, expires_at)
        self._leaves.add(successor)
        return successor

    def is_reuse(self, family: Family, identifier: str, policy: RotationPolicy) -> bool:
        return super().is_reuse(family, identifier, policy) and identifier not in self._leaves


class SparesTheOlderLeaf(LetsEachLeafGrow):
    """Revokes the newest token of the family alone."""

    def punish(self, family: Family, policy: RotationPolicy) -> None:
        if not policy.revokes_account:
            self._leaves.discard(family.current)
            family.current = ""


class GivesAnotherChild(Flows):
    """Answers with a new successor, although the document has the same one."""

    def mint_refresh_token(self, *arguments: object) -> str:
        token = super().mint_refresh_token(*arguments)  # type: ignore[arg-type]
        arguments[1].current_token = None  # type: ignore[attr-defined]
        return token


class HasNoGrace(Sessions):
    """Is stricter than the document."""

    def is_in_grace(self, family: Family, identifier: str, policy: RotationPolicy) -> bool:
        return super().is_in_grace(family, identifier, replace(policy, grace=0))


@pytest.mark.parametrize(
    ("mistake", "answer", "expected"),
    [
        (CoversGrandparents, "new-child", {"REFRESH-05": Verdict.FAIL}),
        (OutlivesLogout, "new-child", {"LOGOUT-03": Verdict.FAIL}),
        (LastsForAMinute, "new-child", {"REFRESH-03": Verdict.FAIL, "REFRESH-04": Verdict.FAIL}),
        (LetsEachLeafGrow, "new-child", {"REFRESH-09": Verdict.FAIL}),
        (SparesTheOlderLeaf, "new-child", {"REFRESH-04": Verdict.FAIL}),
        (GivesAnotherChild, "same-child", {"REFRESH-03": Verdict.FAIL}),
        (HasNoGrace, "new-child", {"REFRESH-03": Verdict.WARN}),
    ],
)
def test_more_than_the_declared_grace_is_found(declaring: Declaring, mistake: type, answer: str, expected: dict[str, Verdict]) -> None:
    report = certify(parts_of(mistake), declaring(f"reuse: revoke-family, grace: 10, graceAnswer: {answer}"), AREAS)
    assert {name: verdict for name, verdict in complaints(report).items() if name in expected} == expected


@pytest.mark.parametrize(("grace", "verdict"), [(60, None), (61, Verdict.WARN), (300, Verdict.WARN), (301, Verdict.FAIL), (900, Verdict.FAIL)])
def test_a_long_grace_is_told(declaring: Declaring, grace: int, verdict: Verdict | None) -> None:
    report = certify(Parts(), declaring(f"reuse: revoke-family, grace: {grace}"), ["REFRESH"])
    assert complaints(report) == ({"REFRESH-03": verdict} if verdict else {})


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("takes-used-refresh-tokens-for-a-minute", "Declare it in the document as rotation.grace"),
        ("takes-used-refresh-tokens-for-ever", "seem to live on"),
    ],
)
def test_an_undeclared_grace_is_told_from_no_rotation(name: str, hint: str) -> None:
    assert hint in details(certify(all_faults()[name].parts(Parts()), only=["REFRESH-03"]), "REFRESH-03")


def test_reuse_may_end_all_sessions_of_its_account_where_the_document_says_so(declaring: Declaring) -> None:
    served = declaring("reuse: revoke-account, grace: 0")
    assert complaints(certify(Parts(), served)) == {}
    everybody = all_faults()["ends-everybodys-sessions-on-reuse"].parts(Parts())
    assert complaints(certify(everybody, served, ["REFRESH"])) == {"REFRESH-06": Verdict.FAIL}
