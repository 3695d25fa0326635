"""What is declared of every check: the scripts that it reads are there, and so is its requirement."""

from __future__ import annotations

import pytest

from authproof.checks import CHECKS, Check
from authproof.checks.registry import EVERYTHING
from authproof.scripts import SCRIPTS
from authproof_spec.catalogue import load_catalogue


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.requirement)
def test_a_check_reads_scripts_that_there_are(check: Check) -> None:
    assert check.requirement in load_catalogue()
    assert set(check.scripts) <= {*SCRIPTS, EVERYTHING}
