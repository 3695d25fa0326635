"""APIs of other designs than the bundled one, and what is asked about them."""

from __future__ import annotations

from authproof.checks import CHECKS
from authproof.evidence import Outcome
from authproof.verdict import Judgement, Verdict
from authproof_spec import Contract
from tests.conformance.checks import building, recorded

BROKE_OFF = Outcome(Verdict.SKIP, "The profile has nothing for this script.")


def subjects(requirement: str, of: Contract) -> list[str]:
    """The ids of the operations that the check of `requirement` is asked about, in their order."""
    check = next(check for check in CHECKS if check.requirement == requirement)
    return [operation.id for operation in check.subjects(of)]


def without(script: str, requirement: str, at: str, of: Contract | None = None) -> Judgement:
    """What the check of `requirement` says when nothing was sent, since `script` could not be run."""
    return building.judge(requirement, at, of=of or recorded.contract(), outcomes={(script, "admin"): BROKE_OFF}, url="https://api.example.com")
