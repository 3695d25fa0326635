"""Every requirement has a check, or a reason why it has none."""

from __future__ import annotations

from click.testing import CliRunner

from authproof.checks import CHECKS
from authproof.checks.untested import UNTESTED
from authproof.cli import main
from authproof_spec.catalogue import load_catalogue


def test_every_requirement_is_checked_or_has_a_reason() -> None:
    checked = {check.requirement for check in CHECKS}
    assert checked | UNTESTED.keys() == set(load_catalogue())
    assert not checked & UNTESTED.keys()
    assert all(reason.endswith(".") for reason in UNTESTED.values())


def test_the_reasons_can_be_read() -> None:
    output = CliRunner().invoke(main, ["requirements", "--untested"]).output
    assert len(output.splitlines()) == len(UNTESTED)
    identifier, reason = next(iter(UNTESTED.items()))
    assert reason in output
    assert "Untested:" in CliRunner().invoke(main, ["explain", identifier]).output
