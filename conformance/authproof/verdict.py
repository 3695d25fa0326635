"""Verdicts, and what a check says of what it saw."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from authproof.exchange import Exchange


class Verdict(StrEnum):
    """The outcome of one check."""

    PASS = "pass"  # noqa: S105  # no password
    FAIL = "fail"
    WARN = "warn"
    SKIP = "skip"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"
    WAIVED = "waived"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with its reason and the exchanges that it rests on."""

    verdict: Verdict
    detail: str
    exchanges: tuple[Exchange, ...] = ()


def met(detail: str, *exchanges: Exchange) -> Judgement:
    """The requirement was seen to be met."""
    return Judgement(Verdict.PASS, detail, exchanges)


def broken(detail: str, *exchanges: Exchange) -> Judgement:
    """The requirement was seen to be broken; for a SHOULD this becomes a warning."""
    return Judgement(Verdict.FAIL, detail, exchanges)


def weak(detail: str, *exchanges: Exchange) -> Judgement:
    """Something that should be otherwise, and breaks no MUST."""
    return Judgement(Verdict.WARN, detail, exchanges)


def undecided(detail: str, *exchanges: Exchange) -> Judgement:
    """It was tested, and the answer does not decide."""
    return Judgement(Verdict.INCONCLUSIVE, detail, exchanges)


def untestable(detail: str) -> Judgement:
    """The target or the profile offers no means to test it."""
    return Judgement(Verdict.SKIP, detail)


def worst(*judgements: Judgement) -> Judgement:
    """The gravest of `judgements`, with the exchanges of all of that verdict; nothing observed is never a pass."""
    order = (Verdict.ERROR, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.WARN, Verdict.PASS, Verdict.SKIP)
    for verdict in order:
        same = [judgement for judgement in judgements if judgement.verdict is verdict]
        if same:
            details = dict.fromkeys(judgement.detail for judgement in same)
            shown = tuple({exchange.number: exchange for judgement in same for exchange in judgement.exchanges}.values())
            return Judgement(verdict, " ".join(details), shown)
    return undecided("Nothing was observed.")
