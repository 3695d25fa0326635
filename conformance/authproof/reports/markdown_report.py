"""The report as Markdown, for the summary of a CI job."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby

from authproof.exchange import Exchange
from authproof.matrix import Cell, Matrix, State, words
from authproof.report import Report
from authproof.reports.curl import curl
from authproof.reports.transcript import GRAVEST_FIRST, printable, received, sent
from authproof.result import Result
from authproof.verdict import Verdict

_SIGNS = {
    "conformant": "✅",
    "nonconformant": "❌",
    "inconclusive": "❔",
    "not_tested": "⚪",
}
_TOLD = (Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE, Verdict.WARN, Verdict.WAIVED)
_BODY_LIMIT = 1000
_EXCHANGES_SHOWN = 3
_ROWS_SHOWN = 100
_SPECIAL = frozenset("\\`*_{}[]()<>#|~&@$:")
# A job's summary on GitHub holds a mebibyte; what no longer fits is counted.
_LIMIT = 500_000


def render(report: Report) -> str:
    """The verdict, the classes, a table by area, and each finding with its evidence."""
    spent = f"{report.requests} requests, {report.failed_logins} failed logins, {report.duration:.1f} seconds"
    lines = [
        f"# {_SIGNS[report.verdict]} {report.headline}",
        "",
        f"{escaped(report.target)}, {escaped(report.contract)}: {spent}, from {escaped(report.started)}, by authproof {escaped(report.version)}.",
        "",
        "| class | about | verdict |",
        "|---|---|---|",
    ]
    for found in report.classes:
        words = found.claim.words + (f": {found.reason}" if found.reason else "")
        lines.append(f"| {found.cls.name} | {found.cls.title} | {_SIGNS[found.claim]} {escaped(words)} |")
    lines += ["", *_areas(report), "", *_matrix(report.matrix)]
    lines += [f"* {escaped(remark)}" for remark in report.remarks]
    return "\n".join([*lines, *_findings(report)]) + "\n"


def escaped(text: str) -> str:
    """`text` on one line, without a meaning of its characters in Markdown or HTML."""
    return "".join("\\" + letter if letter in _SPECIAL else letter for letter in printable(text))


def _areas(report: Report) -> Iterator[str]:
    shown = [verdict for verdict in GRAVEST_FIRST if report.counts[verdict]]
    yield f"| area | {' | '.join(verdict.value for verdict in shown)} |"
    yield "|---|" + "---:|" * len(shown)
    for area, results in groupby(report.by_area, key=lambda result: result.requirement.area):
        counts = Counter(result.verdict for result in results)
        yield f"| {area} | {' | '.join(str(counts[verdict] or '') for verdict in shown)} |"
    yield f"| **all** | {' | '.join(str(report.counts[verdict]) for verdict in shown)} |"


def _matrix(matrix: Matrix) -> Iterator[str]:
    """The table of operations and identities, folded: a dot where nobody asked, in bold what deviates."""
    if not matrix.rows:
        return
    yield f"<details><summary>Operations by identity: {matrix.summary}</summary>\n"
    yield f"| operation | {' | '.join(escaped(name) for name in matrix.identities)} |"
    yield "|---|" + "---|" * len(matrix.identities)
    # What deviates comes first where not all fit.
    rows = matrix.rows if len(matrix.rows) <= _ROWS_SHOWN else sorted(matrix.rows, key=lambda row: not row.deviates)
    for row in rows[:_ROWS_SHOWN]:
        yield f"| {escaped(row.operation)} | {' | '.join(_cell(cell) for cell in row.cells)} |"
    if len(rows) > _ROWS_SHOWN:
        yield f"\nFurther operations, in the JSON and HTML reports: {len(rows) - _ROWS_SHOWN}."
    yield "\n</details>\n"


def _cell(cell: Cell) -> str:
    if cell.state is State.NOT_ASKED:
        return "·"
    return f"**{words(cell)}**, {cell.expected} is due" if cell.state is State.DEVIATES else words(cell)


def _findings(report: Report) -> Iterator[str]:
    length = 0
    for verdict in _TOLD:
        results = [result for result in report.by_area if result.verdict is verdict]
        if results:
            yield f"\n## {verdict.value.capitalize()}\n"
        for position, result in enumerate(results):
            block = "\n".join(_finding(result, report.target))
            length += len(block)
            if length > _LIMIT:
                yield f"Further results, in the other formats: {len(results) - position}."
                break
            yield block


def _finding(result: Result, target: str) -> Iterator[str]:
    requirement = result.requirement
    yield f"<details><summary><strong>{requirement.id}</strong> {_html(result.operation)}: {_html(result.detail)}</summary>\n"
    yield f"{requirement.level}: {escaped(requirement.statement)}\n"
    sources = (f"[{escaped(source.citation)}]({source.url})" if source.url else escaped(source.citation) for source in requirement.sources)
    yield f"Source: {'; '.join(sources)}\n"
    for exchange in result.exchanges[:_EXCHANGES_SHOWN]:
        yield from _fenced(exchange, target)
    if (rest := len(result.exchanges) - _EXCHANGES_SHOWN) > 0:
        yield f"Further exchanges, in the JSON report: {rest}.\n"
    yield "</details>\n"


def _html(text: str) -> str:
    """`text` inside an HTML element of Markdown, where Markdown's own characters may still count."""
    return "".join(f"&#{ord(letter)};" if letter in _SPECIAL else letter for letter in printable(text))


def _fenced(exchange: Exchange, target: str) -> Iterator[str]:
    request = exchange.probe.request
    lines = [*(f"> {line}" for line in sent(request, _BODY_LIMIT)), *(f"< {line}" for line in received(exchange, _BODY_LIMIT)), curl(request, target)]
    # The fence is longer than any run of backticks inside (CommonMark section 4.5).
    fence = "`" * (3 + max((line.count("`") for line in lines), default=0))
    yield "\n".join([f"{fence}http", *lines, fence, ""])
