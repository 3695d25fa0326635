"""The report for a person at a terminal: a table by requirement, and the evidence of what is not right."""

from __future__ import annotations

import io
from collections.abc import Iterator
from http import HTTPStatus
from itertools import groupby

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from authproof.exchange import Exchange
from authproof.report import Report
from authproof.reports.curl import curl
from authproof.result import Result
from authproof.verdict import Verdict
from authproof_spec.catalogue import load_catalogue

STYLES = {
    Verdict.PASS: "green",
    Verdict.FAIL: "bold red",
    Verdict.WARN: "yellow",
    Verdict.SKIP: "dim",
    Verdict.INCONCLUSIVE: "magenta",
    Verdict.ERROR: "bold magenta",
    Verdict.WAIVED: "cyan",
}
_GRAVEST_FIRST = (Verdict.ERROR, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.WARN, Verdict.WAIVED, Verdict.PASS, Verdict.SKIP)
_BODY_LIMIT = 400
_EXCHANGES_SHOWN = 3


def render(report: Report, console: Console) -> None:
    """Print the whole report."""
    console.print(_table(report))
    for verdict in (Verdict.ERROR, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.WARN):
        for result in report.results:
            if result.verdict is verdict:
                console.print(_finding(result, report.target))
    console.print(_summary(report))


def as_text(result: Result, target: str) -> str:
    """One result with its evidence, without colours."""
    console = Console(width=140, no_color=True, highlight=False, force_terminal=False, file=io.StringIO())
    with console.capture() as capture:
        console.print(_finding(result, target))
    return capture.get().strip("\n")


def _table(report: Report) -> Table:
    catalogue = load_catalogue()
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    table.add_column("verdict", no_wrap=True)
    table.add_column("id", no_wrap=True)
    table.add_column("statement", ratio=1)
    table.add_column("where", justify="right", no_wrap=True)
    results = sorted(report.results, key=lambda result: list(catalogue).index(result.requirement.id))
    for area, in_area in groupby(results, key=lambda result: result.requirement.area):
        table.add_row("", "", "", "")
        table.add_row(Text(area, style="bold"), "", Text(catalogue.areas[area], style="bold"), "")
        for _, group in groupby(in_area, key=lambda result: result.requirement.id):
            _row(table, list(group))
    return table


def _row(table: Table, results: list[Result]) -> None:
    verdicts = [result.verdict for result in results]
    gravest = next(verdict for verdict in _GRAVEST_FIRST if verdict in verdicts)
    requirement = results[0].requirement
    count = verdicts.count(gravest)
    where = results[verdicts.index(gravest)].operation if len(results) == 1 or count == 1 < len(results) else f"{count} of {len(results)} operations"
    if count == len(results) > 1:
        where = f"{count} operations"
    table.add_row(Text(gravest.value, style=STYLES[gravest]), requirement.id, requirement.statement, Text(where, style="dim"))


def _finding(result: Result, target: str) -> RenderableType:
    requirement = result.requirement
    title = Text.assemble("\n", (f"{result.verdict.value.upper()} ", STYLES[result.verdict]), (result.name, "bold"))
    lines: list[RenderableType] = [Text(result.detail), Text(f"{requirement.level}: {requirement.statement}", style="dim")]
    lines.append(Text("Source: " + "; ".join(source.citation for source in requirement.sources), style="dim"))
    lines += [Text("\n".join(_exchange_lines(exchange, target))) for exchange in result.exchanges[:_EXCHANGES_SHOWN]]
    if (rest := len(result.exchanges) - _EXCHANGES_SHOWN) > 0:
        lines.append(Text(f"and {rest} more exchanges, which the JSON report has", style="dim"))
    return Group(title, Padding(Group(*lines), (0, 0, 0, 2)))


def _exchange_lines(exchange: Exchange, target: str) -> Iterator[str]:
    request, response = exchange.probe.request, exchange.response
    yield ""
    yield f"> {request.method} {request.target}"
    yield from (f"> {name}: {value}" for name, value in request.headers if name not in {"User-Agent", "Accept", "Accept-Encoding"})
    if request.body:
        yield f"> {_shortened(request.body)}"
    if response is None:
        yield f"< {exchange.describe()}"
    else:
        yield f"< {response.status} {_phrase(response.status)}".rstrip()
        yield from (f"< {name}: {value}" for name, value in response.headers if name.lower() not in {"date", "server", "content-length"})
        if response.body:
            yield f"< {_shortened(response.body)}"
    yield curl(request, target)


def _shortened(body: bytes) -> str:
    text = " ".join(body.decode("utf-8", "replace").split())
    text = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
    return text if len(text) <= _BODY_LIMIT else text[:_BODY_LIMIT] + "…"


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _summary(report: Report) -> Text:
    style = {"conformant": "bold green", "nonconformant": "bold red"}.get(report.verdict, "bold magenta")
    counts = ", ".join(f"{count} {verdict.value}" for verdict, count in report.counts.items() if count)
    text = Text.assemble("\n", (report.verdict.capitalize(), style), f": {counts}.\n")
    text.append(f"{report.target}: {report.requests} requests, {report.failed_logins} failed logins, {report.duration:.1f} seconds.", style="dim")
    if report.interrupted:
        text.append("\nThe run was interrupted, so not everything was observed.", style="yellow")
    for item in report.left_behind:
        text.append(f"\nLeft behind: {item}.", style="yellow")
    return text
