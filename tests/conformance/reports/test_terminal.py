from __future__ import annotations

import io

import pytest
from rich.console import Console

from authproof.reports import terminal
from authproof.result import Result
from authproof.verdict import Verdict
from tests.conformance.reports.sample import report, result

CURL = 'curl -i --path-as-is -X POST -H "Authorization: Bearer ${ACCESS_TOKEN_1}"'


def printed(*, width: int = 80, color: bool = False, quiet: bool = False, plain: bool = False, judged: tuple[Result, ...] | None = None) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False, force_terminal=color, no_color=not color, legacy_windows=False)
    terminal.render(report() if judged is None else report(judged, ()), console, quiet=quiet, plain=plain)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [40, 80, 140])
@pytest.mark.parametrize("plain", [True, False])
def test_nothing_that_a_target_sends_reaches_the_terminal_raw(width: int, plain: bool) -> None:  # noqa: FBT001
    text = printed(width=width, plain=plain)
    assert all(letter.isprintable() or letter == "\n" for letter in text)
    assert "\\x1b[31m\\x07</pre>" in text


@pytest.mark.parametrize("width", [40, 80, 140])
def test_details_and_curl_lines_are_never_broken(width: int) -> None:
    lines = printed(width=width).splitlines()
    assert any(line.startswith(f"  {CURL}") and line.endswith('"http://127.0.0.1:8000/api/user?x=1"') for line in lines)
    assert "  The newest token works on. Waived until 2026-12-31: Ticket 7" in lines
    assert any(
        line.startswith("Nonconformant: core (failed: JWT-13). Inconclusive: spa (undecided: LOGOUT-01, REFRESH-03). Not tested: m2m (")
        for line in lines
    )


@pytest.mark.parametrize("width", [60, 80, 140])
def test_the_table_keeps_to_the_width(width: int) -> None:
    text = printed(width=width).splitlines()
    rows = [line for line in text if line.startswith(("area", "BEARER ", "JWT ", "LOGIN ", "REFRESH ", "LOGOUT "))]
    assert len(rows) == 6
    assert all(len(row.rstrip()) <= width for row in rows)


def test_a_failure_has_its_requirement_source_evidence_and_a_curl_line() -> None:
    text = printed()
    at = text.index("FAIL JWT-13[GET /api/user]")
    block = text[at : text.index("Skipped", at)]
    for part in ("MUST: A token with a changed signature is refused.", "Source: ", "> POST /api/user?x=1", "< 299", CURL, "reports: 2"):
        assert part in block


def test_quiet_is_the_verdict_and_the_failures() -> None:
    text = printed(quiet=True)
    assert "FAIL JWT-13" in text
    assert "ERROR LOGOUT-01" in text
    assert "Verdict: nonconformant. 3 pass, 1 fail" in text
    for absent in ("WARN", "WAIVED", "INCONCLUSIVE ", "Skipped", "area "):
        assert absent not in text
    assert printed(quiet=True, judged=(result("BEARER-01", Verdict.PASS),)).startswith("Left behind: ")


def test_plain_is_a_line_for_each_result() -> None:
    text = printed(plain=True, color=False)
    assert "\npass         JWT-13[GET /api/admin/user] It was seen.\n" in text
    assert "\nskip         LOGIN-06[GET /api/user] The profile has no disabled account.\n" in text


def test_colours_are_those_of_the_verdicts() -> None:
    assert "\x1b[1;31mFAIL\x1b[0m \x1b[1mJWT-13[GET /api/user]\x1b[0m" in printed(color=True)


def test_many_results_of_one_requirement_are_told_with_the_evidence_of_three() -> None:
    text = printed(judged=tuple(result("JWT-13", Verdict.FAIL, f"Case {number}.", f"GET /{number}") for number in range(9)))
    assert text.count("FAIL JWT-13[GET /") == text.count("Case ") == 9
    assert text.count(CURL) == 3
