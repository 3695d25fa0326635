from __future__ import annotations

from datetime import date

import pytest

from authproof.result import Result
from authproof.verdict import Verdict
from authproof.waivers import Waiver, WaiverState, excused, uses
from authproof_spec.catalogue import load_catalogue

TODAY = date(2026, 6, 15)
HERE, THERE = "GET /api/user", "GET /api/admin/user"


def result(verdict: Verdict, operation: str = HERE, identifier: str = "JWT-09") -> Result:
    return Result(load_catalogue()[identifier], operation, verdict, "It was let in.")


def waiver(operation: str | None = None, expires: date = TODAY) -> Waiver:
    return Waiver("JWT-09", "Known, ticket 7", expires, operation)


@pytest.mark.parametrize("verdict", [Verdict.FAIL, Verdict.WARN])
@pytest.mark.parametrize("operation", [None, HERE])
def test_a_failure_is_excused_to_the_end_of_the_last_day(verdict: Verdict, operation: str | None) -> None:
    found = excused(result(verdict), [waiver(operation)], TODAY)
    assert found.verdict is Verdict.WAIVED
    assert found.detail == "It was let in. Waived until 2026-06-15: Known, ticket 7"


def test_a_waiver_is_called_by_what_it_is_about() -> None:
    assert waiver().name == "JWT-09"
    assert waiver(HERE).name == "JWT-09[GET /api/user]"


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.SKIP, Verdict.INCONCLUSIVE, Verdict.ERROR])
def test_nothing_else_is_excused(verdict: Verdict) -> None:
    assert excused(result(verdict), [waiver()], TODAY) == result(verdict)


@pytest.mark.parametrize(
    ("failure", "day"),
    [(result(Verdict.FAIL, THERE), TODAY), (result(Verdict.FAIL, identifier="JWT-13"), TODAY), (result(Verdict.FAIL), date(2026, 6, 16))],
    ids=["another operation", "another requirement", "the day after"],
)
def test_a_waiver_excuses_only_what_it_names_and_only_while_it_lasts(failure: Result, day: date) -> None:
    assert excused(failure, [waiver(HERE)], day) == failure


@pytest.mark.parametrize(
    ("verdicts", "expires", "state", "remark"),
    [
        ([Verdict.FAIL, Verdict.PASS], TODAY, WaiverState.USED, "It excuses 1 of 2 results until 2026-06-15."),
        ([Verdict.PASS, Verdict.SKIP], TODAY, WaiverState.UNUSED, "Everything that it names passed. Mend: remove the waiver."),
        ([Verdict.PASS, Verdict.INCONCLUSIVE], TODAY, WaiverState.NOT_JUDGED, "This run did not decide what it names."),
        ([Verdict.SKIP], TODAY, WaiverState.NOT_JUDGED, "This run did not decide what it names."),
        ([], TODAY, WaiverState.NOT_JUDGED, "This run did not decide what it names."),
        (
            [Verdict.FAIL],
            date(2026, 6, 14),
            WaiverState.EXPIRED,
            "The waiver ended on 2026-06-14 and excuses nothing. 1 of the 1 results that it names are not right. Mend the target, or renew the waiver.",
        ),
        (
            [Verdict.PASS],
            date(2026, 6, 14),
            WaiverState.EXPIRED,
            "The waiver ended on 2026-06-14 and excuses nothing. Everything that it names passed. Mend: remove the waiver.",
        ),
    ],
)
def test_what_became_of_a_waiver_is_told(verdicts: list[Verdict], expires: date, state: WaiverState, remark: str) -> None:
    (use,) = uses([result(verdict) for verdict in verdicts], [waiver(expires=expires)], TODAY)
    assert (use.state, use.remark) == (state, remark)
    assert use.excused == (1 if state is WaiverState.USED else 0)
