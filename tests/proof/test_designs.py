"""Every design that the examples describe is mocked and certified, and what cannot apply to it is skipped for a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from authproof.verdict import Verdict
from authproof_mock.parts import Parts
from authproof_spec import load_contract
from tests.proof.detection import DESIGNS, certify


@pytest.mark.parametrize("path", sorted(DESIGNS.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_design_raises_no_alarm(path: Path) -> None:
    report = certify(Parts(), load_contract(path))
    others = {result.name: result.detail for result in report.results if result.verdict not in {Verdict.PASS, Verdict.SKIP}}
    assert not others
    assert report.verdict == "conformant"
    assert all(result.detail for result in report.results if result.verdict is Verdict.SKIP)
    passed = {result.requirement.area for result in report.results if result.verdict is Verdict.PASS}
    assert {"BEARER", "AUTHZ", "ERR", "DOC"} <= passed


def test_every_design_is_on_the_page() -> None:
    page = (DESIGNS.parents[1] / "docs" / "your-api.md").read_text("utf-8")
    assert [path.name for path in sorted(DESIGNS.glob("*.yaml")) if f"../examples/designs/{path.name}" not in page] == []
