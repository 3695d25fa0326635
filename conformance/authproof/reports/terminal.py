"""The report for a person at a terminal or in a log: a table by area, and the evidence of what is not right.

Only the table is fitted to the width. All other lines are printed whole, so that they can be searched and copied.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import groupby

from rich.console import Console
from rich.table import Table
from rich.text import Text

from authproof.classes import Claim
from authproof.exchange import Exchange
from authproof.matrix import Matrix
from authproof.report import Report
from authproof.reports.curl import curl
from authproof.reports.transcript import GRAVEST_FIRST, printable, received, sent
from authproof.result import Result
from authproof.verdict import Verdict

STYLES = {
    Verdict.PASS: "green",
    Verdict.FAIL: "bold red",
    Verdict.WARN: "yellow",
    Verdict.SKIP: "dim",
    Verdict.INCONCLUSIVE: "magenta",
    Verdict.ERROR: "bold magenta",
    Verdict.WAIVED: "cyan",
}
_CLAIM_STYLES = {
    Claim.CONFORMANT: "bold green",
    Claim.NONCONFORMANT: "bold red",
    Claim.INCONCLUSIVE: "bold magenta",
    Claim.NOT_TESTED: "dim",
}
# The gravest last, since a reader of a terminal begins at its end.
_TOLD = (Verdict.WAIVED, Verdict.WARN, Verdict.INCONCLUSIVE, Verdict.ERROR, Verdict.FAIL)
_BODY_LIMIT = 400
_EXCHANGES_SHOWN = 3
_ROWS_SHOWN = 20
_RESULTS_SHOWN = 3
"""Of one requirement; of the others the first line and the reason are printed."""


def render(report: Report, console: Console, *, quiet: bool = False, plain: bool = False) -> None:
    """Print the report. quiet: the verdict and the failures alone. plain: a line for each result in place of the table."""
    if quiet:
        _print_findings(report, console, (Verdict.ERROR, Verdict.FAIL))
    else:
        if plain:
            _print_lines(report, console)
        else:
            console.print(_table(report))
        _print_findings(report, console, _TOLD)
        _print_skipped(report, console)
        _print_matrix(report.matrix, console)
    _print_summary(report, console, quiet=quiet)


def as_text(result: Result, target: str) -> str:
    """One result with its evidence, without colours."""
    return "\n".join(line.plain for line in (*_heading(result), *_demand(result), *_evidence(result, target)))


def _table(report: Report) -> Table:
    shown = [verdict for verdict in GRAVEST_FIRST if report.counts[verdict]]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("area", no_wrap=True)
    table.add_column("about", overflow="fold")
    for verdict in shown:
        table.add_column(verdict.value, justify="right", no_wrap=True)
    for area, results in groupby(report.by_area, key=lambda result: result.requirement.area):
        counts = Counter(result.verdict for result in results)
        cells = [Text(str(counts[verdict] or "·"), style=STYLES[verdict] if counts[verdict] else "dim") for verdict in shown]
        worst = next(verdict for verdict in GRAVEST_FIRST if counts[verdict])
        table.add_row(Text(area, style=STYLES[worst]), report.areas[area], *cells)
    return table


def _print_lines(report: Report, console: Console) -> None:
    for result in report.by_area:
        _print(console, Text.assemble((f"{result.verdict:<12}", STYLES[result.verdict]), printable(f" {result.name} {result.detail}")))


def _print_findings(report: Report, console: Console, told: tuple[Verdict, ...]) -> None:
    for verdict in told:
        results = [result for result in report.by_area if result.verdict is verdict]
        for _, of_one in groupby(results, key=lambda result: result.requirement.id):
            group = list(of_one)
            for result in group[:_RESULTS_SHOWN]:
                console.print()
                _print(console, *_heading(result), *_demand(result), *_evidence(result, report.target))
            if len(group) > _RESULTS_SHOWN:
                console.print()
            for result in group[_RESULTS_SHOWN:]:
                _print(console, *_heading(result))


def _heading(result: Result) -> Iterator[Text]:
    yield Text.assemble((result.verdict.value.upper(), STYLES[result.verdict]), " ", (printable(result.name), "bold"))
    yield Text(f"  {printable(result.detail)}")


def _demand(result: Result) -> Iterator[Text]:
    requirement = result.requirement
    yield Text(f"  {requirement.level}: {requirement.statement}", style="dim")
    yield Text("  Source: " + "; ".join(source.citation for source in requirement.sources), style="dim")


def _evidence(result: Result, target: str) -> Iterator[Text]:
    for exchange in result.exchanges[:_EXCHANGES_SHOWN]:
        yield Text()
        yield from (Text(f"  {line}") for line in _exchange_lines(exchange, target))
    if (rest := len(result.exchanges) - _EXCHANGES_SHOWN) > 0:
        yield Text(f"  Further exchanges, in the JSON and HTML reports: {rest}", style="dim")


def _exchange_lines(exchange: Exchange, target: str) -> Iterator[str]:
    request = exchange.probe.request
    yield from (f"> {line}" for line in sent(request, _BODY_LIMIT))
    yield from (f"< {line}" for line in received(exchange, _BODY_LIMIT))
    yield curl(request, target)


def _print_skipped(report: Report, console: Console) -> None:
    reasons: dict[str, list[str]] = defaultdict(list)
    for result in report.by_area:
        if result.verdict is Verdict.SKIP and result.requirement.id not in reasons[result.detail]:
            reasons[result.detail].append(result.requirement.id)
    if reasons:
        console.print()
        _print(console, Text("Skipped"), *(Text(printable(f"  {reason} ({', '.join(found)})"), style="dim") for reason, found in reasons.items()))


def _print_matrix(matrix: Matrix, console: Console) -> None:
    """The operations that answer an identity otherwise than expected; the other formats have the whole matrix."""
    if not matrix.rows:
        return
    odd = list(matrix.deviations())
    console.print()
    _print(console, Text(printable(f"Operations by identity ({', '.join(matrix.identities)}): {matrix.summary}.")))
    _print(console, *(Text(printable(f"  {line}"), style="red") for line in odd[:_ROWS_SHOWN]))
    if len(odd) > _ROWS_SHOWN:
        _print(console, Text(f"  Further ones, in the JSON and HTML reports: {len(odd) - _ROWS_SHOWN}", style="dim"))


def _print_summary(report: Report, console: Console, *, quiet: bool) -> None:
    counts = ", ".join(f"{count} {verdict.value}" for verdict, count in report.counts.items() if count) or "nothing was judged"
    verdict = Text.assemble("Verdict: ", (report.headline.lower(), _CLAIM_STYLES[report.verdict]), f". {counts}.")
    if not quiet:
        console.print()
        spent = f"{report.requests} requests, {report.failed_logins} failed logins, {report.duration:.1f} seconds"
        _print(console, Text(printable(f"{report.target}: {spent}."), style="dim"))
    _print(console, *(Text(printable(remark), style="yellow") for remark in report.remarks))
    _print(console, verdict, Text(printable(report.claims)))


def _print(console: Console, *lines: Text) -> None:
    """Each line whole, whatever the width."""
    for line in lines:
        console.print(line, soft_wrap=True)
