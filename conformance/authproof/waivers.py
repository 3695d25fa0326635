"""Waivers: known failures that the profile excuses until a date."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from authproof.result import Result
from authproof.verdict import Verdict

_WAIVABLE = {Verdict.FAIL, Verdict.WARN}


@dataclass(frozen=True, slots=True)
class Waiver:
    """An excuse for what breaks the requirement `id`.

    reason: why it is accepted for now.
    expires: the last day on which it holds, in UTC.
    operation: METHOD /path where it holds; None: everywhere.
    """

    id: str
    reason: str
    expires: date
    operation: str | None = None

    def names(self, result: Result) -> bool:
        """True when `result` is what the waiver is about."""
        return result.requirement.id == self.id and self.operation in {None, result.operation}

    @property
    def name(self) -> str:
        """What it is about, such as `JWT-09[GET /api/user]`, or `JWT-09` for all operations."""
        return self.id if self.operation is None else f"{self.id}[{self.operation}]"


class WaiverState(StrEnum):
    """What became of a waiver in a run."""

    USED = "used"
    UNUSED = "unused"
    EXPIRED = "expired"
    NOT_JUDGED = "not_judged"


@dataclass(frozen=True, slots=True)
class WaiverUse:
    """A waiver, and what became of it: how many results it excused, and a remark in words."""

    waiver: Waiver
    state: WaiverState
    excused: int
    remark: str


def excused(result: Result, waivers: Iterable[Waiver], today: date) -> Result:
    """`result`, as waived when it is a failure or warning that one of `waivers` excuses `today`."""
    for waiver in waivers:
        if result.verdict in _WAIVABLE and waiver.names(result) and today <= waiver.expires:
            return replace(result, verdict=Verdict.WAIVED, detail=f"{result.detail} Waived until {waiver.expires}: {waiver.reason}")
    return result


def uses(results: Sequence[Result], waivers: Iterable[Waiver], today: date) -> tuple[WaiverUse, ...]:
    """What became of each of `waivers` `today`; `results` are those before anything was excused."""
    found = []
    for waiver in waivers:
        verdicts = [result.verdict for result in results if waiver.names(result)]
        broken = sum(verdict in _WAIVABLE for verdict in verdicts)
        needed = _need(broken, verdicts)
        if today > waiver.expires:
            found.append(WaiverUse(waiver, WaiverState.EXPIRED, 0, f"The waiver ended on {waiver.expires} and excuses nothing. {needed}"))
        elif broken:
            found.append(WaiverUse(waiver, WaiverState.USED, broken, f"It excuses {broken} of {len(verdicts)} results until {waiver.expires}."))
        else:
            state = WaiverState.UNUSED if _all_met(verdicts) else WaiverState.NOT_JUDGED
            found.append(WaiverUse(waiver, state, 0, needed))
    return tuple(found)


def _all_met(verdicts: Sequence[Verdict]) -> bool:
    return Verdict.PASS in verdicts and set(verdicts) <= {Verdict.PASS, Verdict.SKIP}


def _need(broken: int, verdicts: Sequence[Verdict]) -> str:
    if broken:
        return f"{broken} of the {len(verdicts)} results that it names are not right. Mend the target, or renew the waiver."
    if _all_met(verdicts):
        return "Everything that it names passed. Mend: remove the waiver."
    return "This run did not decide what it names."
