"""The result of a run: one model for every output format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from authproof.exchange import TokenFacts
from authproof.result import Result
from authproof.verdict import Verdict
from authproof_spec.catalogue import Level


@dataclass(frozen=True, slots=True)
class Report:
    """A whole run.

    started: when, in ISO 8601 with UTC; duration: seconds.
    requests, failed_logins: how many were sent.
    left_behind: what the clean-up could not undo.
    interrupted: the run was stopped before its end.
    """

    version: str
    target: str
    contract: str
    started: str
    duration: float
    requests: int
    failed_logins: int
    results: tuple[Result, ...]
    facts: Mapping[str, TokenFacts]
    left_behind: tuple[str, ...] = ()
    interrupted: bool = False

    @property
    def counts(self) -> Mapping[Verdict, int]:
        """How many results have each verdict."""
        found = Counter(result.verdict for result in self.results)
        return {verdict: found[verdict] for verdict in Verdict}

    @property
    def verdict(self) -> str:
        """`nonconformant` when anything failed; `conformant` when every MUST that could be tested passed; else `inconclusive`."""
        if self.counts[Verdict.FAIL]:
            return "nonconformant"
        musts = [result.verdict for result in self.results if result.requirement.level is Level.MUST]
        open_ones = {Verdict.INCONCLUSIVE, Verdict.ERROR}
        if self.interrupted or open_ones.intersection(musts) or Verdict.PASS not in musts:
            return "inconclusive"
        return "conformant"
