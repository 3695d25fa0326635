"""The report as one HTML file that loads nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from dataclasses import dataclass
from importlib.resources import files
from itertools import groupby

from jinja2 import DictLoader, Environment, StrictUndefined

from authproof.classes import class_of
from authproof.exchange import Exchange
from authproof.matrix import Cell
from authproof.report import Report
from authproof.reports.curl import curl
from authproof.reports.transcript import GRAVEST_FIRST, gravest, printable, received, sent
from authproof.result import Result
from authproof.verdict import Verdict
from authproof_spec.catalogue import Level, Requirement

_BODY_LIMIT = 4000
_EXCHANGES_SHOWN = 12
_OPEN = {Verdict.FAIL, Verdict.ERROR}
"""What a reader comes for: unfolded, and listed at the top."""


def render(report: Report) -> str:
    """The whole report as a page: a summary for everybody, then each requirement with its evidence."""
    script = _part("report.js")
    environment = Environment(
        autoescape=True, loader=DictLoader({"report": _part("report.html")}), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["printable"] = printable
    # Whatever a target sends, the page runs this script alone (Content Security Policy Level 3, section 6.7).
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    judged = {result.requirement.id for result in report.results}
    areas = [_area(name, tuple(results), report) for name, results in groupby(report.by_area, key=lambda result: result.requirement.area)]
    return environment.get_template("report").render(
        report=report,
        verdicts=tuple(verdict for verdict in GRAVEST_FIRST if report.counts[verdict]),
        levels=tuple(Level),
        areas=areas,
        failures=[entry for area in areas for entry in area.requirements if entry.is_open],
        style=_part("report.css"),
        script=script,
        script_source=f"'sha256-{digest}'",
        judge_of=lambda cell: next((name for name in cell.requirements if name in judged), None),
        told=_told,
        is_due=_is_due,
    )


def _told(cell: Cell) -> str:
    """What a cell of the matrix tells to whom points at it."""
    due = f"{cell.expected} is due." if cell.expected else ""
    return " ".join(part for part in (due, cell.note) if part)


def _is_due(cell: Cell) -> bool:
    """True where another status was seen than the expected one, for better or worse."""
    return any(cell.expected not in {str(status), f"{status // 100}xx"} for status in cell.seen)


def _part(name: str) -> str:
    return (files("authproof.reports") / name).read_text("utf-8")


@dataclass(frozen=True, slots=True)
class _Exchange:
    number: int
    request: str
    response: str
    curl: str


@dataclass(frozen=True, slots=True)
class _Entry:
    """A requirement with its results, the gravest first."""

    requirement: Requirement
    results: tuple[Result, ...]
    target: str

    @property
    def verdict(self) -> Verdict:
        return gravest(self.results)

    @property
    def is_open(self) -> bool:
        return self.verdict in _OPEN

    @property
    def class_name(self) -> str | None:
        cls = class_of(self.requirement)
        return cls.name if cls else None

    def exchanges(self, result: Result) -> list[_Exchange]:
        return [_exchange(exchange, self.target) for exchange in result.exchanges[:_EXCHANGES_SHOWN]]

    def further(self, result: Result) -> int:
        return max(0, len(result.exchanges) - _EXCHANGES_SHOWN)


@dataclass(frozen=True, slots=True)
class _Area:
    name: str
    title: str
    counts: Counter[Verdict]
    requirements: tuple[_Entry, ...]


def _area(name: str, results: tuple[Result, ...], report: Report) -> _Area:
    ordered = sorted(results, key=lambda result: (result.requirement.id, GRAVEST_FIRST.index(result.verdict)))
    entries = tuple(
        _Entry(requirement, tuple(group), report.target) for requirement, group in groupby(ordered, key=lambda result: result.requirement)
    )
    return _Area(name, report.areas[name], Counter(result.verdict for result in results), entries)


def _exchange(exchange: Exchange, target: str) -> _Exchange:
    request = exchange.probe.request
    outward, back = "\n".join(sent(request, _BODY_LIMIT)), "\n".join(received(exchange, _BODY_LIMIT))
    return _Exchange(exchange.number, outward, back, curl(request, target))
