"""The result of a run: one model for every output format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from authproof.classes import Claim, ClassVerdict, blocks
from authproof.exchange import TokenFacts
from authproof.matrix import Matrix
from authproof.result import Result
from authproof.verdict import Verdict
from authproof.waivers import WaiverState, WaiverUse
from authproof_spec.catalogue import Level

_PATIENCE = "Mend: let the run wait longer for it (retry_after in the profile's budget), or ask more slowly (--rate)."


@dataclass(frozen=True, slots=True)
class Report:
    """A whole run.

    started: when, in ISO 8601 with UTC; duration: seconds.
    requests, failed_logins: how many were sent.
    areas: the title of each area, in the order in which to tell them.
    classes: what may be claimed. waivers: what became of each of the profile.
    left_behind: what the clean-up could not undo. limited: how many requests were answered 429 to the end.
    interrupted: the run was stopped before its end.
    matrix: how each operation answered each identity.
    """

    version: str
    target: str
    contract: str
    started: str
    duration: float
    requests: int
    failed_logins: int
    results: tuple[Result, ...]
    areas: Mapping[str, str]
    facts: Mapping[str, TokenFacts]
    classes: tuple[ClassVerdict, ...]
    waivers: tuple[WaiverUse, ...] = ()
    left_behind: tuple[str, ...] = ()
    limited: int = 0
    interrupted: bool = False
    matrix: Matrix = field(default_factory=Matrix)

    @property
    def counts(self) -> Mapping[Verdict, int]:
        """How many results have each verdict."""
        found = Counter(result.verdict for result in self.results)
        return {verdict: found[verdict] for verdict in Verdict}

    @property
    def by_area(self) -> tuple[Result, ...]:
        """The results in the order of the areas and ids."""
        order = list(self.areas)
        return tuple(sorted(self.results, key=lambda result: (order.index(result.requirement.area), result.requirement.id)))

    @property
    def verdict(self) -> Claim:
        """Of the whole run: nonconformant when anything failed; conformant when nothing demanded is open and something can be claimed.

        Where the options left out what a claim would take, one MUST that was observed to be met is enough.
        """
        if self.counts[Verdict.FAIL]:
            return Claim.NONCONFORMANT
        musts = {result.verdict for result in self.results if result.requirement.level is Level.MUST}
        claimed = any(cls.claim is Claim.CONFORMANT for cls in self.classes)
        selected = any(cls.left_out for cls in self.classes) and bool(musts & {Verdict.PASS, Verdict.WAIVED})
        if self.interrupted or any(blocks(result) for result in self.results) or not (claimed or selected):
            return Claim.INCONCLUSIVE
        return Claim.CONFORMANT

    @property
    def headline(self) -> str:
        """The verdict in words."""
        waived = self.verdict is Claim.CONFORMANT and self.counts[Verdict.WAIVED]
        return f"{self.verdict.words} with waivers" if waived else self.verdict.words

    @property
    def claims(self) -> str:
        """What is claimed of each class, in words such as `Conformant: core, spa. Not tested: mfa (no second factor in the profile)`."""
        sentences = []
        for claim in Claim:
            named = [cls.cls.name + (f" ({cls.reason})" if cls.reason else "") for cls in self.classes if cls.claim is claim]
            if named:
                sentences.append(f"{claim.words}: {', '.join(named)}.")
        return " ".join(sentences)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a reader must know beside the results: an early end, what was left behind, and waivers that ended or are not needed."""
        early = ("The run was interrupted, so not everything was observed.",) if self.interrupted else ()
        limited = (f"The target limits requests: {self.limited} were answered 429 to the end. {_PATIENCE}",) if self.limited else ()
        left = (f"Left behind: {item}." for item in self.left_behind)
        waivers = (f"Waiver of {use.waiver.name} ({use.waiver.reason}): {use.remark}" for use in self.waivers if use.state is not WaiverState.USED)
        return (*early, *limited, *left, *waivers)
